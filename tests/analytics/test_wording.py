import pytest

from analytics import wording
from analytics.wording import ComparisonNumbers, PeopleScale


def said(verdict: str, **changes: object) -> ComparisonNumbers:
    values: dict[str, object] = {
        "treated": "the message with both harms",
        "control": "the neutral text",
        "phrase": "turned back",
        "higher_is_better": True,
        "treated_rate": 0.44,
        "effect": 0.09,
        "low": 0.06,
        "high": 0.12,
        "verdict": verdict,
        "smallest_difference": 0.02,
        "more": None,
    }
    return ComparisonNumbers(**(values | changes))  # type: ignore[arg-type]


def test_better_is_said_as_in_the_brief() -> None:
    assert wording.comparison_sentence(said("better"), PeopleScale(100)) == (
        "Of 100 people who saw the message with both harms, 44 turned back; "
        "9 more than with the neutral text (6 to 12)."
    )


def test_worse_says_so() -> None:
    sentence = wording.comparison_sentence(said("worse", effect=-0.05, low=-0.08, high=-0.02), PeopleScale(100))
    assert sentence.endswith("5 fewer than with the neutral text (−8 to −2). This arm did worse.")


def test_no_meaningful_difference_names_what_would_have_mattered() -> None:
    sentence = wording.comparison_sentence(
        said("no-meaningful-difference", effect=0.001, low=-0.01, high=0.012), PeopleScale(100)
    )
    assert "any difference is smaller than 2 in 100 (−1 to 1)" in sentence


def test_cannot_tell_yet_says_how_many_more_would_help() -> None:
    more = wording.people_range(1234, None, None, arms=2)
    sentence = wording.comparison_sentence(said("cannot-tell-yet", low=-0.01, more=more), PeopleScale(100))
    assert "cannot tell yet" in sentence
    assert sentence.endswith("About 2,500 more people in all would tell, if it stays like this.")


def test_how_many_more_is_a_range() -> None:
    likely, never = wording.people_range(2000, 1000, 3000, arms=2), wording.people_range(2000, 1000, None, arms=2)
    assert wording.more_people_sentence(likely) == (
        "About 4,000 more people in all would tell, if it stays like this; "
        "in half of such cases it takes 2,000 to 6,000."
    )
    assert wording.more_people_sentence(never).endswith("in one of four such cases no number of the plan does.")


def test_withheld_gives_no_number() -> None:
    sentence = wording.comparison_sentence(said("withheld"), PeopleScale(100))
    assert "withheld" in sentence
    assert not any(character.isdigit() for character in sentence)


@pytest.mark.parametrize(
    ("largest", "base"), [(0.44, 100), (0.05, 100), (0.0499, 1_000), (0.0226, 1_000), (0.0002, 100_000), (0.0, 100)]
)
def test_rare_outcomes_are_told_of_more_people(largest: float, base: int) -> None:
    assert wording.choose_scale([largest, largest / 2]).base == base


def test_an_interval_never_hides_its_sign_in_rounding() -> None:
    assert wording.interval_text(0.0012, 0.0144, PeopleScale(100)) == "0.1 to 1.4"
    assert wording.interval_text(-0.0012, 0.0144, PeopleScale(100)) == "−0.1 to 1.4"
    assert wording.interval_text(-0.0101, 0.0144, PeopleScale(100)) == "−1 to 1"


def test_a_needed_sample_is_rounded_up_to_two_figures() -> None:
    assert [wording.to_two_figures(n) for n in (7, 99, 101, 1565, 330_001)] == [7, 99, 110, 1600, 340_000]


def test_an_arm_is_named_by_its_frame_only_if_no_other_arm_has_it() -> None:
    assert wording.arm_phrase("Both", "both", unique=True) == "the message with both harms"
    assert wording.arm_phrase("Both A", "both", unique=False) == "“Both A”"
    assert wording.arm_phrase("Law", "other", unique=True) == "“Law”"
