"""Whether the split between arms matches their weights. If it does not, no effect can be trusted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, fsum, isfinite, lgamma, log, log1p, pi
from typing import Literal

import numpy as np
from scipy.special import chdtrc, gammaln

from analytics.stats.numerics.exact import compositions
from analytics.stats.values import NotEstimable, whole_number

ALARM_BELOW = 0.0005
CAUTION_BELOW = 0.01
FEW_EXPECTED = 5.0

Status = Literal["ok", "caution", "alarm"]


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """A test of the split: its statistic, degrees of freedom (None where it has none), p-value and status.

    `statistic` is chi-square for the fixed test and the log of the Bayes factor against the plan for the always-valid.
    """

    statistic: float
    df: int | None
    p_value: float
    status: Status
    method: str = "pearson"

    def at_p_value(self, p_value: float, *, method: str) -> "SampleRatio":
        """Return the same test with another p-value and the status of that."""
        return replace(self, p_value=p_value, status=_status_of(p_value), method=method)


def goodness_of_fit(observed: Sequence[int], weights: Sequence[float]) -> SampleRatio | NotEstimable:
    """Could chance alone have split the units like this? Fixed: for one planned look, not for checking every day.

    Formula: The sum of (x - n s)^2 / (n s) over the arms, x units in an arm, n in all, s = weight / total weight, with
    one degree of freedom fewer than arms. Where an arm expects fewer than 5 units, p is the exact multinomial
    probability of a chi-square at least as large, unless that takes more than 200,000 splits to add up.

    Source: Pearson 1900, Philosophical Magazine 50:157. The limits, 0.01 for caution and 0.0005 for alarm, are our own.

    Not for: checking every day, which raises false alarms: use `always_valid`. A large p does not show that the right
    people were counted: as many may be missing from each arm for different reasons.

    Weights need not sum to one. An arm of weight zero is not part of the test and takes a degree of freedom with it,
    but a single unit in it is impossible under the plan: then p is 0 and the status is alarm, and the statistic is that
    of the other arms. No units, or fewer than two arms with weight, are NotEstimable.

    Mendel's peas (1866), 315 : 108 : 101 : 32 against 9 : 3 : 3 : 1, chi-square 0.470 with 3 degrees of freedom:

    >>> found = goodness_of_fit([315, 108, 101, 32], [9, 3, 3, 1])
    >>> round(found.statistic, 3), found.df, round(found.p_value, 3), found.status
    (0.47, 3, 0.925, 'ok')
    """
    split = _expected_shares(observed, weights)
    if isinstance(split, NotEstimable):
        return split
    counts, shares, impossible = split
    n = sum(counts)
    statistic = fsum((x - n * share) ** 2 / (n * share) for x, share in zip(counts, shares, strict=True)) if n else 0.0
    df = len(counts) - 1
    if impossible:
        return SampleRatio(statistic, df, 0.0, "alarm")
    if n * min(shares) < FEW_EXPECTED and (exact := _exact_p(counts, shares)) is not None:
        return SampleRatio(statistic, df, exact, _status_of(exact), "exact")
    p_value = float(chdtrc(df, statistic))
    return SampleRatio(statistic, df, p_value, _status_of(p_value))


def always_valid(
    observed: Sequence[int], weights: Sequence[float], *, concentration: float = 10_000.0, p_before: float = 1.0
) -> SampleRatio | NotEstimable:
    """Could chance alone have split the units like this, however often one tests? Daily checks are allowed.

    Formula: The Bayes factor B = Gamma(c) / Gamma(c + n) times the product over arms of Gamma(c s + x) / (Gamma(c s)
    s^x), x units in an arm, n in all, s = weight / total weight and c the `concentration` of a Dirichlet prior centred
    on s; p = min(1, 1/B, p_before).

    Source: Lindon and Malek 2022, Anytime-valid inference for multinomial count data, NeurIPS 35.

    Not for: small trials at the default concentration: a hundred units that all fell into one of two equal arms still
    give p 0.61. For one planned look use `goodness_of_fit`, or set a concentration near the trial's size beforehand.

    With a true split at the plan, p ever falls below a with probability at most a over any number of looks. A large
    concentration finds small deviations in large trials, a small one finds large deviations early; 10,000 is the
    default of the authors' program. `observed` are the totals so far. Give yesterday's p as `p_before` to report the
    smallest seen, which is valid too. `statistic` is the log of the Bayes factor. Weights and empty arms as in
    `goodness_of_fit`.

    By hand: with two equal weights and concentration 2 the prior is uniform, and ten units that all went to one arm
    make a Bayes factor of 2^10/11, so p is 11/1024.

    >>> round(always_valid([10, 0], [1, 1], concentration=2).p_value, 6), round(11 / 1024, 6)
    (0.010742, 0.010742)
    """
    if not (isfinite(concentration) and concentration > 0.0):
        raise ValueError(f"concentration must be above 0, not {concentration!r}")
    if not 0.0 <= p_before <= 1.0:
        raise ValueError(f"p_before lies between 0 and 1, not {p_before!r}")
    split = _expected_shares(observed, weights)
    if isinstance(split, NotEstimable):
        return split
    counts, shares, impossible = split
    log_factor = _log_bayes_factor(counts, shares, concentration)
    p_value = 0.0 if impossible else min(p_before, exp(min(0.0, -log_factor)))
    return SampleRatio(log_factor, None, p_value, _status_of(p_value), "always-valid")


def _log_bayes_factor(counts: Sequence[int], shares: Sequence[float], concentration: float) -> float:
    """log of Gamma(c) / Gamma(c + n) times the product of Gamma(c s + x) / Gamma(c s) / s^x.

    The gamma functions of a billion units are of the order 10^10 and cancel almost wholly. So Stirling's leading
    terms are combined by hand into a divergence from the plan, and only their small remainders are subtracted.
    """
    total = concentration + sum(counts)
    terms = [_stirling_rest(concentration) - _stirling_rest(total), 0.5 * log(total / concentration)]
    for count, share in zip(counts, shares, strict=True):
        prior = concentration * share
        expected, now = total * share, prior + count
        # now log(now / expected) - (now - expected), whose second part sums to zero over the arms.
        terms.append(now * log1p((now - expected) / expected) - (now - expected))
        terms.append(_stirling_rest(now) - _stirling_rest(prior) - 0.5 * log(now / prior))
    return fsum(terms)


def _stirling_rest(x: float) -> float:
    """log Gamma(x) - ((x - 1/2) log x - x + log(2 pi) / 2)."""
    if x < 20.0:
        return lgamma(x) - (x - 0.5) * log(x) + x - 0.5 * log(2.0 * pi)
    r = 1.0 / (x * x)
    return (1.0 / 12.0 - r * (1.0 / 360.0 - r * (1.0 / 1260.0 - r * (1.0 / 1680.0 - r / 1188.0)))) / x


def _exact_p(counts: Sequence[int], shares: Sequence[float]) -> float | None:
    n = sum(counts)
    splits = compositions(n, [n] * len(counts))
    if splits is None:
        return None
    expected = n * np.array(shares)
    statistics = ((splits - expected) ** 2 / expected).sum(axis=1)
    seen = float(((np.array(counts) - expected) ** 2 / expected).sum())
    logs = gammaln(n + 1.0) + (splits * np.log(shares) - gammaln(splits + 1.0)).sum(axis=1)
    return min(1.0, float(np.exp(logs[statistics >= seen * (1.0 - 1e-9)]).sum()))


def _status_of(p_value: float) -> Status:
    """The status of a split with this p-value."""
    if p_value < ALARM_BELOW:
        return "alarm"
    return "caution" if p_value < CAUTION_BELOW else "ok"


def _expected_shares(
    observed: Sequence[int], weights: Sequence[float]
) -> tuple[list[int], list[float], int] | NotEstimable:
    """Counts and shares of the arms with weight, and how many units are in arms without."""
    if len(observed) != len(weights):
        raise ValueError(f"{len(observed)} counts need as many weights, not {len(weights)}")
    observed = [whole_number(count, "a count") for count in observed]
    for weight in weights:
        if not (isfinite(weight) and weight >= 0.0):
            raise ValueError(f"a weight is a number of at least 0, not {weight!r}")
    total = fsum(weights)
    if total <= 0.0:
        raise ValueError("at least one arm needs a weight above 0")
    weighted = [(count, weight / total) for count, weight in zip(observed, weights, strict=True) if weight > 0.0]
    impossible = sum(count for count, weight in zip(observed, weights, strict=True) if weight == 0.0)
    if not any(observed):
        return NotEstimable("No units have been assigned yet.")
    if len(weighted) < 2 and not impossible:
        return NotEstimable("Only one arm has weight, so there is no split to test.")
    return [count for count, _ in weighted], [share for _, share in weighted], impossible
