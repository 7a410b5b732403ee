"""Exact tests of two proportions, and the enumeration that exact tests of several counts share.

Whether a table counts as at least as extreme as the observed one is often a tie, and a tie lost to rounding visibly
changes p. Barnard's ordering is therefore compared in whole numbers; orderings by probability are compared with a
relative tolerance of 1e-9, far above their rounding error.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, isqrt, prod
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from analytics.stats.values import Counts, NotEstimable, empty_arm

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

TIE_TOLERANCE = 1e-9
"""Log probabilities closer than this count as equal."""
MAX_UNCONDITIONAL_UNITS = 2000
"""The most units in both arms together for which Barnard's and Boschloo's tests are computed."""
MAX_ENUMERATED_TABLES = 200_000
"""The most tables that are enumerated."""


@dataclass(frozen=True, slots=True)
class ExactTest:
    """A two-sided exact p-value. `nuisance` is the common rate at which an unconditional test reaches it."""

    p_value: float
    method: str
    nuisance: float | None = None


def exact_test(
    *, treated: Counts, control: Counts, method: Literal["fisher", "barnard", "boschloo"] = "fisher"
) -> ExactTest | NotEstimable:
    """How often would equal rates give tables at least as far from equal as this one? Exact, two-sided.

    Formula: With arms of m and n units and e events in all, "fisher" is the sum of P(k) = C(m, k) C(n, e - k) / C(m +
    n, e) over every k no likelier than the one seen. "barnard" is the largest value, over a common rate r, of the sum
    of C(m, i) C(n, j) r^(i + j) (1 - r)^(m + n - i - j) over the tables (i, j) whose z^2 = (i/m - j/n)^2 / (q (1 - q)
    (1/m + 1/n)), with q = (i + j)/(m + n), is at least the one seen. "boschloo" is that sum over the tables whose
    "fisher" p is at most the one seen, so never above Fisher's p.

    Source: Fisher 1935, The Design of Experiments, chapter 2, two-sided as R's fisher.test; Barnard 1947, Biometrika
    34:123, in the order of Suissa and Shuster 1985, Journal of the Royal Statistical Society A 148:317; Boschloo 1970,
    Statistica Neerlandica 24:1.

    Not for: saying how large a difference is, for it gives no interval: use `difference`. With few units "fisher"
    rejects equal rates in far fewer than 5% of trials and so misses differences: use "boschloo" there.

    Ties count as extreme. Fisher's test takes arms of any size; the other two take 2,000 units in all and are
    NotEstimable beyond, where the Miettinen-Nurminen p is as good. An empty arm is NotEstimable; an outcome that does
    not vary has p 1.

    Fisher's tea tasting, 3 of 4 against 1 of 4 (The Design of Experiments, 1935; two-sided p 34/70):

    >>> found = exact_test(treated=Counts(n=4, events=3), control=Counts(n=4, events=1))
    >>> round(found.p_value, 4)
    0.4857
    """
    if empty := empty_arm(treated, control):
        return empty
    if method not in ("fisher", "barnard", "boschloo"):
        raise ValueError(f"unknown method {method!r}")
    events, n = treated.events + control.events, treated.n + control.n
    if events in (0, n):
        return ExactTest(1.0, method)
    if method == "fisher":
        return ExactTest(_fisher(treated, control), method)
    if n > MAX_UNCONDITIONAL_UNITS:
        return NotEstimable(f"{method.capitalize()}'s test is computed for at most {MAX_UNCONDITIONAL_UNITS} units.")
    extreme = _barnard_region(treated, control) if method == "barnard" else _boschloo_region(treated, control)
    p_value, nuisance = _largest_probability(extreme)
    return ExactTest(min(1.0, p_value), method, nuisance)


def compositions(total: int, caps: Sequence[int]) -> Integers | None:
    """Enumerate the splits of `total` over cells of at most `caps`, one a row; None if there are too many."""
    room = sorted(min(cap, total) + 1 for cap in caps)
    if min(comb(total + len(caps) - 1, len(caps) - 1), prod(room[:-1])) > MAX_ENUMERATED_TABLES:
        return None
    rows: Integers = np.zeros((1, 0), dtype=np.int64)
    left: Integers = np.array([total], dtype=np.int64)
    for index, cap in enumerate(caps):
        rest = sum(caps[index + 1 :])
        lowest, highest = np.maximum(0, left - rest), np.minimum(cap, left)
        spans = highest - lowest + 1
        parents = np.repeat(np.arange(len(left)), spans)
        steps = np.arange(len(parents)) - np.repeat(np.cumsum(spans) - spans, spans)
        chosen = lowest[parents] + steps
        rows = np.column_stack([rows[parents], chosen])
        left = left[parents] - chosen
    return rows


def log_binomials(n: int, first: int, last: int) -> Floats:
    """log C(n, k) - log C(n, first) for k from first to last, summed from ratios so that a large n costs no digits."""
    k = np.arange(first, last, dtype=np.float64)
    return np.concatenate([[0.0], np.cumsum(np.log((n - k) / (k + 1.0)))])


def _hypergeometric(m: int, n: int, events: int) -> tuple[int, Floats]:
    """The first treated count and the log probabilities, up to a constant, of all that are not vanishingly unlikely."""
    lowest, highest = max(0, events - n), min(m, events)
    total = m + n
    mode = min(highest, max(lowest, (m + 1) * (events + 1) // (total + 2)))
    spread = isqrt(m * n * events * (total - events) // (total * total * max(1, total - 1))) + 1
    first, last = max(lowest, mode - 40 * spread - 400), min(highest, mode + 40 * spread + 400)
    # P(k+1)/P(k) - 1 = ((m+1)(events+1) - (k+1)(total+2)) / ((k+1)(n - events + k + 1)): its numerator is exact near
    # the mode, where the ratio is close to 1 and a quotient of large products would not be.
    k = np.arange(first, last, dtype=np.int64)
    numerator = float((m + 1) * (events + 1) - (mode + 1) * (total + 2)) - (k - mode) * float(total + 2)
    steps = np.log1p(numerator / ((k + 1.0) * (n - events + k + 1.0)))
    return first, np.concatenate([[0.0], np.cumsum(steps)])


def _fisher(treated: Counts, control: Counts) -> float:
    first, logs = _hypergeometric(treated.n, control.n, treated.events + control.events)
    seen = treated.events - first
    if not 0 <= seen < len(logs):
        return 0.0
    weights = np.exp(logs - logs.max())
    return min(1.0, float(weights[logs <= logs[seen] + TIE_TOLERANCE].sum() / weights.sum()))


def _barnard_region(treated: Counts, control: Counts) -> NDArray[np.bool_]:
    """Mark tables whose pooled z is at least as far from zero as the observed one, in whole numbers."""
    m, n = treated.n, control.n
    x, y = np.arange(m + 1, dtype=np.int64)[:, None], np.arange(n + 1, dtype=np.int64)[None, :]
    gap, varies = x * n - y * m, (x + y) * (m + n - x - y)
    seen_gap, seen_varies = gap[treated.events, control.events], varies[treated.events, control.events]
    # z^2 is proportional to gap^2 / varies. With at most 2,000 units both products stay below 2^63.
    extreme: NDArray[np.bool_] = gap * gap * seen_varies >= seen_gap * seen_gap * varies
    extreme &= (varies > 0) | (seen_gap == 0)
    return extreme


def _boschloo_region(treated: Counts, control: Counts) -> NDArray[np.bool_]:
    """Mark tables whose two-sided Fisher p is no larger than the observed one."""
    m, n = treated.n, control.n
    limit = _fisher(treated, control) * (1.0 + TIE_TOLERANCE)
    extreme = np.zeros((m + 1, n + 1), dtype=np.bool_)
    for events in range(m + n + 1):
        first, logs = _hypergeometric(m, n, events)
        order = np.argsort(logs)
        rising = logs[order]
        sums = np.cumsum(np.exp(rising - logs.max()))
        # A table's p is the sum up to the last table that ties with it.
        ties_end = np.searchsorted(rising, rising + TIE_TOLERANCE, side="right") - 1
        inside = order[sums[ties_end] / sums[-1] <= limit]
        extreme[first + inside, events - first - inside] = True
    return extreme


def _largest_probability(extreme: NDArray[np.bool_]) -> tuple[float, float]:
    """Maximise the probability of the marked tables over a common rate, on ever finer grids; return both."""
    m, n = extreme.shape[0] - 1, extreme.shape[1] - 1
    marked = extreme.astype(np.float64)

    def probability(angle: Floats) -> Floats:
        return np.asarray(((_binomial(m, angle) @ marked) * _binomial(n, angle)).sum(axis=1))

    angles = np.linspace(0.0, np.pi / 2.0, 513)[1:-1]
    values = probability(angles)
    step = float(angles[1] - angles[0])
    best, best_rate = -1.0, 0.0
    for start in np.argsort(values)[-3:]:
        centre, width = float(angles[start]), step
        for _ in range(6):
            near = np.clip(np.linspace(centre - width, centre + width, 33), 1e-9, np.pi / 2.0 - 1e-9)
            values_near = probability(near)
            top = int(np.argmax(values_near))
            centre, width = float(near[top]), width / 12.0
            if values_near[top] > best:
                best, best_rate = float(values_near[top]), float(np.sin(near[top]) ** 2)
    return best, best_rate


def _binomial(n: int, angle: Floats) -> Floats:
    """Binomial probabilities at the rates sin(angle)^2, one rate a row."""
    x = np.arange(n + 1, dtype=np.float64)
    ways = gammaln(n + 1.0) - gammaln(x + 1.0) - gammaln(n - x + 1.0)
    log_p, log_q = 2.0 * np.log(np.sin(angle[:, None])), 2.0 * np.log(np.cos(angle[:, None]))
    return np.asarray(np.exp(ways + x * log_p + (n - x) * log_q))
