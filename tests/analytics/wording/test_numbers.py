"""Numbers keep their sign, and are neither none nor all by rounding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import wording
from analytics.wording import PeopleScale


@pytest.mark.parametrize(
    ("rates", "base"),
    [
        ([0.44, 0.22], 100),
        ([0.05, 0.02], 100),
        ([0.0499], 1_000),
        ([0.0226], 1_000),
        ([0.0002], 100_000),
        ([0.0], 100),
        ([1.0, 0.0], 100),
        ([0.44, 0.0025], 1_000),
        ([0.999, 0.4], 1_000),
        ([0.9996], 10_000),
    ],
)
def test_rare_outcomes_are_told_of_more_people(rates: list[float], base: int) -> None:
    assert wording.choose_scale(rates).base == base


@given(st.lists(st.floats(1e-9, 1 - 1e-9), min_size=1, max_size=4))
def test_no_rate_is_said_to_be_none_or_all(rates: list[float]) -> None:
    scale = wording.choose_scale(rates)
    for rate in rates:
        assert scale.count(rate) not in {"0", scale.people}


def test_beyond_the_largest_scale_words_take_the_place_of_none_and_all() -> None:
    scale = PeopleScale(100)
    assert [scale.count(share) for share in (0.0, 0.001, 0.437, 0.999, 1.0)] == [
        "0",
        "fewer than 1",
        "44",
        "more than 99",
        "100",
    ]
    assert [scale.decimal(share) for share in (0.0, 0.0004, 0.4372, 0.9999)] == ["0.0", "0.04", "43.7", "99.99"]
    assert [scale.signed(share) for share in (0.0, 0.0004, -0.0912)] == ["+0.0", "+0.04", "−9.1"]


def test_an_interval_never_hides_its_sign_in_rounding() -> None:
    assert wording.interval_text(0.0012, 0.0144, PeopleScale(100)) == "0.1 to 1.4"
    assert wording.interval_text(-0.0012, 0.0144, PeopleScale(100)) == "−0.1 to 1.4"
    assert wording.interval_text(-0.0101, 0.0144, PeopleScale(100)) == "−1 to 1"
    assert wording.interval_text(0.0000001, 0.0000014, PeopleScale(100)) == "0.00001 to 0.00014"


def test_an_interval_inside_a_margin_is_not_shown_at_it() -> None:
    assert wording.interval_text(-0.0199, 0.012, PeopleScale(100), margin=0.02) == "−1.99 to 1.20"
    assert wording.interval_text(-0.0199, 0.012, PeopleScale(100)) == "−2 to 1"


def test_an_interval_of_rates_is_not_nothing_to_nothing() -> None:
    assert PeopleScale(100).interval(0.00001, 0.00004) == "0.001 to 0.004"
    assert PeopleScale(100).signed_interval(-0.0004, 0.0104) == "−0.04 to +1.04"


def test_shares_and_levels_are_not_rounded_to_all() -> None:
    assert [wording.percent(share) for share in (0.0, 0.0003, 0.62, 0.95, 0.9996, 1.0)] == [
        "0%",
        "0.03%",
        "62%",
        "95%",
        "99.96%",
        "100%",
    ]
    assert [wording.level_text(level) for level in (0.9, 0.95, 0.975, 0.995)] == ["90%", "95%", "97.5%", "99.5%"]


def test_a_chance_near_none_or_certain_says_on_which_side_it_lies() -> None:
    assert [wording.chance_text(chance) for chance in (0.0, 0.004, 0.62, 0.985, 0.9996, 1.0)] == [
        "below 1%",
        "below 1%",
        "62%",
        "98%",
        "above 99%",
        "above 99%",
    ]


def test_a_p_value_is_never_zero_nor_at_the_level_that_it_is_below() -> None:
    assert [wording.p_value(p) for p in (0.5, 0.0123, 0.0004, 0.0, 0.0496, 0.05)] == [
        "0.500",
        "0.012",
        "below 0.001",
        "below 0.001",
        "0.0496",
        "0.050",
    ]
    assert [wording.p_value(p, 4) for p in (0.0118, 0.00002)] == ["0.0118", "below 0.0001"]


def test_small_and_large_numbers_have_no_exponent() -> None:
    assert [wording.compact_number(value) for value in (2.0, 0.05, 0.000002, 20_000_000.0)] == [
        "2",
        "0.05",
        "0.000002",
        "20,000,000",
    ]


def test_a_needed_sample_is_rounded_up_to_two_figures() -> None:
    assert [wording.to_two_figures(n) for n in (7, 99, 101, 1565, 330_001)] == [7, 99, 110, 1600, 340_000]


def test_how_many_more_is_a_range() -> None:
    likely, never = wording.people_range(2000, 1000, 3000, arms=2), wording.people_range(2000, 1000, None, arms=2)
    assert wording.more_people_sentence(likely) == (
        "If this continues, about 4,000 more people in all would be needed to tell. In half of "
        "such cases it is between 2,000 and 6,000."
    )
    assert wording.more_people_sentence(never).endswith(
        "In one of four such cases, the plan cannot tell with any number."
    )
    same = wording.people_range(2000, 1995, 2000, arms=2)
    assert wording.more_people_sentence(same).endswith("would be needed to tell.")


def test_an_effect_is_not_rounded_to_no_effect() -> None:
    assert wording.RATIO.text(1.334, 1.261, 1.412) == "1.33 (1.26 to 1.41)"
    assert wording.RATIO.text(1.003, 1.0004, 1.006) == "1.0030 (1.0004 to 1.0060)"
    assert wording.LIFT.text(0.003, 0.0004, 0.006) == "+0.30% (+0.04% to +0.60%)"
    assert wording.DIFFERENCE_IN_PERCENT.text(-0.1, -0.12, -0.08) == "−10.00% (−12.00% to −8.00%)"
    assert wording.RATIO.text(None, 1.083, None) == "above 1.08"
