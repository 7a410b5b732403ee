from analytics.comparison.compare import PairComparison, all_pairs, compare
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.stats import Counts, Estimate, NotEstimable

# Karlan and List 2007, American Economic Review 97(5), table 2A, panel A: letters sent, gifts made.
KARLAN_LIST = {
    "control": (16687, 298),
    "match_1to1": (11133, 231),
    "match_2to1": (11134, 252),
    "match_3to1": (11129, 253),
}


def arms(table: dict[str, tuple[int, int]], weights: list[float] | None = None) -> list[ArmCounts]:
    split = weights or [1.0] * len(table)
    return [ArmCounts(key, Counts(n, x), weight) for (key, (n, x)), weight in zip(table.items(), split, strict=True)]


def verdicts(compared: tuple[PairComparison, ...]) -> dict[tuple[str, str], str]:
    return {(row.treated, row.control): row.verdict for row in compared}


def test_two_match_offers_beat_the_control_and_none_beats_another() -> None:
    look = compare(
        arms(KARLAN_LIST, [3, 2, 2, 2]), all_pairs(list(KARLAN_LIST), "control"), Rules(smallest_difference=None)
    )
    found = verdicts(look.comparisons)
    assert [pair for pair, verdict in found.items() if verdict == "better"] == [
        ("match_2to1", "control"),
        ("match_3to1", "control"),
    ]
    assert set(found.values()) == {"better", "cannot-tell-yet"}


def test_pairs_put_the_control_first() -> None:
    assert all_pairs(["a", "b", "c"], "b") == [("a", "b"), ("c", "b"), ("c", "a")]


def test_a_broken_split_withholds_every_verdict() -> None:
    look = compare(arms({"a": (1000, 100), "b": (1300, 200)}), [("b", "a")], Rules())
    assert look.withheld
    assert verdicts(look.comparisons) == {("b", "a"): "withheld"}


def test_the_same_counts_under_the_planned_split_are_not_withheld() -> None:
    look = compare(arms({"a": (1000, 100), "b": (1300, 200)}, [10, 13]), [("b", "a")], Rules())
    assert verdicts(look.comparisons) == {("b", "a"): "better"}


def test_equal_arms_with_many_people_show_no_meaningful_difference() -> None:
    look = compare(arms({"a": (50_000, 20_000), "b": (50_000, 20_000)}), [("b", "a")], Rules(smallest_difference=0.02))
    (row,) = look.comparisons
    assert isinstance(row.estimate, Estimate)
    assert (row.verdict, row.estimate.effect) == ("no-meaningful-difference", 0.0)


def test_equal_arms_with_few_people_cannot_tell() -> None:
    look = compare(arms({"a": (500, 200), "b": (500, 200)}), [("b", "a")], Rules(smallest_difference=0.02))
    (row,) = look.comparisons
    assert row.verdict == "cannot-tell-yet"


def test_a_harm_is_called_worse_and_for_a_bad_outcome_fewer_is_better() -> None:
    table = {"a": (4000, 1600), "b": (4000, 1300)}
    assert verdicts(compare(arms(table), [("b", "a")], Rules()).comparisons) == {("b", "a"): "worse"}
    assert verdicts(compare(arms(table), [("b", "a")], Rules(better="lower")).comparisons) == {("b", "a"): "better"}


def test_swapping_treated_and_control_flips_the_sign() -> None:
    table = {"a": (4000, 1600), "b": (4000, 1300)}
    one, two = (compare(arms(table), [pair], Rules()).comparisons[0].estimate for pair in (("b", "a"), ("a", "b")))
    assert isinstance(one, Estimate)
    assert isinstance(two, Estimate)
    assert abs(one.effect + two.effect) < 1e-12
    assert abs(one.interval.low + two.interval.high) < 1e-9


def test_a_claim_must_survive_the_correction() -> None:
    # One comparison at p about 0.03 is a claim alone, and none among five.
    pair, five = {"a": (1000, 300), "b": (1000, 345)}, {f"c{i}": (1000, 300) for i in range(4)}
    alone = compare(arms(pair), [("b", "a")], Rules())
    among = compare(arms(pair | five), [("b", "a"), *((key, "a") for key in five)], Rules())
    assert alone.comparisons[0].verdict == "better"
    assert among.comparisons[0].verdict == "cannot-tell-yet"


def test_an_empty_arm_is_not_estimable_and_breaks_nothing() -> None:
    look = compare(arms({"a": (0, 0), "b": (0, 0)}), [("b", "a")], Rules())
    assert isinstance(look.comparisons[0].estimate, NotEstimable)
    assert look.comparisons[0].verdict == "cannot-tell-yet"
