"""PURE  Round what finer numbers would tell of single people."""

from math import copysign, floor, log10


def digits_of_one(count: int, *, least: int = 2) -> int:
    """How many decimals a share or a ratio keeps, so that its last is about one of so many people."""
    return max(floor(log10(count)) if count else 0, least)


def round_end(end: float, digits: int, *, margin: float) -> float:
    """Round an end of an interval, on its own side of zero and of a margin: what the verdict tells stays to be seen.

    >>> round_end(0.0004, 2, margin=0.02), round_end(0.0196, 2, margin=0.02), round_end(0.0196, 2, margin=0.0)
    (0.01, 0.01, 0.02)
    """
    rounded = round(end, digits)
    for bound in (0.0, margin, -margin):
        if (rounded - bound) * (end - bound) <= 0 and end != bound:
            rounded = round(rounded + copysign(10.0**-digits, end - bound), digits)
    return rounded
