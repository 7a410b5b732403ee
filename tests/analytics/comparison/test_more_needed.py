"""How many more units would tell, by the plan's method and the looks that it still has."""

from dataclasses import replace

import pytest

from analytics.comparison.compare import ArmCounts, PairComparison, Rules, all_pairs, compare
from analytics.comparison.more_needed import MoreUnits
from analytics.stats import Counts, Levels

# The audit's case: 350 against 390 of 1,000, 4,000 planned for each of two arms.
TABLE = {"a": 350, "b": 390}
NAMED_LOOKS = Rules(
    monitoring="group-sequential", planned_per_arm=4_000, looks=(0.25,), planned_looks=(0.25, 0.5, 0.75, 1.0)
)
ANY_TIME = Rules(monitoring="always-valid", planned_per_arm=4_000)


def arms(table: dict[str, int], n: int = 1_000, **options: object) -> list[ArmCounts]:
    return [ArmCounts(key, Counts(n, events), **options) for key, events in table.items()]  # type: ignore[arg-type]


def first(rules: Rules, table: dict[str, int] = TABLE, n: int = 1_000) -> PairComparison:
    return compare(arms(table, n), all_pairs(list(table), "a"), rules).comparisons[0]


def test_named_looks_take_until_the_next_look_that_would_tell() -> None:
    # By hand: z 1.854 at 1,000. At 2,000 it would be 2.62, below 2.963; at 3,000 it is 3.21, above 2.36 (Lan-DeMets).
    # Before, 4,461: the interval of the first look, shrunk by the square root.
    assert first(NAMED_LOOKS).more == MoreUnits(likely=2_000, low=1_000, high=3_000)


def test_six_comparisons_take_until_the_same_look() -> None:
    # Before, 8,894. At 3,000 z is 3.21; the boundary for a sixth of alpha is 3.1.
    assert first(NAMED_LOOKS, TABLE | {"c": 360, "d": 370}).more_per_arm == 2_000


def test_looks_that_are_not_named_follow_in_steps_like_the_last() -> None:
    assert first(replace(NAMED_LOOKS, planned_looks=())).more_per_arm == 2_000


def test_what_no_look_of_the_plan_would_tell_has_no_number() -> None:
    assert first(NAMED_LOOKS, {"a": 350, "b": 360}).more is None
    assert first(replace(NAMED_LOOKS, planned_per_arm=1_000, looks=(1.0,))).more is None


@pytest.mark.parametrize("planned", [1_000, 4_000, 11_000])
@pytest.mark.parametrize("table", [TABLE, TABLE | {"c": 360, "d": 370}])
def test_at_any_time_it_is_where_the_sequence_first_tells(planned: int, table: dict[str, int]) -> None:
    """The look is taken with 1% more units than that, and with 2% fewer: the one tells, the other does not."""
    rules = replace(ANY_TIME, planned_per_arm=planned)
    more = first(rules, table).more_per_arm
    assert more
    for n, verdict in ((1_010 + 1.01 * more, "better"), (980 + 0.98 * more, "cannot-tell-yet")):
        later = {key: round(events * n / 1_000) for key, events in table.items()}
        assert first(rules, later, round(n)).verdict == verdict


def test_the_width_of_an_early_sequence_is_not_shrunk_by_the_square_root() -> None:
    # Before, 3,463 for 11,000 planned: an early interval of a sequence is wide, and narrows faster than that.
    assert first(replace(ANY_TIME, planned_per_arm=11_000)).more_per_arm == pytest.approx(2_013, abs=5)


def test_a_fixed_plan_tells_at_its_planned_number_and_not_before() -> None:
    assert first(Rules(planned_per_arm=4_000)).more == MoreUnits(3_000, 3_000, 3_000)
    # Without a planned number: z 1.852 by the score test, so (1.960 / 1.852)^2 - 1 = 12% more.
    assert first(Rules()).more_per_arm == pytest.approx(120, abs=2)


def test_an_uncorrected_comparison_does_not_pay_for_the_others() -> None:
    four = TABLE | {"c": 360, "d": 370}
    assert first(Rules(correction="none"), four).more_per_arm == first(Rules()).more_per_arm


def test_with_unequal_shares_it_is_the_mean_over_the_arms() -> None:
    unequal = [
        ArmCounts("a", Counts(500, 175), 1),
        ArmCounts("b", Counts(1_500, 585), 3),
        ArmCounts("c", Counts(0, 0), 0),
    ]
    (row,) = compare(unequal, [("b", "a")], ANY_TIME).comparisons
    assert row.more_per_arm
    factor = 1.01 * (1 + row.more_per_arm * 2 / 2_000)
    later = [
        replace(arm, counts=Counts(round(arm.counts.n * factor), round(arm.counts.events * factor))) for arm in unequal
    ]
    assert compare(later, [("b", "a")], ANY_TIME).comparisons[0].verdict == "better"


def test_clusters_and_strata_are_foreseen_by_their_own_errors() -> None:
    halves = (Counts(500, 100), Counts(500, 250)), (Counts(500, 130), Counts(500, 260))
    table = [
        ArmCounts(key, Counts(1_000, sum(part.events for part in parts)), clusters=parts, strata=dict(enumerate(parts)))  # type: ignore[arg-type]
        for key, parts in zip("ab", halves, strict=True)
    ]
    plain, within = (compare(table, [("b", "a")], Rules(stratified=on)).comparisons[0] for on in (False, True))
    assert plain.more_per_arm
    assert within.more_per_arm is not None
    assert within.more_per_arm < plain.more_per_arm


def test_ratings_count_their_answers() -> None:
    low, high = Levels([30, 20, 20, 20, 10]), Levels([25, 20, 20, 20, 15])
    rated = [ArmCounts(key, Counts(200, 100), levels=levels) for key, levels in (("a", low), ("b", high))]
    (row,) = compare(rated, [("b", "a")], Rules(ordered=True)).comparisons
    assert row.more_per_arm
    grown = 1.03 * (1 + row.more_per_arm / 100)
    later = [
        replace(arm, levels=Levels([round(count * grown) for count in arm.levels.counts]))
        for arm in rated
        if arm.levels
    ]
    assert compare(later, [("b", "a")], Rules(ordered=True)).comparisons[0].verdict == "better"


def test_what_one_network_could_turn_takes_until_it_could_not() -> None:
    """One network may have the same share of the later views, so it moves as much, and the interval has to be clear."""
    rules = Rules(views_per_network=10)
    held = first(rules, {"a": 350, "b": 395})
    assert "network" in held.hold_reason
    assert held.more_per_arm
    n = 1_000 + held.more_per_arm
    later = {"a": round(0.350 * n), "b": round(0.395 * n)}
    assert first(replace(rules, views_per_network=round(10 * n / 1_000)), later, n).verdict == "better"


def test_a_verdict_that_waits_for_events_says_when_they_have_come() -> None:
    few = {"a": 2, "b": 9}
    row = first(replace(ANY_TIME, planned_per_arm=1_000), few)
    assert row.verdict == "cannot-tell-yet"
    assert row.more_per_arm is None or row.more_per_arm >= 3_000
