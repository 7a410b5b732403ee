"""PURE  Find rows that would count the same units twice: rows with the same keys, and totals of other rows."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analytics.csv_analysis.arm_table import Codes, Numbers, sum_by


def find_equal_keys(columns: Sequence[Codes]) -> tuple[int, int] | None:
    """The places of a row and of one before it whose codes are the same in all columns."""
    keys = _combine(columns)
    keys.sort()  # in place: of a million rows each copy takes 8 MB
    again = keys[1:] == keys[:-1]
    if not again.any():
        return None
    order = np.argsort(_combine(columns), kind="stable")
    later, earlier = order[1:][again], order[:-1][again]
    first = int(np.argmin(later))
    return int(later[first]), int(earlier[first])


def _combine(columns: Sequence[Codes]) -> npt.NDArray[np.int64]:
    """One number for each row, the same only where all codes are."""
    combined = columns[0].astype(np.int64)
    for codes in columns[1:]:
        size = int(codes.max()) + 1
        if (int(combined.max()) + 1) * size > np.iinfo(np.int64).max:
            combined = np.unique(combined, return_inverse=True)[1].astype(np.int64)
        combined *= size
        combined += codes
    return combined


def find_total_arm(arm: Codes, n: Numbers, events: Numbers) -> int | None:
    """The code of an arm that is exactly the sum of all others, of which there are two or more."""
    sums_n, sums_events = sum_by(arm, n), sum_by(arm, events)
    is_total = (2 * sums_n == sums_n.sum()) & (2 * sums_events == sums_events.sum()) & (sums_n > 0)
    return int(np.argmax(is_total)) if is_total.any() and sums_n.size > 2 else None


def find_total_name(arm: Codes, names: Codes, n: Numbers, events: Numbers) -> int | None:
    """The code of a name, such as a stratum, that in each arm is the sum of the others, at least two."""
    sums = sum_by(names, n)
    # What is half of every arm is half of the table, which leaves few names to look at.
    for code in np.flatnonzero((2 * sums == sums.sum()) & (sums > 0)).tolist():
        its_arm, rows = arm[names == code], names == code
        is_total = all(
            np.array_equal(2 * sum_by(its_arm, values[rows], int(arm.max()) + 1), sum_by(arm, values))
            for values in (n, events)
        )
        if is_total and all(np.unique(names[arm == one]).size > 2 for one in np.unique(arm)):
            return int(code)
    return None


def find_total_row(arm: Codes, n: Numbers, events: Numbers) -> int | None:
    """The place of the first row that is the sum of its arm's others, if each arm has such a row and two others."""
    places = []
    for code, (sum_n, sum_events) in enumerate(zip(sum_by(arm, n), sum_by(arm, events), strict=True)):
        is_total = (arm == code) & (n == sum_n / 2) & (events == sum_events / 2)
        if not (is_total.any() and sum_n > 0 and np.count_nonzero(arm == code) > 2):
            return None
        places.append(int(np.argmax(is_total)))
    return min(places)


def repeats_itself(arm: Codes, n: Numbers, events: Numbers) -> bool:
    """Whether the second half of the rows is exactly the first, and they are more than single units."""
    half, odd = divmod(arm.size, 2)
    return not odd and bool(n.max() > 1) and all(np.array_equal(each[:half], each[half:]) for each in (arm, n, events))
