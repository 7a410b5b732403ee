"""PURE  Put days in order: dates or numbers, all of them written alike."""

import re
from collections.abc import Sequence
from datetime import datetime

_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?")
_NUMERIC = "number"
# Every order of day, month and year that people write. Where two of them put the days into different orders, the
# column is ambiguous.
_FORMATS = (
    _NUMERIC,
    *("%Y-%m-%d", "%Y-%m-%d 00:00:00", "%Y-%m-%dT00:00:00", "%Y-%m", "%Y/%m/%d", "%Y.%m.%d"),
    *(f"%d{sign}%m{sign}%{year}" for sign in "/.-" for year in "Yy"),
    *(f"%m{sign}%d{sign}%{year}" for sign in "/.-" for year in "Yy"),
    *(f"%y{sign}%m{sign}%d" for sign in "/.-"),
    *("%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%b %d %Y", "%b %d, %Y", "%B %d %Y", "%B %d, %Y"),
)


class UnreadableDay(ValueError):
    """A day cannot be put in order. The message says why."""

    def __init__(self, day: str, reason: str) -> None:
        super().__init__(reason)
        self.day = day


def rank_days(days: Sequence[str]) -> list[int]:
    """The place of each day in order, counted from 0. Two ways to write one day, such as 1 and 01, have one place."""
    orders = set()
    longest = 0
    for written in _FORMATS:
        readable = _read(days, written)
        longest = max(longest, len(readable))
        if len(readable) == len(days):
            places = {value: place for place, value in enumerate(sorted(set(readable)))}
            orders.add(tuple(places[value] for value in readable))
    if not orders:
        raise UnreadableDay(days[longest], "is neither a number nor a date in the format of the days above it")
    if len(orders) > 1:
        raise UnreadableDay(days[0], "is ambiguous: day, month and year can be read in two orders")
    return list(orders.pop())


def _read(days: Sequence[str], written: str) -> list[float]:
    """The days as numbers that grow, as many as can be read in one format from the first on."""
    values = []
    for day in days:
        if written == _NUMERIC:
            if not _NUMBER.fullmatch(day):
                break
            values.append(float(day))
        else:
            try:
                values.append(float(datetime.strptime(day, written).toordinal()))
            except ValueError:
                break
    return values
