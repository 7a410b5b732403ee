"""PURE  Simulate how often each interval covers the truth, seeded, with one entry for each interval and setting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analytics.comparison.compare import MIN_EVENTS
from analytics.simulation_study.error_rates import SimulatedShare, is_covered
from analytics.stats import (
    Counts,
    Estimate,
    Levels,
    bayes,
    clusters,
    equivalence,
    factorial,
    meta,
    multiplicity,
    ordinal,
    proportions,
    sequential,
    strata,
)

RandomGenerator = np.random.Generator
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class CoverageCase:
    """One interval in one setting. `run_trial` returns whether every interval of a trial covered the truth.

    `trials_fraction` reduces the number of trials where one is slow.
    """

    interval: str
    setting: str
    run_trial: Callable[[RandomGenerator], bool]
    trials_fraction: float = 1.0


def simulate_case(entry: CoverageCase, *, count: int, seed: int) -> SimulatedShare:
    """Simulate the share of trials in which the interval covered the truth."""
    source = np.random.default_rng(seed)
    trials = max(round(count * entry.trials_fraction), 20)
    return SimulatedShare(sum(entry.run_trial(source) for _ in range(trials)) / trials, trials)


def _draw(source: RandomGenerator, n: int, p: float) -> Counts:
    return Counts(n, int(source.binomial(n, p)))


def _levels(source: RandomGenerator, n: int, shares: Sequence[float]) -> Levels:
    return Levels([int(count) for count in source.multinomial(n, shares)])


_LOW, _HIGH = (0.4, 0.3, 0.15, 0.1, 0.05), (0.3, 0.3, 0.2, 0.1, 0.1)
_RARE = (0.92, 0.06, 0.015, 0.004, 0.001)


def _ordinal(name: str, n: int, first: Sequence[float], second: Sequence[float]) -> Callable[[RandomGenerator], bool]:
    score = np.arange(1, 6)
    gap = float(score @ np.array(first) - score @ np.array(second))
    below = np.concatenate(([0.0], np.cumsum(second)[:-1])) + np.array(second) / 2
    truth = {"superiority": float(np.array(first) @ below), "mean_difference": gap, "mean": float(score @ first)}[name]

    def run_trial(source: RandomGenerator) -> bool:
        treated, control = _levels(source, n, first), _levels(source, n, second)
        if name == "mean":
            return is_covered(ordinal.mean(treated), truth)
        return is_covered(getattr(ordinal, name)(treated=treated, control=control), truth)

    return run_trial


def _factorial(scale: Any, term: str, n: int, rates: Sequence[float]) -> Callable[[RandomGenerator], bool]:
    p = np.array(rates)
    value = np.log(p / (1 - p)) if scale == "odds" else p
    neither, first, second, both = (float(v) for v in value)
    truth = {
        "first": (first - neither + both - second) / 2,
        "second": (second - neither + both - first) / 2,
        "interaction": both - first - second + neither,
        "both_minus_first": both - first,
    }[term]

    def run_trial(source: RandomGenerator) -> bool:
        cells = [_draw(source, n, rate) for rate in rates]
        found = factorial.two_by_two(neither=cells[0], first=cells[1], second=cells[2], both=cells[3], scale=scale)
        return is_covered(getattr(found, term), truth)

    return run_trial


def _strata(name: str, cells: Sequence[tuple[int, int, float]]) -> Callable[[RandomGenerator], bool]:
    """Strata of (treated n, control n, rate), with equal arms."""

    def run_trial(source: RandomGenerator) -> bool:
        rows = [strata.Stratum(treated=_draw(source, n, p), control=_draw(source, m, p)) for n, m, p in cells]
        return is_covered(getattr(strata, name)(rows), 0.0 if name == "difference" else 1.0)

    return run_trial


def _clusters(
    variance: Any, sizes: tuple[Sequence[int], Sequence[int]], rate: float, spread: float
) -> Callable[[RandomGenerator], bool]:
    a, b = rate / spread, (1 - rate) / spread

    def run_trial(source: RandomGenerator) -> bool:
        sides = [
            [_draw(source, n, p) for n, p in zip(side, source.beta(a, b, size=len(side)), strict=True)]
            for side in sizes
        ]
        return is_covered(clusters.difference(treated=sides[0], control=sides[1], variance=variance), 0.0)

    return run_trial


def _dunnett(n: int, rate: float) -> Callable[[RandomGenerator], bool]:
    def run_trial(source: RandomGenerator) -> bool:
        arms = [_draw(source, n, rate) for _ in range(4)]
        return all(is_covered(found, 0.0) for found in multiplicity.dunnett(arms[1:], control=arms[0]))

    return run_trial


_FIVE = sequential.boundaries([0.2, 0.4, 0.6, 0.8, 1.0])


def _sums(source: RandomGenerator, n: int, rate: float, looks: int) -> npt.NDArray[np.int64]:
    return np.cumsum(source.binomial(n, rate, size=(looks, 2)), axis=0, dtype=np.int64)


def _repeated(n: int, rate: float) -> Callable[[RandomGenerator], bool]:
    def run_trial(source: RandomGenerator) -> bool:
        for look, (x, y) in enumerate(_sums(source, n, rate, 5), start=1):
            plain = proportions.difference(
                treated=Counts(n * look, int(x)), control=Counts(n * look, int(y)), method="wald"
            )
            if not isinstance(plain, Estimate) or plain.standard_error is None:
                continue
            found = sequential.repeated_interval(
                effect=plain.effect, standard_error=plain.standard_error, boundaries=_FIVE, look=look
            )
            if not is_covered(found, 0.0):
                return False
        return True

    return run_trial


def _sequence(n: int, rate: float, *, least: int) -> Callable[[RandomGenerator], bool]:
    def run_trial(source: RandomGenerator) -> bool:
        for day, (x, y) in enumerate(_sums(source, n, rate, 28), start=1):
            treated, control = Counts(n * day, int(x)), Counts(n * day, int(y))
            if min(treated.events, control.events, n * day - treated.events, n * day - control.events) < least:
                continue
            found = sequential.confidence_sequence(treated=treated, control=control, n_planned=56 * n)
            if not is_covered(found, 0.0):
                return False
        return True

    return run_trial


def _bayes(n: int, rates: tuple[float, float] | None) -> Callable[[RandomGenerator], bool]:
    def run_trial(source: RandomGenerator) -> bool:
        p, q = rates or (float(source.random()), float(source.random()))
        found = bayes.credible_difference(treated=_draw(source, n, p), control=_draw(source, n, q))
        return is_covered(found, p - q)

    return run_trial


def _meta(campaigns: int, tau: float, *, prediction: bool) -> Callable[[RandomGenerator], bool]:
    def run_trial(source: RandomGenerator) -> bool:
        effects = source.normal(0.03, tau, size=campaigns)
        estimates = [
            proportions.difference(
                treated=_draw(source, 1000, 0.4 + e), control=_draw(source, 1000, 0.4), method="wald"
            )
            for e in effects
        ]
        found = meta.random_effects(estimates)
        if not isinstance(found, meta.PooledEstimate):
            return True
        truth = float(source.normal(0.03, tau)) if prediction else 0.03
        return truth in (found.prediction if prediction else found.interval)

    return run_trial


def _pair(
    make: Callable[..., Any], truth: float, sizes: tuple[int, int], rates: tuple[float, float]
) -> Callable[[RandomGenerator], bool]:
    def run_trial(source: RandomGenerator) -> bool:
        return is_covered(
            make(treated=_draw(source, sizes[0], rates[0]), control=_draw(source, sizes[1], rates[1])), truth
        )

    return run_trial


def _margin(n: int) -> Callable[[RandomGenerator], bool]:
    """Two one-sided tests of a difference exactly on the margin, where equivalence must not be claimed."""

    def run_trial(source: RandomGenerator) -> bool:
        found = equivalence.test(treated=_draw(source, n, 0.43), control=_draw(source, n, 0.40), margin=0.03)
        return not (isinstance(found, equivalence.Equivalence) and found.equivalent)

    return run_trial


_LARGE_STRATA = [(120, 80, 0.1), (120, 80, 0.3), (120, 80, 0.6)]
_SMALL_STRATA = [(10, 8, p) for p in np.linspace(0.1, 0.6, 50)]
_RARE_STRATA = [(20_000, 15_000, 0.0005), (20_000, 15_000, 0.001), (20_000, 25_000, 0.0002)]
_UNEQUAL = ((200, 20, 45, 10, 80, 12, 33, 60), (15, 150, 22, 64, 30, 91, 18, 40, 70))


def coverage_cases() -> list[CoverageCase]:
    """List every interval of analytics.stats that `make simulate` does not show for two equal arms already."""
    made = []
    for name in ("superiority", "mean_difference", "mean"):
        made += [
            CoverageCase(f"ordinal.{name}", f"{n} answers per arm, arms differ", _ordinal(name, n, _HIGH, _LOW))
            for n in (20, 300)
        ]
        made.append(
            CoverageCase(f"ordinal.{name}", "1,000 answers, nearly all the lowest", _ordinal(name, 1000, _RARE, _RARE))
        )
    for scale in ("difference", "odds"):
        for term in ("first", "second", "interaction", "both_minus_first"):
            label = f"factorial.two_by_two .{term}, {scale}"
            made.append(
                CoverageCase(label, "500 per arm, 40 to 50%", _factorial(scale, term, 500, (0.4, 0.45, 0.42, 0.5)))
            )
            made.append(CoverageCase(label, "20,000 per arm, 0.1%", _factorial(scale, term, 20_000, (0.001,) * 4)))
    for name in ("difference", "ratio", "odds_ratio"):
        for setting, cells in (
            ("3 thick strata", _LARGE_STRATA),
            ("50 thin strata", _SMALL_STRATA),
            ("0.02 to 0.1%", _RARE_STRATA),
        ):
            made.append(CoverageCase(f"strata.{name}", setting, _strata(name, cells)))
    for variance in ("cr2", "cr1"):
        label = f"clusters.difference, {variance}"
        made += [
            CoverageCase(
                label, "12 and 15 equal clusters, 30%", _clusters(variance, ((30,) * 12, (30,) * 15), 0.3, 0.05)
            ),
            CoverageCase(label, "5 and 6 equal clusters, 30%", _clusters(variance, ((30,) * 5, (30,) * 6), 0.3, 0.05)),
            CoverageCase(label, "8 and 9 unequal clusters, 30%", _clusters(variance, _UNEQUAL, 0.3, 0.05)),
            CoverageCase(
                label, "40 and 40 clusters of 500, 0.5%", _clusters(variance, ((500,) * 40, (500,) * 40), 0.005, 0.002)
            ),
        ]
    for n, rate in ((200, 0.3), (20_000, 0.001)):
        made.append(CoverageCase("multiplicity.dunnett, all at once", f"{n:,} per arm, {rate:.1%}", _dunnett(n, rate)))
    for n, rate in ((200, 0.4), (20_000, 0.001)):
        made.append(
            CoverageCase(
                "sequential.repeated_interval, all five looks", f"{n:,} per look, {rate:.1%}", _repeated(n, rate), 0.25
            )
        )
    for n, rate in ((200, 0.5), (1000, 0.05), (5000, 0.005), (50_000, 0.0002)):
        for least, how in ((0, "from the first day"), (MIN_EVENTS, f"held until {MIN_EVENTS} events")):
            made.append(
                CoverageCase(
                    "sequential.confidence_sequence, all 28 looks",
                    f"{n:,} a day, {rate:.2%}, {how}",
                    _sequence(n, rate, least=least),
                )
            )
    made += [
        CoverageCase("bayes.credible_difference", "50 per arm, rates drawn from the prior", _bayes(50, None), 0.5),
        CoverageCase("bayes.credible_difference", "500 per arm, 5%", _bayes(500, (0.05, 0.05)), 0.5),
        CoverageCase("bayes.credible_difference", "50,000 per arm, 0.02%", _bayes(50_000, (0.0002, 0.0002)), 0.5),
    ]
    for campaigns in (3, 10, 30):
        for tau in (0.0, 0.02):
            made.append(
                CoverageCase(
                    "meta.random_effects",
                    f"{campaigns} campaigns, tau {tau:g}",
                    _meta(campaigns, tau, prediction=False),
                    0.5,
                )
            )
        made.append(
            CoverageCase(
                "meta.random_effects, prediction",
                f"{campaigns} campaigns, tau 0.02",
                _meta(campaigns, 0.02, prediction=True),
                0.5,
            )
        )
    for sizes, rates in (((900, 100), (0.10, 0.05)), ((90_000, 10_000), (0.0004, 0.0002)), ((500, 500), (0.10, 0.05))):
        setting = f"{sizes[0]:,} and {sizes[1]:,}, {rates[0]:.2%} and {rates[1]:.2%}"
        odds = rates[0] / (1 - rates[0]) / (rates[1] / (1 - rates[1]))
        for label, make, truth in (
            ("proportions.difference", proportions.difference, rates[0] - rates[1]),
            ("proportions.ratio", proportions.ratio, rates[0] / rates[1]),
            ("proportions.odds_ratio", proportions.odds_ratio, odds),
        ):
            made.append(CoverageCase(label, setting, _pair(make, truth, sizes, rates)))
    made.append(CoverageCase("equivalence.test, on the margin", "2,000 per arm: not called equivalent", _margin(2000)))
    return made


# Why intervals deviate from their level by more than four Monte Carlo errors.
MISCOVERAGE_REASONS = {
    "ordinal": "Rests on a t reference: with few answers, or nearly all alike, it strays a little.",
    "factorial.two_by_two": "Wald intervals: with few events per arm they stray.",
    "strata": "The normal reference is rough where strata are very thin or events very rare.",
    "clusters.difference, cr2": "With few or unequal clusters Satterthwaite's degrees of freedom are rough.",
    "clusters.difference, cr1": "It covers too little with few or unequal clusters: use CR2.",
    "multiplicity.dunnett": "Rests on score intervals, which swing where counts are small.",
    "sequential.repeated_interval": "Covers at least its level, and more while events are few.",
    "sequential.confidence_sequence": "Made to hold at every look for ever, so over 28 looks it holds more often.",
    "bayes.credible_difference": "Its level is on average over the prior; at one fixed rate it may differ.",
    "meta.random_effects": "Rests on a t reference, rough with few campaigns.",
    "meta.random_effects, prediction": (
        "Where campaigns differ little beside their own errors, their spread is often taken for none, and then the "
        "range for the next one is too narrow: read it as rough."
    ),
    "proportions": "Counts are whole: where events are few, or the arms of unequal size, it is cautious.",
    "equivalence.test": "Two one-sided tests at 5% each: at most 5% of false claims on a margin, fewer when small.",
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
        neither, second = _draw(source, per_arm, 0.4), _draw(source, per_arm, 0.4)
        first, both = _draw(source, per_arm, 0.4 + gain), _draw(source, per_arm, 0.4 + gain)
        found = factorial.two_by_two(neither=neither, first=first, second=second, both=both).first
        by_factorial += not is_covered(found, 0.0)
        by_pair += not is_covered(proportions.difference(treated=first, control=neither), 0.0)
    return SimulatedShare(by_factorial / count, count), SimulatedShare(by_pair / count, count)


def stratified_power(*, per_cell: int, gain: float, count: int, seed: int) -> tuple[SimulatedShare, SimulatedShare]:
    """Power over two placements at 5% and 60%, by Mantel-Haenszel and by the plain pair."""
    source, stratified, plain = np.random.default_rng(seed), 0, 0
    for _ in range(count):
        cells = [(_draw(source, per_cell, p + gain), _draw(source, per_cell, p)) for p in (0.05, 0.60)]
        rows = [strata.Stratum(treated=treated, control=control) for treated, control in cells]
        stratified += not is_covered(strata.difference(rows), 0.0)
        treated, control = cells[0][0] + cells[1][0], cells[0][1] + cells[1][1]
        plain += not is_covered(proportions.difference(treated=treated, control=control), 0.0)
    return SimulatedShare(stratified / count, count), SimulatedShare(plain / count, count)
