"""PURE  Decide which whole days of one arm may be shown beside its looks.

A look shows how many people had seen an arm at that moment, and so does the end of a day: the difference between the
two is the people of the hours between. A day is shown only if every two numbers ever shown of the arm differ by nobody
or by at least `least`. Three conditions ensure that:

    far      from every look that was shown
    moved    since the previous day that was shown, or since the beginning
    covered  enough people were counted since, so that no later look can come close; or a look shows the same number

People of a day that is not shown are part of the next one that is. What holds once holds for good. See decision 0017.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class DayTotal:
    """How many people in all had seen the arm by the end of one day."""

    day: date
    people: int


def releasable_days(days: Sequence[DayTotal], *, looks: Collection[int], now: int, least: int) -> list[DayTotal]:
    """Filter whole days, given in order, to those that may be shown. `now` is the total counted so far.

    >>> days = [DayTotal(date(2026, 3, day), people) for day, people in ((1, 40), (2, 95), (3, 140))]
    >>> [each.people for each in releasable_days(days, looks=[100], now=150, least=10)]
    [40, 140]
    """
    shown: list[DayTotal] = []
    for each in days:
        last = shown[-1].people if shown else 0
        far = all(each.people == look or abs(each.people - look) >= least for look in looks)
        moved = each.people == last or each.people - last >= least
        covered = each.people == last or each.people in looks or now - each.people >= least
        if far and moved and covered:
            shown.append(each)
    return shown


def people_by_day(shown: Sequence[DayTotal]) -> dict[date, float]:
    """Return the people of each day by its shown totals; of days that are shown together, their average each.

    >>> days = [DayTotal(date(2026, 3, day), people) for day, people in ((1, 40), (3, 140))]
    >>> [(day.day, people) for day, people in people_by_day(days).items()]
    [(1, 40.0), (2, 50.0), (3, 50.0)]
    """
    found: dict[date, float] = {}
    people, last = 0, None
    for total in shown:
        first = last + timedelta(days=1) if last else total.day
        days = (total.day - first).days + 1
        found |= {first + timedelta(days=n): (total.people - people) / days for n in range(days)}
        people, last = total.people, total.day
    return found
