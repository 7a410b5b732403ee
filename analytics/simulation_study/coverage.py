"""PURE  Simulate how often each interval covers the truth, seeded, with one entry for each interval and setting."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from analytics.comparison.verdict import MIN_EVENTS
from analytics.simulation_study import cluster_designs, switchback, text_intervals
from analytics.simulation_study.error_rates import (
    RandomGenerator,
    SimulatedShare,
    draw_counts,
    is_covered,
    simulate_share,
)
from analytics.stats import (
    bayes,
    clusters,
    early_stopping,
    equivalence,
    exact_sequence,
    factorial,
    logit,
    meta,
    multiplicity,
    ordinal,
    proportions,
    sequential,
    strata,
)
from analytics.stats.values import Counts, Estimate, Levels

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class CoverageCase:
    """One interval in one setting: whether a trial covered the truth, and which fraction of the trials to run."""

    interval: str
    setting: str
    run_trial: Callable[[RandomGenerator], bool]
    trials_fraction: float = 1.0


def simulate_case(entry: CoverageCase, *, count: int, seed: int) -> SimulatedShare:
    """Simulate the share of trials in which the interval covered the truth."""
    return simulate_share(entry.run_trial, count=max(round(count * entry.trials_fraction), 20), seed=seed)


def _levels(source: RandomGenerator, n: int, shares: Sequence[float]) -> Levels:
    return Levels([int(count) for count in source.multinomial(n, shares)])


_LOW, _HIGH = (0.4, 0.3, 0.15, 0.1, 0.05), (0.3, 0.3, 0.2, 0.1, 0.1)
_RARE = (0.92, 0.06, 0.015, 0.004, 0.001)


def _ordinal(source: RandomGenerator, name: str, n: int, first: Sequence[float], second: Sequence[float]) -> bool:
    score = np.arange(1, 6)
    treated, control = _levels(source, n, first), _levels(source, n, second)
    if name == "mean":
        return is_covered(ordinal.mean(treated), float(score @ first))
    if name == "mean_difference":
        gap = float(score @ np.array(first) - score @ np.array(second))
        return is_covered(ordinal.mean_difference(treated=treated, control=control), gap)
    below = np.concatenate(([0.0], np.cumsum(second)[:-1])) + np.array(second) / 2
    return is_covered(ordinal.superiority(treated=treated, control=control), float(np.array(first) @ below))


def _factorial(source: RandomGenerator, scale: Any, term: str, n: int, rates: Sequence[float]) -> bool:
    p = np.array(rates)
    neither, first, second, both = (float(v) for v in (np.log(p / (1 - p)) if scale == "odds" else p))
    truth = {
        "first": (first - neither + both - second) / 2,
        "second": (second - neither + both - first) / 2,
        "interaction": both - first - second + neither,
        "both_minus_first": both - first,
    }[term]
    cells = [draw_counts(source, n, rate) for rate in rates]
    estimate = factorial.two_by_two(neither=cells[0], first=cells[1], second=cells[2], both=cells[3], scale=scale)
    return is_covered(getattr(estimate, term), truth)


def _strata(source: RandomGenerator, name: str, cells: Sequence[tuple[int, int, float]]) -> bool:
    """Strata of (treated n, control n, rate), with equal arms."""
    rows = [strata.Stratum(treated=draw_counts(source, n, p), control=draw_counts(source, m, p)) for n, m, p in cells]
    return is_covered(getattr(strata, name)(rows), 0.0 if name == "difference" else 1.0)


def _clusters(
    source: RandomGenerator, variance: Any, sizes: tuple[Sequence[int], Sequence[int]], rate: float, spread: float
) -> bool:
    a, b = rate / spread, (1 - rate) / spread
    sides = [
        [draw_counts(source, n, p) for n, p in zip(side, source.beta(a, b, size=len(side)), strict=True)]
        for side in sizes
    ]
    return is_covered(clusters.difference(treated=sides[0], control=sides[1], variance=variance), 0.0)


def _logit(source: RandomGenerator, per_cell: int, gain: float) -> bool:
    cells = []
    for place, base in (("a", -2.0), ("b", 0.5)):
        for day in range(10):
            rates = [1 / (1 + np.exp(-base - 0.3 * (day % 5) - more)) for more in (gain, 0.0)]
            treated, control = (draw_counts(source, per_cell, float(rate)) for rate in rates)
            cells.append(logit.LogitCell(treated, control, (place, str(day))))
    return is_covered(logit.adjusted_odds_ratio(cells), float(np.exp(gain)))


def _dunnett(source: RandomGenerator, n: int, rate: float) -> bool:
    arms = [draw_counts(source, n, rate) for _ in range(4)]
    return all(is_covered(estimate, 0.0) for estimate in multiplicity.dunnett(arms[1:], control=arms[0]))


_FIVE = sequential.boundaries([0.2, 0.4, 0.6, 0.8, 1.0])


def _sums(source: RandomGenerator, n: int, rate: float, looks: int) -> npt.NDArray[np.int64]:
    return np.cumsum(source.binomial(n, rate, size=(looks, 2)), axis=0, dtype=np.int64)


def _covers_at_every_look(source: RandomGenerator, n: int, rate: float) -> bool:
    for look, (x, y) in enumerate(_sums(source, n, rate, 5), start=1):
        treated, control = Counts(n * look, int(x)), Counts(n * look, int(y))
        plain = proportions.difference(treated=treated, control=control, method="wald")
        if not isinstance(plain, Estimate) or plain.standard_error is None:
            continue
        estimate = sequential.repeated_interval(
            effect=plain.effect, standard_error=plain.standard_error, boundaries=_FIVE, look=look
        )
        if not is_covered(estimate, 0.0):
            return False
    return True


def _covers_where_it_ends(source: RandomGenerator, n: int, rate: float, gain: float) -> bool:
    """The interval at the look where one of five boundaries is crossed, or at the last."""
    treated = control = Counts(0, 0)
    for look in range(1, 6):
        treated, control = treated + draw_counts(source, n, rate + gain), control + draw_counts(source, n, rate)
        plain = proportions.difference(treated=treated, control=control, method="wald")
        if not isinstance(plain, Estimate) or plain.standard_error is None:
            continue
        if look == 5 or abs(plain.effect) > _FIVE.z[look - 1] * plain.standard_error:
            estimate = early_stopping.median_unbiased(
                effect=plain.effect, standard_error=plain.standard_error, boundaries=_FIVE, look=look
            )
            return is_covered(estimate, gain)
    return True


def _sequence(source: RandomGenerator, n: int, rate: float, least: int) -> bool:
    for day, (x, y) in enumerate(_sums(source, n, rate, 28), start=1):
        treated, control = Counts(n * day, int(x)), Counts(n * day, int(y))
        if min(treated.events, control.events, n * day - treated.events, n * day - control.events) < least:
            continue
        estimate = sequential.confidence_sequence(treated=treated, control=control, n_planned=56 * n)
        if not is_covered(estimate, 0.0):
            return False
    return True


def _exact_sequence(source: RandomGenerator, n: int, rate: float) -> bool:
    looks = enumerate(_sums(source, n, rate, 28), start=1)
    pairs = ((Counts(n * day, int(x)), Counts(n * day, int(y))) for day, (x, y) in looks)
    return all(is_covered(exact_sequence.difference(treated=x, control=y), 0.0) for x, y in pairs)


def _exact_strata(source: RandomGenerator, n: int, rates: tuple[float, float]) -> bool:
    """Two placements of which the second comes late, looked at on 14 days."""
    seen = np.array([[n, n * day // 7] for day in range(1, 15)]).cumsum(axis=0)
    added = np.diff(seen, axis=0, prepend=0)
    events = source.binomial(added, rates, size=(2, 14, 2)).cumsum(axis=1)
    looks = (
        [strata.Stratum(*(Counts(int(seen[day, at]), int(events[arm, day, at])) for arm in (0, 1))) for at in (0, 1)]
        for day in range(14)
    )
    return all(is_covered(exact_sequence.stratified_difference(tables), 0.0) for tables in looks)


def _exact_contrast(source: RandomGenerator, n: int, rate: float) -> bool:
    counts = source.binomial(n, rate, size=(4, 14)).cumsum(axis=1)
    looks = ([Counts(n * (day + 1), int(arm[day])) for arm in counts] for day in range(14))
    return all(is_covered(exact_sequence.contrast(arms, factorial.INTERACTION), 0.0) for arms in looks)


def _bayes(source: RandomGenerator, n: int, rates: tuple[float, float] | None) -> bool:
    p, q = rates or (float(source.random()), float(source.random()))
    estimate = bayes.credible_difference(treated=draw_counts(source, n, p), control=draw_counts(source, n, q))
    return is_covered(estimate, p - q)


def _meta(source: RandomGenerator, campaigns: int, tau: float, prediction: bool) -> bool:
    effects = source.normal(0.03, tau, size=campaigns)
    estimates = [
        proportions.difference(
            treated=draw_counts(source, 1000, 0.4 + e), control=draw_counts(source, 1000, 0.4), method="wald"
        )
        for e in effects
    ]
    estimate = meta.random_effects(estimates)
    if not isinstance(estimate, meta.PooledEstimate):
        return True
    truth = float(source.normal(0.03, tau)) if prediction else 0.03
    return truth in (estimate.prediction if prediction else estimate.interval)


def _pair(
    source: RandomGenerator, make: Callable[..., Any], truth: float, sizes: tuple[int, int], rates: tuple[float, float]
) -> bool:
    return is_covered(
        make(treated=draw_counts(source, sizes[0], rates[0]), control=draw_counts(source, sizes[1], rates[1])), truth
    )


def _margin(source: RandomGenerator, n: int) -> bool:
    """Two one-sided tests of a difference exactly on the margin, where equivalence must not be claimed."""
    estimate = equivalence.two_one_sided_tests(
        treated=draw_counts(source, n, 0.43), control=draw_counts(source, n, 0.40), margin=0.03
    )
    return not (isinstance(estimate, equivalence.Equivalence) and estimate.equivalent)


_STRATA = {
    "3 thick strata": [(120, 80, 0.1), (120, 80, 0.3), (120, 80, 0.6)],
    "50 thin strata": [(10, 8, p) for p in np.linspace(0.1, 0.6, 50)],
    "0.02 to 0.1%": [(20_000, 15_000, 0.0005), (20_000, 15_000, 0.001), (20_000, 25_000, 0.0002)],
}
_UNEQUAL = ((200, 20, 45, 10, 80, 12, 33, 60), (15, 150, 22, 64, 30, 91, 18, 40, 70))
_CLUSTERS = {
    "12 and 15 equal clusters, 30%": (((30,) * 12, (30,) * 15), 0.3, 0.05),
    "5 and 6 equal clusters, 30%": (((30,) * 5, (30,) * 6), 0.3, 0.05),
    "8 and 9 unequal clusters, 30%": (_UNEQUAL, 0.3, 0.05),
    "40 and 40 clusters of 500, 0.5%": (((500,) * 40, (500,) * 40), 0.005, 0.002),
}


def coverage_cases() -> list[CoverageCase]:
    """List every interval of analytics.stats that `make simulate` does not show for two equal arms already."""
    cases: list[CoverageCase] = []

    def add(interval: str, setting: str, trial: Callable[..., bool], *arguments: Any, fraction: float = 1.0) -> None:
        cases.append(CoverageCase(interval, setting, lambda source: trial(source, *arguments), fraction))

    for name in ("superiority", "mean_difference", "mean"):
        for n in (20, 300):
            add(f"ordinal.{name}", f"{n} answers per arm, arms differ", _ordinal, name, n, _HIGH, _LOW)
        add(f"ordinal.{name}", "1,000 answers, nearly all the lowest", _ordinal, name, 1000, _RARE, _RARE)
    for scale in ("difference", "odds"):
        for term in ("first", "second", "interaction", "both_minus_first"):
            label = f"factorial.two_by_two .{term}, {scale}"
            add(label, "500 per arm, 40 to 50%", _factorial, scale, term, 500, (0.4, 0.45, 0.42, 0.5))
            add(label, "20,000 per arm, 0.1%", _factorial, scale, term, 20_000, (0.001,) * 4)
    for name in ("difference", "ratio", "odds_ratio"):
        for setting, cells in _STRATA.items():
            add(f"strata.{name}", setting, _strata, name, cells)
    for variance in ("cr2", "cr1"):
        for setting, (counts, rate, spread) in _CLUSTERS.items():
            add(f"clusters.difference, {variance}", setting, _clusters, variance, counts, rate, spread)
    for n, rate in ((200, 0.3), (20_000, 0.001)):
        add("multiplicity.dunnett, all at once", f"{n:,} per arm, {rate:.1%}", _dunnett, n, rate)
    for n, rate in ((200, 0.4), (20_000, 0.001)):
        label = "sequential.repeated_interval, all five looks"
        add(label, f"{n:,} per look, {rate:.1%}", _covers_at_every_look, n, rate, fraction=0.25)
    for n, rate in ((200, 0.5), (1000, 0.05), (5000, 0.005), (50_000, 0.0002)):
        label = "sequential.confidence_sequence, all 28 looks"
        for least, how in ((0, "from the first day"), (MIN_EVENTS, f"held until {MIN_EVENTS} events")):
            add(label, f"{n:,} a day, {rate:.2%}, {how}", _sequence, n, rate, least)
    label = "bayes.credible_difference"
    add(label, "50 per arm, rates drawn from the prior", _bayes, 50, None, fraction=0.5)
    add(label, "500 per arm, 5%", _bayes, 500, (0.05, 0.05), fraction=0.5)
    add(label, "50,000 per arm, 0.02%", _bayes, 50_000, (0.0002, 0.0002), fraction=0.5)
    for number in (3, 10, 30):
        for tau in (0.0, 0.02):
            add("meta.random_effects", f"{number} campaigns, tau {tau:g}", _meta, number, tau, False, fraction=0.5)
        label = "meta.random_effects, prediction"
        add(label, f"{number} campaigns, tau 0.02", _meta, number, 0.02, True, fraction=0.5)
    for sizes, (p, q) in (((900, 100), (0.10, 0.05)), ((90_000, 10_000), (0.0004, 0.0002)), ((500, 500), (0.10, 0.05))):
        setting = f"{sizes[0]:,} and {sizes[1]:,}, {p:.2%} and {q:.2%}"
        odds_ratio = p / (1 - p) / (q / (1 - q))
        add("proportions.difference", setting, _pair, proportions.difference, p - q, sizes, (p, q))
        add("proportions.ratio", setting, _pair, proportions.ratio, p / q, sizes, (p, q))
        add("proportions.odds_ratio", setting, _pair, proportions.odds_ratio, odds_ratio, sizes, (p, q))
    add("equivalence.two_one_sided_tests, on the margin", "2,000 per arm: not called equivalent", _margin, 2000)
    cell_sizes = {"28 equal cells, 30%": cluster_designs.EQUAL, "9 very unequal cells, 30%": cluster_designs.UNEQUAL}
    for setting, cells_of in cell_sizes.items():
        for variance in ("cr2", "pair-cluster"):
            label = f"clusters.difference, crossed, {variance}"
            add(label, setting, cluster_designs.covers_difference, variance, cells_of)
        for crossed, name in ((True, "crossed"), (False, "whole")):
            add(f"clusters.ratio, {name}", setting, cluster_designs.covers_ratio, crossed, cells_of)
        add("clusters.contrast, interaction", setting, cluster_designs.covers_interaction, cells_of)
        add("clusters.rate", setting, cluster_designs.covers_rate, cells_of, 0.3)
    not_inferior = partial(equivalence.non_inferiority, margin=0.03)
    for n, p in ((2000, 0.4), (20_000, 0.001)):
        add("equivalence.non_inferiority", f"{n:,} per arm, {p:.1%}", _pair, not_inferior, 0.0, (n, n), (p, p))
    for n, rate in ((1000, 0.05), (1000, 0.001), (2000, 0.0002)):
        add("exact_sequence.difference, all 28 looks", f"{n:,} a day, {rate:.2%}", _exact_sequence, n, rate)
    for n, rate, gain in ((400, 0.4, 0.05), (20_000, 0.001, 0.0004)):
        label = "early_stopping.median_unbiased, where the trial ends"
        add(label, f"five looks of {n:,} more, {rate:.1%}, {gain:.2%} more", _covers_where_it_ends, n, rate, gain)
    for per_cell, gain in ((80, 0.4), (20, 0.0)):
        setting = f"2 placements, 10 days, {per_cell} per arm in each, log odds {gain:g} more"
        add("logit.adjusted_odds_ratio", setting, _logit, per_cell, gain, fraction=0.5)
    for name, setting, run_trial in text_intervals.trials():
        add(name, setting, run_trial, fraction=0.5)
    add(
        "exact_sequence.stratified_difference, 14 looks", "0.1% and 2%", _exact_strata, 500, (0.001, 0.02), fraction=0.1
    )
    add("exact_sequence.contrast, interaction, 14 looks", "500 a day, 0.5%", _exact_contrast, 500, 0.005, fraction=0.1)
    for weeks, gain in ((2, 0.0), (4, 0.05)):
        days = switchback.PeriodCampaign(weeks, swing=0.05, spread=0.03, kept=0.8, gain=gain)
        add(
            "switchback.difference",
            f"{weeks} weeks of days alike, {gain:.0%} more",
            switchback.covers_gain,
            days,
            fraction=0.5,
        )
    return cases


# Why intervals deviate from their level by more than four Monte Carlo errors.
MISCOVERAGE_REASONS = {
    "ordinal": "Rests on a t reference: with few answers, or nearly all alike, it strays a little.",
    "factorial.two_by_two": "Wald intervals: with few events per arm they stray.",
    "strata": "The normal reference is rough where strata are very thin or events very rare.",
    "clusters.difference, cr2": "With few or unequal clusters Satterthwaite's degrees of freedom are rough.",
    "clusters.difference, crossed, cr2": "With few or unequal clusters Satterthwaite's degrees of freedom are rough.",
    "clusters.difference, crossed, pair-cluster": "It covers too little with few or unequal clusters: use CR2.",
    "clusters.contrast": "With few or unequal clusters Satterthwaite's degrees of freedom are rough.",
    "clusters.ratio": "With few or unequal clusters Satterthwaite's degrees of freedom are rough.",
    "clusters.rate": "With few or unequal clusters the effective number of units is rough.",
    "clusters.difference, cr1": "It covers too little with few or unequal clusters: use CR2.",
    "multiplicity.dunnett": "Rests on score intervals, which swing where counts are small.",
    "sequential.repeated_interval": "Covers at least its level, and more while events are few.",
    "sequential.confidence_sequence": "Made to hold at every look for ever, so over 28 looks it holds more often.",
    "exact_sequence": "Made to hold at every look for ever, exactly: over a few weeks it holds nearly always.",
    "bayes.credible_difference": "Its level is on average over the prior; at one fixed rate it may differ.",
    "logit": "Rests on the normal reference, rough where levels have few units.",
    "early_stopping": "Rests on the normal reference, rough where events are few.",
    "meta.random_effects": "Rests on a t reference, rough with few campaigns.",
    "meta.random_effects, prediction": (
        "Where campaigns differ little beside their own errors, their spread is often taken for none, and then the "
        "range for the next one is too narrow: read it as rough."
    ),
    "texts": "Rests on text means that are nearly normal, and with few texts on their spread alone.",
    "texts.nested": "Welch's degrees of freedom are cautious with three texts an arm.",
    "texts.matched": "From six sets on the sign-flip test decides, whose level comes in steps: 3.1% with six sets.",
    "texts.looks.at_look": "Each look has a share of the error of its own, so all together miss less often.",
    "texts.looks.no_surer_than": "Claims only what both answers claim, so it covers more often.",
    "texts.spread": "Its level is on average over the spreads that are likely beforehand; at one it may differ.",
    "texts.spread.between_texts": "Cautious where texts hardly differ: the low end cannot fall below zero.",
    "switchback": "Exact for an effect that is the same in each period: orders come in steps, and it covers no less.",
    "proportions": "Counts are whole: where events are few, or the arms of unequal size, it is cautious.",
    "equivalence": "Two one-sided tests at 5% each: at most 5% of false claims on a margin, fewer when small.",
}


def has_miscoverage(share: SimulatedShare) -> bool:
    """Whether coverage deviates from the level by more than four Monte Carlo errors and half a point."""
    error = (LEVEL * (1 - LEVEL) / share.trials) ** 0.5
    return bool(abs(share.share - LEVEL) > max(4 * error, 0.005))


def miscoverage_reason(entry: CoverageCase) -> str:
    """Why an interval may deviate from its level, by the longest matching prefix of its name."""
    name = max((name for name in MISCOVERAGE_REASONS if entry.interval.startswith(name)), key=len)
    return MISCOVERAGE_REASONS[name]


def factorial_power(*, per_arm: int, gain: float, count: int, seed: int) -> tuple[SimulatedShare, SimulatedShare]:
    """Power for one true main effect, by the factorial's contrast and by one plain pair."""
    source, by_factorial, by_pair = np.random.default_rng(seed), 0, 0
    for _ in range(count):
        neither, second = draw_counts(source, per_arm, 0.4), draw_counts(source, per_arm, 0.4)
        first, both = draw_counts(source, per_arm, 0.4 + gain), draw_counts(source, per_arm, 0.4 + gain)
        estimate = factorial.two_by_two(neither=neither, first=first, second=second, both=both).first
        by_factorial += not is_covered(estimate, 0.0)
        by_pair += not is_covered(proportions.difference(treated=first, control=neither), 0.0)
    return SimulatedShare(by_factorial / count, count), SimulatedShare(by_pair / count, count)


def stratified_power(*, per_cell: int, gain: float, count: int, seed: int) -> tuple[SimulatedShare, SimulatedShare]:
    """Power over two placements at 5% and 60%, by Mantel-Haenszel and by the plain pair."""
    source, stratified, plain = np.random.default_rng(seed), 0, 0
    for _ in range(count):
        cells = [(draw_counts(source, per_cell, p + gain), draw_counts(source, per_cell, p)) for p in (0.05, 0.60)]
        rows = [strata.Stratum(treated=treated, control=control) for treated, control in cells]
        stratified += not is_covered(strata.difference(rows), 0.0)
        treated, control = cells[0][0] + cells[1][0], cells[0][1] + cells[1][1]
        plain += not is_covered(proportions.difference(treated=treated, control=control), 0.0)
    return SimulatedShare(stratified / count, count), SimulatedShare(plain / count, count)
