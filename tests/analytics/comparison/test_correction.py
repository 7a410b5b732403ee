"""Verdicts on several comparisons, corrected for their number."""

from dataclasses import replace

import pytest

from analytics.comparison.compare import compare, difference
from analytics.comparison.correction import Correction, correct
from analytics.comparison.factorial import factorial_contrasts
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.simulation_study import error_rates
from analytics.stats import Counts, Estimate, NotEstimable, multiplicity

MARGIN = 0.05
# Nine messages that lie closer to the margin one after another.
COUNTS = [Counts(5_000, 2_000 + 18 * step) for step in range(10)]


def no_difference(correction: Correction, *, number: int, smallest_difference: float = MARGIN) -> list[int]:
    """Which of so many messages are called "no meaningful difference" from the first."""
    rules = Rules(smallest_difference=smallest_difference, correction=correction)
    arms = [ArmCounts(str(step), counts) for step, counts in enumerate(COUNTS[: number + 1])]
    found = compare(arms, [(arm.key, "0") for arm in arms[1:]], rules).comparisons
    return [step for step, row in enumerate(found, 1) if row.verdict == "no-meaningful-difference"]


def tost_p(counts: Counts) -> float:
    """The p-value of "no meaningful difference", by its definition: the level whose interval ends at the margin."""
    low, high = 0.0, 1.0
    for _ in range(50):
        level = (low + high) / 2
        rules = Rules(level=level)
        found = difference(ArmCounts("b", counts), ArmCounts("a", COUNTS[0]), rules)
        assert isinstance(found, Estimate)
        low, high = (level, high) if found.interval.high < MARGIN and found.interval.low > -MARGIN else (low, level)
    return 1 - low


@pytest.mark.parametrize("number", [1, 3, 9])
def test_no_meaningful_difference_is_corrected_as_p_values_are(number: int) -> None:
    p_values = [tost_p(counts) for counts in COUNTS[1 : number + 1]]
    corrected = {
        "none": p_values,
        "bonferroni": [min(1.0, p * number) for p in p_values],
        "holm": multiplicity.holm(p_values),
        "benjamini-hochberg": multiplicity.benjamini_hochberg(p_values),
    }
    for correction, adjusted in corrected.items():
        expected = [step for step, p in enumerate(adjusted, 1) if p < 0.05]
        assert no_difference(correction, number=number) == expected  # type: ignore[arg-type]


def test_the_corrections_differ_where_they_should() -> None:
    found = {each: len(no_difference(each, number=9)) for each in ("none", "bonferroni", "holm", "benjamini-hochberg")}
    assert found["none"] >= found["benjamini-hochberg"] > found["holm"] >= found["bonferroni"] > 0


def test_a_comparison_that_is_not_estimable_counts_as_planned() -> None:
    estimate = difference(ArmCounts("b", COUNTS[1]), ArmCounts("a", COUNTS[0]), Rules())
    assert isinstance(estimate, Estimate)
    levels: list[float] = []

    def at_level(index: int, level: float) -> Estimate | NotEstimable:
        levels.append(level)
        return replace(estimate, p_value=0.5)

    hidden = NotEstimable("A small count is hidden.")
    first, second = correct([estimate, hidden], "holm", level=0.95, smallest_difference=0.1, at_level=at_level)
    assert levels == [pytest.approx(0.975)]
    assert (first.equivalence_interval, second.equivalence_interval) == (estimate.interval, None)


@pytest.mark.parametrize(("monitoring", "margin"), [("group-sequential", 0.0107), ("always-valid", 0.0158)])
def test_verdicts_that_hold_at_every_look_are_corrected_too(monitoring: str, margin: float) -> None:
    """The standard error is 0.0049. Alone, the interval ends at 1.97 or 3.04 of it; among three, at 2.40 or 3.36."""
    rules = Rules(smallest_difference=margin, monitoring=monitoring, planned_per_arm=20_000, looks=(0.5, 1.0))  # type: ignore[arg-type]
    alike = [ArmCounts(key, Counts(20_000, 8_000)) for key in "abcd"]
    (one,) = compare(alike, [("b", "a")], rules).comparisons
    three = compare(alike, [("b", "a"), ("c", "a"), ("d", "a")], rules).comparisons
    assert one.verdict == "no-meaningful-difference"
    assert {row.verdict for row in three} == {"cannot-tell-yet"}


def test_contrasts_of_a_factorial_are_corrected_too() -> None:
    arms = {
        "neutral": ArmCounts("n", Counts(3_600, 1_440)),
        "victim": ArmCounts("v", Counts(3_600, 1_440)),
        "user": ArmCounts("u", Counts(3_600, 1_440)),
        "both": ArmCounts("b", Counts(3_600, 1_440)),
    }
    found = {
        correction: [
            row.verdict
            for row in factorial_contrasts(
                **arms, rules=Rules(smallest_difference=0.025, correction=correction), withheld=False
            )
        ]
        for correction in ("none", "bonferroni")
    }
    no, unknown = "no-meaningful-difference", "cannot-tell-yet"
    # A main effect's standard error is sqrt(0.24 / 3600) = 0.00816: 1.96 of it are 0.016 and 2.5 (1.25% each side)
    # 0.0204; one pair's is 0.01155, of which 1.96 are 0.0226 and 2.5 are 0.0288.
    assert found == {"none": [no, no, unknown, no], "bonferroni": [no, no, unknown, unknown]}


@pytest.mark.slow
def test_three_messages_on_the_margin_are_rarely_called_alike() -> None:
    """Of 20,000 trials, an outside audit found 6.2 to 6.6% where the interval was not corrected."""
    rules = Rules(smallest_difference=MARGIN)
    found, plain = (
        error_rates.false_equivalence_rate(
            replace(rules, correction=correction), control=0.4, per_day=200, count=600, seed=5
        )
        for correction in ("holm", "none")
    )
    # At most 5%, and half of that by construction: Binomial(600, 0.025) is above 25 with a chance of under 1%.
    assert found.share * 600 <= 25
    assert plain.share > 0.04
