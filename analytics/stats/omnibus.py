"""Whether several arms differ at all: one test of all arms."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from analytics.stats.numerics.exact import TIE_TOLERANCE, Floats, Integers, compositions, log_binomials
from analytics.stats.values import Counts, NotEstimable

FEW_EXPECTED = 5.0
MAX_SIMULATED_UNITS = 10**9
"""The random generator draws from populations below this size."""


@dataclass(frozen=True, slots=True)
class Omnibus:
    """A statistic with its p-value: "pearson", "fisher-freeman-halton" or "fisher-freeman-halton-simulated"."""

    statistic: float
    df: int
    p_value: float
    method: str


def chi_square(
    arms: Sequence[Counts], *, generator: np.random.Generator | None = None, resamples: int = 20_000
) -> Omnibus | NotEstimable:
    """Do the rates differ between the arms more than chance explains? Says that they do, not which or by how much.

    Formula: The sum over arms of (x - n p)^2 / (n p (1 - p)), with x events of n in the arm and p the rate of all arms
    together, with one degree of freedom fewer than arms. Where an arm expects fewer than 5 events or non-events, the
    p-value is instead the sum of P = product of C(n, x) over arms / C(all units, all events) over all tables with these
    totals whose P is no larger than that of the one seen.

    Source: Pearson 1900, Philosophical Magazine 50:157, uncorrected; Freeman and Halton 1951, Biometrika 38:141.

    Not for: naming an arm or the size of a difference: use `multiplicity.dunnett`, or `multiplicity.holm` on planned
    comparisons. Nor as a condition for those: their error rates hold without it.

    The exact p is listed up to 200,000 tables; beyond, it is simulated with `resamples` draws from `generator` (by
    default one seeded with 0, so that the answer repeats) as (1 + as unlikely) / (1 + resamples). From 10^9 units that
    cannot be drawn, and p is Pearson's. Empty arms are left out. Fewer than two arms, or no variation, are
    NotEstimable.

    Karlan and List (2007, American Economic Review 97:1774), gifts by match ratio:

    >>> arms = [Counts(16687, 298), Counts(11133, 231), Counts(11134, 252), Counts(11129, 253)]
    >>> found = chi_square(arms)
    >>> round(found.statistic, 3), found.df, round(found.p_value, 4)
    (10.993, 3, 0.0118)
    """
    filled = [arm for arm in arms if arm.n > 0]
    if len(filled) < 2:
        return NotEstimable("Fewer than two arms have units.")
    n, events = sum(arm.n for arm in filled), sum(arm.events for arm in filled)
    if events in (0, n):
        return NotEstimable("The outcome does not vary.")
    # Whole numbers until the division, so that arms that match exactly give exactly zero.
    statistic = sum((arm.events * n - events * arm.n) ** 2 / (arm.n * events * (n - events)) for arm in filled)
    df = len(filled) - 1
    rarer = min(events, n - events)
    if min(arm.n for arm in filled) * rarer < FEW_EXPECTED * n:
        sizes = [arm.n for arm in filled]
        seen = [arm.events if events == rarer else arm.n - arm.events for arm in filled]
        tables = compositions(rarer, sizes)
        if tables is not None:
            return Omnibus(statistic, df, _enumerated_p(tables, sizes, seen), "fisher-freeman-halton")
        if n < MAX_SIMULATED_UNITS:
            drawn = generator if generator is not None else np.random.default_rng(0)
            tables = drawn.multivariate_hypergeometric(sizes, rarer, size=resamples, method="marginals")
            p_value = _simulated_p(tables, sizes, seen)
            return Omnibus(statistic, df, p_value, "fisher-freeman-halton-simulated")
    return Omnibus(statistic, df, float(chdtrc(df, statistic)), "pearson")


def _log_ways(tables: Integers, sizes: Sequence[int], seen: Sequence[int]) -> tuple[Floats, float]:
    """The log probability of each table and of the one seen, up to a constant, from counts that occur alone."""
    ways, ways_seen = np.zeros(len(tables)), 0.0
    for column, (size, count) in enumerate(zip(sizes, seen, strict=True)):
        first, last = int(tables[:, column].min()), int(tables[:, column].max())
        logs = log_binomials(size, first, last)
        ways += logs[tables[:, column] - first]
        ways_seen += float(logs[count - first])
    return ways, ways_seen


def _enumerated_p(tables: Integers, sizes: Sequence[int], seen: Sequence[int]) -> float:
    ways, ways_seen = _log_ways(tables, sizes, seen)
    weights = np.exp(ways - ways.max())
    return min(1.0, float(weights[ways <= ways_seen + TIE_TOLERANCE].sum() / weights.sum()))


def _simulated_p(tables: Integers, sizes: Sequence[int], seen: Sequence[int]) -> float:
    counts = np.array(seen, dtype=np.int64)
    lowest, highest = tables.min(axis=0), tables.max(axis=0)
    # A count this far outside all draws is less likely than any of them, and its table need not be worked out.
    margin = highest - lowest + 1000
    if bool(np.any((counts < lowest - margin) | (counts > highest + margin))):
        return 1 / (1 + len(tables))
    ways, ways_seen = _log_ways(np.vstack([tables, counts]), sizes, seen)
    # The table seen, in the last row, is the 1 in (1 + as unlikely) / (1 + draws).
    return int((ways <= ways_seen + TIE_TOLERANCE).sum()) / (1 + len(tables))
