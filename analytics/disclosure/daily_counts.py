"""PURE  Which whole days of one arm may be shown beside the looks, so that no two numbers tell of a few people.

A look shows how many had seen an arm at its moment. A day's end is another such number: the two subtracted are the
people of the hours between. So a day is shown only if every pair of numbers that are ever shown of the arm differs by
nobody or by at least `least`:

    far      from every look that was shown
    moved    since the day that was shown before it, or since the beginning
    covered  so many more have been counted since, so that no later look can come close; or a look shows the same

A day that is not shown is told with the next one that is. What was shown stays shown: each condition that holds once
holds for good, because counts do not fall and a look moves by nobody or by at least `least`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class DayTotal:
    """The end of one day: how many people had seen the arm by then, in all."""

    day: date
    people: int


def releasable_days(days: Sequence[DayTotal], *, looks: Collection[int], now: int, least: int) -> list[DayTotal]:
    """The days that may be shown, of whole days in order; `now` is how many are counted at this moment.

    >>> days = [DayTotal(date(2026, 3, day), people) for day, people in ((1, 40), (2, 95), (3, 140))]
    >>> [each.people for each in releasable_days(days, looks=[100], now=150, least=10)]
    [40, 140]
    """
    told: list[DayTotal] = []
    for each in days:
        last = told[-1].people if told else 0
        far = all(each.people == look or abs(each.people - look) >= least for look in looks)
        moved = each.people == last or each.people - last >= least
        covered = each.people == last or each.people in looks or now - each.people >= least
        if far and moved and covered:
            told.append(each)
    return told
