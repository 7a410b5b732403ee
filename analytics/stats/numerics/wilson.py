"""Wilson's interval for a rate, also for an effective number of units that is no whole number."""

from math import sqrt


def wilson(n: float, events: float, z: float) -> tuple[float, float]:
    """The rates that a score test would not reject: the ends of Wilson's interval.

    >>> [round(end, 4) for end in wilson(263, 81, 1.959964)]
    [0.2553, 0.3662]
    """
    middle = 2.0 * events + z * z
    spread = z * sqrt(z * z + 4.0 * events * (n - events) / n)
    low = 2.0 * events * events / n / (middle + spread) if events else 0.0
    high = (middle + spread) / (2.0 * (n + z * z)) if events < n else 1.0
    return min(low, events / n), max(events / n, min(1.0, high))
