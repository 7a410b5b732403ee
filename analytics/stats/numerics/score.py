"""Score statistics for two proportions, inverted through their Lagrange multiplier.

The usual algorithm solves a cubic (difference) or a quadratic (ratio) for the constrained maximum likelihood estimate
at each trial value, and cancels digits when rates are small and arms are large. Here the multiplier m of the constraint
is the unknown. Given m, each arm's constrained rate solves its own equation, the statistic is a closed form in m that
never decreases, and the end of the interval follows from m. The results are those of the papers.
"""

from math import inf, sqrt

from analytics.stats.numerics.root_finder import solve_increasing
from analytics.stats.values import Counts


def _shrunk(n: int, events: int, m: float) -> tuple[float, float]:
    """(p, 1 - p) for the p <= events/n with n (events/n - p) = m p (1 - p), free of cancellation."""
    root = sqrt((n - m) * (n - m) + 4.0 * m * (n - events))
    p = 2.0 * events / (n + m + root)
    if m > n:
        return p, (m - n + root) / (2.0 * m)
    below = n - m + root
    return p, (2.0 * (n - events) / below if below > 0.0 else 0.0)


def constrained_rates(higher: Counts, lower: Counts, m: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """(p, 1 - p) of each arm, likeliest for their difference, when m pushes `higher` up and `lower` down."""
    q1, p1 = _shrunk(higher.n, higher.n - higher.events, m)
    return (p1, q1), _shrunk(lower.n, lower.events, m)


def _variance(higher: Counts, lower: Counts, m: float) -> float:
    """Variance of the difference at the constrained rates."""
    (p1, q1), (p2, q2) = constrained_rates(higher, lower, m)
    return p1 * q1 / higher.n + p2 * q2 / lower.n


def difference_of(treated: Counts, control: Counts) -> float:
    """Treated rate minus control rate, correctly rounded because the numerator is a whole number."""
    return (treated.events * control.n - control.events * treated.n) / (treated.n * control.n)


def pooled_z(treated: Counts, control: Counts) -> float:
    """The Miettinen-Nurminen z at a difference of zero: pooled variance times N/(N-1). Zero when nothing varies."""
    events, n = treated.events + control.events, treated.n + control.n
    if events in (0, n):
        return 0.0
    variance = events * (n - events) / (treated.n * control.n * (n - 1))
    return difference_of(treated, control) / sqrt(variance)


def difference_upper(treated: Counts, control: Counts, z: float) -> float:
    """The largest difference whose Miettinen-Nurminen statistic lies within z of zero.

    With m the multiplier, the hypothesised difference exceeds the observed one by m V(m), and the squared statistic is
    m^2 V(m) (N-1)/N. Both never decrease in m, so z determines m and m the end: d + z^2 N/(N-1) / m.
    """
    d = difference_of(treated, control)
    n = treated.n + control.n
    goal = z * z * n / (n - 1)
    if goal == 0.0 or d == 1.0:
        return d
    at_observed = _variance(treated, control, 0.0)
    start = sqrt(goal / at_observed) if at_observed > 0.0 else min(treated.n, control.n) + goal
    m = solve_increasing(lambda m: m * m * _variance(treated, control, m), goal, start)
    return min(1.0, d + goal / m)


def difference_z(treated: Counts, control: Counts, hypothesised: float) -> float:
    """The Miettinen-Nurminen z of a hypothesised difference: positive when the data lie above it. May be infinite."""
    gap = difference_of(treated, control) - hypothesised
    if gap == 0.0:
        return 0.0
    if hypothesised == 0.0:
        return pooled_z(treated, control)
    if gap > 0.0:
        return -difference_z(control, treated, -hypothesised)
    if hypothesised >= 1.0:
        return -inf
    n = treated.n + control.n
    at_observed = _variance(treated, control, 0.0)
    start = -gap / at_observed if at_observed > 0.0 else float(n)
    m = solve_increasing(lambda m: m * _variance(treated, control, m), -gap, start)
    return -sqrt(m * -gap * (n - 1) / n)


def ratio_upper(treated: Counts, control: Counts, z: float) -> float:
    """The largest ratio of rates whose Koopman statistic lies within z of zero; `inf` for a control arm without events.

    With m the multiplier the constrained rates are (x1 + m)/(n1 + m) and (x2 - m)/(n2 - m), the squared statistic is
    m^2 (y1 / (n1 (x1 + m)) + y2 / (n2 (x2 - m))), where x counts events and y the rest.
    """
    n1, x1, n2, x2 = treated.n, treated.events, control.n, control.events
    y1, y2 = n1 - x1, n2 - x2
    if x2 == 0:
        return inf
    goal = z * z
    if goal == 0.0:
        return x1 * n2 / (n1 * x2)
    if y2 == 0:
        # A full control arm stays full until m reaches n2; from there its rate falls while m stays.
        m = inf if y1 == 0 else (goal * n1 + sqrt(goal * n1 * (goal * n1 + 4.0 * y1 * x1))) / (2.0 * y1)
        if m <= n2:
            return (x1 + m) / (n1 + m)
        treated_rate = (x1 + n2) / (n1 + n2)
        odds_against = goal / n2 - n2 * y1 / (n1 * (x1 + n2))
        return treated_rate * (1.0 + max(0.0, odds_against))

    def squared_statistic(s: float) -> float:
        m = x2 * (s / (1.0 + s))
        return m * m * (y1 / (n1 * (x1 + m)) + y2 * (1.0 + s) / (n2 * x2))

    guess = y2 / (n2 * x2) + (y1 / (n1 * x1) if x1 else 0.0)
    s = solve_increasing(squared_statistic, goal, sqrt(goal / guess) / x2)
    m = x2 * (s / (1.0 + s))
    return (x1 + m) * (n2 - m) * (1.0 + s) / ((n1 + m) * x2)


def odds_ratio_upper(treated: Counts, control: Counts, z: float) -> float:
    """The largest odds ratio whose score statistic lies within z of zero; `inf` when none is too large.

    Cornfield's construction: move u units across every cell with the margins fixed; the squared statistic is u^2 times
    the sum of reciprocals of the moved cells, and the odds ratio is theirs.
    """
    a, b = treated.events, treated.n - treated.events
    c, d = control.events, control.n - control.events
    room = min(b, c)
    if room == 0:
        return inf
    goal = z * z
    if goal == 0.0:
        return a * d / (b * c)
    spare_b, spare_c = b - room, c - room

    def squared_statistic(s: float) -> float:
        u, left = room * (s / (1.0 + s)), room / (1.0 + s)
        return u * u * (1.0 / (a + u) + 1.0 / (spare_b + left) + 1.0 / (spare_c + left) + 1.0 / (d + u))

    guess = 1.0 / max(a, 0.5) + 1.0 / b + 1.0 / c + 1.0 / max(d, 0.5)
    s = solve_increasing(squared_statistic, goal, sqrt(goal / guess) / room)
    u, left = room * (s / (1.0 + s)), room / (1.0 + s)
    return (a + u) * (d + u) / ((spare_b + left) * (spare_c + left))
