"""Every sentence over many tables of numbers is true of them: read as a reader would, and checked against the counts.

The checks know the English sentences and the numbers that were judged, not the rules that chose the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import pytest
from django.utils import translation

from analytics import wording
from analytics.comparison.compare import Comparison, PairComparison, all_pairs, compare
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.management.analyse_output import pair_sentence
from analytics.stats import Counts, Estimate, Levels
from campaign.i18n.catalogs import translated_languages
from campaign.outcomes import OUTCOMES

TABLES = 250
OF = re.compile(r"^Of ([\d,]+) in “(\w)”, (fewer than |more than )?([\d,]+) had the outcome")
GAP = re.compile(r"(as many|less than 1 more|less than 1 fewer|[\d,.]+ more|[\d,.]+ fewer) than with “(\w)”")
CRUDE = re.compile(r"For all people together it is (as many|(?:less than 1|[\d,]+) (?:more|fewer))")
INTERVAL = re.compile(r"\((−?[\d,.]+) to (−?[\d,.]+)\b")
MARGIN = re.compile(r"(?:Any difference is smaller than|but less than the) ([\d,.]+) in ([\d,]+)")


@dataclass(frozen=True)
class Table:
    """Arms, and the rules by which they are compared."""

    arms: tuple[ArmCounts, ...]
    rules: Rules


def read(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


def half_a_unit(text: str) -> float:
    """How far a rounded number may lie from the true one."""
    return 0.5 * 10.0 ** -len(text.partition(".")[2]) + 1e-6


def draw_rate(random: Random) -> float:
    rate = random.choice([0.0, 0.0001, 0.001, 0.0025, 0.02, 0.07, 0.35, 0.5, 0.93, 0.999, 1.0])
    return min(max(rate + random.choice([0.0, 0.0, 0.002, -0.01, 0.03, 0.1]), 0.0), 1.0)


def draw_counts(random: Random, n: int, rate: float) -> Counts:
    spread = (n * rate * (1 - rate)) ** 0.5
    return Counts(n, min(max(round(random.gauss(n * rate, spread)), 0), n))


def draw_table(random: Random) -> Table:
    """Two to four arms: small or large, rare or near certain, plain, in strata or in clusters."""
    grouping = random.choice(["plain", "plain", "strata", "clusters"])
    monitoring = random.choice(["fixed", "always-valid", "group-sequential"])
    n = random.choice([12, 100, 400, 1_000, 10_000, 300_000])
    arms = []
    for key in "abcd"[: random.choice([2, 2, 3, 4])]:
        groups = {}
        for group in range(1 if grouping == "plain" else 6):
            size = round(n * random.choice([0.1, 1.0, 1.9])) or 1
            groups[f"group {group}"] = draw_counts(random, size, draw_rate(random))
        total = sum(groups.values(), Counts(0, 0))
        arms.append(
            ArmCounts(
                key,
                total,
                weight=total.n,
                strata=groups if grouping == "strata" else {},
                clusters=groups if grouping == "clusters" else {},
            )
        )
    planned = 2 * sum(arm.counts.n for arm in arms) // len(arms)
    rules = Rules(
        level=random.choice([0.9, 0.95, 0.99]),
        smallest_difference=random.choice([None, 0.005, 0.02, 0.1]),
        better=random.choice(["higher", "lower", "none"]),
        correction=random.choice(["holm", "bonferroni", "none"]),
        monitoring=monitoring,  # type: ignore[arg-type]  # one of the literals
        planned_per_arm=planned,
        looks=(0.25, 0.5) if monitoring == "group-sequential" else (),
        stratified=grouping == "strata",
        clusters="crossed" if grouping == "clusters" else None,
        views_per_network=random.choice([0, 0, n // 50]),
    )
    return Table(tuple(arms), rules)


def compared(table: Table) -> Iterator[tuple[Comparison, PairComparison]]:
    look = compare(table.arms, all_pairs([arm.key for arm in table.arms], "a"), table.rules)
    for pair in look.comparisons:
        yield look, pair


def touching() -> Iterator[Table]:
    """Tables whose intervals touch zero or the margin, or nearly do."""
    for margin in (0.01, 0.0101, 0.00999):
        for events in range(4_990, 5_011):
            arms = (ArmCounts("a", Counts(10_000, 5_000)), ArmCounts("b", Counts(10_000, events)))
            yield Table(arms, Rules(smallest_difference=margin + 0.014))
    for events in range(380, 430, 2):
        yield Table((ArmCounts("a", Counts(1_000, 350)), ArmCounts("b", Counts(1_000, events))), Rules())


def draw_tables(count: int, *, seed: int) -> list[Table]:
    random = Random(seed)
    return [*touching(), *(draw_table(random) for _ in range(count))]


@pytest.fixture(scope="module")
def tables() -> list[Table]:
    return draw_tables(TABLES, seed=20_261_130)


def check_sentence(table: Table, look: Comparison, pair: PairComparison) -> str:
    """Hold every part of a sentence against the numbers, and return the sentence."""
    told = pair_sentence(look, pair, table.rules, {})
    estimate = pair.estimate
    if not isinstance(estimate, Estimate):
        assert "cannot be made" in told
        return told
    assert pair.p_adjusted is not None
    assert estimate.p_value is not None
    treated, control = (next(arm.counts for arm in look.arms if arm.key == key) for key in (pair.treated, pair.control))
    low, high = estimate.interval.low, estimate.interval.high
    alpha = 1 - table.rules.level
    base = check_rate(told, treated)
    check_interval(told, low * base, high * base)
    if gap := GAP.search(told):
        assert gap[2] == pair.control
        check_gap(gap[1], estimate.effect * base)
    crude = treated.proportion - control.proportion
    assert ("comparison within strata" in told) == table.rules.stratified
    assert table.rules.stratified or estimate.effect == pytest.approx(crude, abs=1e-9)
    if found := CRUDE.search(told):
        check_gap(found[1], crude * base)
    is_claim = "cannot tell" not in told and not MARGIN.search(told)
    if is_claim or "but less than the" in told:
        assert low > 0 or high < 0
        assert pair.p_adjusted < alpha
        assert gap
    if MARGIN.search(told):
        check_margin(told, table.rules.smallest_difference, low, high)
    if "it looks like" in told:
        assert low > 0 or high < 0
    if "more or fewer" in told:
        assert low <= 0 <= high
    worse = {"higher": estimate.effect < 0, "lower": estimate.effect > 0, "none": False}[table.rules.better]
    assert ("worse" in told) == (is_claim and worse)
    check_reasons(told, table, look, pair)
    return told


def check_rate(told: str, arm: Counts) -> int:
    of = OF.match(told)
    assert of
    base, count = round(read(of[1])), read(of[4])
    people = arm.proportion * base
    if of[3]:
        assert (0 < people < count == 1) if of[3].startswith("fewer") else (base - 1 == count < people < base)
    else:
        assert abs(count - people) <= 0.5 + 1e-9
        assert (count == 0) == (arm.events == 0)
        assert (count == base) == (arm.events == arm.n)
    return base


def check_gap(words: str, people: float) -> None:
    if words == "as many":
        assert abs(people) < 0.01
    elif words.startswith("less than 1"):
        assert 0 < abs(people) < 1
    else:
        assert abs(read(words.split()[0]) - abs(people)) <= 0.5 + 1e-9
    assert not (people > 0 and "fewer" in words)
    assert not (people < 0 and "more" in words)


def check_interval(told: str, low: float, high: float) -> None:
    shown = INTERVAL.search(told)
    assert shown
    for text, true in zip(shown.groups(), (low, high), strict=True):
        assert abs(read(text) - true) <= half_a_unit(text)
        assert (read(text) > 0) == (true > 1e-9)
        assert (read(text) < 0) == (true < -1e-9)
    assert read(shown[1]) < read(shown[2])


def check_margin(told: str, margin: float | None, low: float, high: float) -> None:
    said, shown = MARGIN.search(told), INTERVAL.search(told)
    assert said
    assert shown
    assert margin is not None
    assert read(said[1]) / read(said[2]) == pytest.approx(margin)
    assert -margin < low <= high < margin
    assert all(abs(read(end)) < read(said[1]) for end in shown.groups())


def check_reasons(told: str, table: Table, look: Comparison, pair: PairComparison) -> None:
    assert isinstance(pair.estimate, Estimate)
    assert pair.estimate.p_value is not None
    assert pair.p_adjusted is not None
    several = "because several questions" in told
    if several:
        assert len(look.comparisons) > 1
        assert table.rules.correction != "none"
        assert pair.estimate.p_value < 1 - table.rules.level <= pair.p_adjusted
    fewest = min(
        min(arm.counts.events, arm.counts.n - arm.counts.events)
        for arm in look.arms
        if arm.key in (pair.treated, pair.control)
    )
    if "needs 10 people" in told:
        assert table.rules.monitoring != "fixed"
        assert fewest < 10
        assert not several
    if "One network" in told:
        assert table.rules.views_per_network > 0
        assert not several


def test_every_sentence_about_a_comparison_is_true(tables: list[Table]) -> None:
    told = [check_sentence(table, look, pair) for table in tables for look, pair in compared(table)]
    for words in (
        *("That is worse.", "This message did worse.", "about as many as with", "but less than the"),
        "because several questions",
        *("not strong enough.", "more or fewer", "comparison within strata", "One network"),
    ):
        assert any(words in sentence for sentence in told), words


@pytest.mark.proof
def test_every_sentence_about_very_many_comparisons_is_true() -> None:
    for table in draw_tables(5_000, seed=7):
        for look, pair in compared(table):
            check_sentence(table, look, pair)


def test_nothing_is_better_or_worse_where_neither_is(tables: list[Table]) -> None:
    for table in tables:
        if table.rules.better == "none":
            verdicts = {pair.verdict for _, pair in compared(table)}
            assert not verdicts & {"better", "worse"}


@pytest.mark.parametrize("language", ["en", *translated_languages()])
def test_every_language_has_every_sentence(language: str, tables: list[Table]) -> None:
    with translation.override(language):
        for table in tables[::7]:
            for look, pair in compared(table):
                told = pair_sentence(look, pair, table.rules, {})
                assert told
                assert not re.search(r"%\(|None|nan|inf", told)


RATED = re.compile(r"^In ([\d.]+) of 100 pairs.*\((−?[\d.]+) to (−?[\d.]+)")


def draw_ratings(random: Random) -> Table:
    """Three arms with answers from 1 to 5, few or many, alike or not."""
    n = random.choice([20, 60, 2_000, 200_000])
    arms = []
    for key in "abc":
        tilt = random.choice([0.0, 0.002, 0.02, 0.3])
        answers = Levels([round(n * share * random.uniform(0.9, 1.1)) for share in (0.1, 0.2, 0.4, 0.2, 0.1 + tilt)])
        arms.append(ArmCounts(key, Counts(answers.n, answers.n), weight=answers.n, levels=answers))
    rules = Rules(
        ordered=True,
        smallest_difference=random.choice([None, 0.02]),
        better=random.choice(["higher", "none"]),
        monitoring=random.choice(["fixed", "always-valid"]),
        planned_per_arm=2 * n,
    )
    return Table(tuple(arms), rules)


def test_every_sentence_about_ratings_is_true() -> None:
    random = Random(5)
    told = []
    for table in (draw_ratings(random) for _ in range(150)):
        told += [
            check_rating(pair, pair.estimate, table.rules)
            for _, pair in compared(table)
            if isinstance(pair.estimate, Estimate)
        ]
    for words in (
        "That is worse.",
        "from even",
        "because several questions",
        "needs at least 50 answers",
        "We cannot tell yet.",
    ):
        assert any(words in sentence for sentence in told), words


def check_rating(pair: PairComparison, estimate: Estimate, rules: Rules) -> str:
    numbers = wording.ComparisonNumbers(
        treated="“b”",
        control="“a”",
        outcome=OUTCOMES["rating" if rules.better == "higher" else "dwell"],
        treated_rate=3.0,
        control_rate=3.0,
        effect=estimate.effect,
        low=estimate.interval.low,
        high=estimate.interval.high,
        level=rules.level,
        p_value=estimate.p_value,
        p_adjusted=pair.p_adjusted,
        verdict=pair.verdict,
        smallest_difference=rules.smallest_difference,
        more=None,
        reason=pair.hold_reason,
    )
    told = wording.ordinal_sentence(numbers)
    shown = RATED.match(told)
    assert shown
    low, high = estimate.interval.low, estimate.interval.high
    for text, true in zip(shown.groups(), (estimate.effect, low, high), strict=True):
        assert abs(read(text) - (50 + 100 * true)) <= half_a_unit(text)
        assert (read(text) > 50) == (true > 1e-11)
        assert (read(text) < 50) == (true < -1e-11)
    if "from even" in told or "That is less than the" in told:
        assert rules.smallest_difference is not None
        assert -rules.smallest_difference < low <= high < rules.smallest_difference
    elif "cannot tell" not in told:
        assert low > 0 or high < 0
        assert pair.p_adjusted is not None
        assert pair.p_adjusted < 1 - rules.level
    assert ("worse" in told) == (
        rules.better == "higher" and estimate.effect < 0 and not re.search("cannot|even|That is less than the", told)
    )
    if "because several questions" in told:
        assert estimate.p_value is not None
        assert pair.p_adjusted is not None
        assert estimate.p_value < 1 - rules.level <= pair.p_adjusted
    return told
