"""PURE  Which arm a placement shows in each period, where it can show one at a time: drawn in balanced blocks.

Periods of a day or a week:

    slots = 168 // hours              the periods of a week; one, if a period is a week
    block = period // (slots * arms)  as many weeks as there are arms
    slot  = period % slots            the weekday, counted from the first period
    turn  = period // slots % arms    the week within the block
    order = the arms, numbered from 0, sorted by
            SHA-256(salt + ":period:" + placement + ":" + block + ":" + slot + ":" + arm), in UTF-8
    arm   = order[turn]

So in each block every slot of the week has each arm once, in an order drawn for it alone: weekdays are balanced by
design.

Periods of hours, where a day divides evenly among the arms:

    slots = 24 // hours               the periods of a day
    block = period // (slots * arms)  as many days as there are arms
    slot  = period % slots            the hour of the day
    turn  = period // slots % arms    the day within the block
    order = the arms, numbered from 0, sorted by
            SHA-256(salt + ":hours:" + placement + ":" + block + ":" + arm), in UTF-8
    arm   = order[(turn + steps[slot]) % arms]

`steps` is a fixed walk through the arms (`day_steps`), the same on each day of a block, and each day begins one arm
further. So in each block every hour of the day has each arm once, and every day has each arm equally often; within the
days, each arm follows each other one and itself about equally often. Which arm has which place is drawn once a block:
a block is one set, of which tallies hold each arm's sum, and so no count says the hour of the day.

Where a message is in use, each period shows one of its texts, in rounds that show each text once:

    round = period // texts
    order = the texts that are shown, numbered from 0, sorted by
            SHA-256(salt + ":texts:" + placement + ":" + round + ":" + text), in UTF-8
    text  = order[period % texts]

Periods are numbered from 0, in hours that have passed since the first, whatever clocks say. Test vectors are published
in `docs/assignment.md` and tested.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

DAY_HOURS, WEEK_HOURS = 24, 168
_MINUTE, _HOUR = 60, 3600  # seconds


@dataclass(frozen=True, slots=True)
class Periods:
    """The periods of a campaign: `count` of them, of `hours` each, from the hour `first` on (since 1970).

    What is in use has periods for as long as it is, and a count of 0.

    The first `washout` minutes of each are not counted: caches may still hold what was shown before.
    """

    first: int
    hours: int
    washout: int
    count: int

    @property
    def are_hours(self) -> bool:
        """Whether periods are shorter than a day, so that a block has days and not weeks."""
        return self.hours < DAY_HOURS

    @property
    def slots(self) -> int:
        """The periods of one week, or where they are shorter than a day, of one day."""
        return _slots(self.hours)

    @property
    def end(self) -> int:
        """The hour at which the last period is over."""
        return self.first + self.hours * self.count

    def period_at(self, hour: int) -> int:
        """The period of an hour; before the first, the first."""
        return max((hour - self.first) // self.hours, 0)

    def is_counted(self, moment: float) -> bool:
        """Whether what is shown at a moment, in seconds since 1970, counts: planned, and after the wash-out."""
        passed = moment - self.first * _HOUR
        length = self.hours * _HOUR
        is_planned = passed >= 0 and (not self.count or passed < length * self.count)
        return is_planned and passed % length >= self.washout * _MINUTE

    def set_of(self, period: int, arms: int) -> tuple[int, int]:
        """The block and the slot of a period: those that have both in common were drawn together, and show each arm.

        Periods shorter than a day are one set a block, whatever their slot.
        """
        return period // (self.slots * arms), 0 if self.are_hours else period % self.slots

    def window(self, hour: int, arms: int) -> tuple[int, int]:
        """The first and the last hour that receipts of an hour name, so that none tells a time finer than an hour.

        Where a wash-out ends within an hour, what counts of that hour came after it. So periods of hours are named by
        so many of their hours that at least one is counted, and hours by two rounds of all arms, each with half of it.
        """
        if not self.are_hours:
            return hour, hour
        long = (each for each in range(2, self.hours + 1) if self.hours % each == 0 and each - 1 >= self.washout / 60)
        length = next(long, 2 * self.hours * arms)
        first = hour - (hour - self.first) % length
        return first, first + length - 1

    def tally_day(self, hour: int, arms: int) -> int:
        """The day since 1970 on which tallies count an hour: its own, or if periods are hours, the last of its block.

        An arm and a day alone would say at which hours of the day somebody came. In a block every hour of the day has
        the arm once, so its sum says none. On the last day it is never taken for whole before it is.
        """
        if not self.are_hours:
            return hour // DAY_HOURS
        block = max(hour - self.first, 0) // (DAY_HOURS * arms)
        return self.first // DAY_HOURS + (block + 1) * arms - 1

    def days_of_block(self, last_day: int, arms: int) -> range:
        """The days, since 1970, whose counts tallies hold on one day."""
        return range(last_day - arms + 1, last_day + 1) if self.are_hours else range(last_day, last_day + 1)

    def whole_blocks(self, first: int, last: int, arms: int) -> tuple[int, int]:
        """A span of days, since 1970, drawn to those that tallies count together: from the block of the first day on,
        and no further than the last that is over."""
        if not self.are_hours:
            return first, last
        end = self.tally_day(last * DAY_HOURS, arms)
        return self.tally_day(first * DAY_HOURS, arms) - arms + 1, end if end == last else end - arms


def longest_washout(hours: int) -> int:
    """The most minutes of a period of so many hours that may be left out: an hour is left, or of an hour the half."""
    return 60 * (hours - 1) if hours > 1 else 30


def divides_day(hours: int, arms: int) -> bool:
    """Whether each of so many arms can have the same number of such periods in a day.

    >>> [hours for hours in (1, 2, 3, 4, 6, 8, 12) if divides_day(hours, 3)]
    [1, 2, 4, 8]
    """
    return arms > 0 and DAY_HOURS % (hours * arms) == 0


def _slots(hours: int) -> int:
    return (DAY_HOURS if hours < DAY_HOURS else WEEK_HOURS) // hours


def arm_of_period(period: int, *, salt: str, placement: str, arms: int, hours: int) -> int:
    """The index of the arm that a placement shows in a period of so many hours.

    >>> [arm_of_period(day, salt="demo-salt", placement="search-page", arms=2, hours=24) for day in range(14)]
    [1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 1, 1, 0]
    >>> [arm_of_period(number, salt="demo-salt", placement="search-page", arms=2, hours=3) for number in range(16)]
    [1, 0, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 1, 0]
    """
    slots = _slots(hours)
    turns, slot = divmod(period, slots)
    block, turn = divmod(turns, arms)
    if hours < DAY_HOURS:
        steps = day_steps(slots, arms, is_mirrored=block % 2 == 1)
        return _order(f"{salt}:hours:{placement}:{block}", arms)[(turn + steps[slot]) % arms]
    return _order(f"{salt}:period:{placement}:{block}:{slot}", arms)[turn]


def text_of_period(period: int, *, salt: str, placement: str, texts: int) -> int:
    """The index of the text, of those that are shown, that a placement shows in a period of a message in use.

    >>> [text_of_period(day, salt="demo-salt", placement="search-page", texts=3) for day in range(9)]
    [0, 2, 1, 1, 0, 2, 2, 1, 0]
    """
    turns, turn = divmod(period, texts)
    return _order(f"{salt}:texts:{placement}:{turns}", texts)[turn]


@lru_cache(maxsize=4096)
def _order(drawn_for: str, arms: int) -> tuple[int, ...]:
    """The arms, or texts, in the order that was drawn for one set of periods."""
    return tuple(sorted(range(arms), key=lambda arm: sha256(f"{drawn_for}:{arm}".encode()).digest()))


@lru_cache(maxsize=64)
def day_steps(slots: int, arms: int, *, is_mirrored: bool) -> tuple[int, ...]:
    """By how many arms each period of a day is further than its first: 0, 1, -1, 2, -2 ... through all arms, again and
    again. Each round begins where the one before ended, and goes the other way; in every second block all go so.

    That is Williams' sequence (1949, Australian Journal of Scientific Research A 2:149): its steps differ, so that what
    an arm leaves behind falls on all arms alike, on itself as well.

    >>> day_steps(8, 2, is_mirrored=False), day_steps(8, 4, is_mirrored=False)
    ((0, 1, 1, 0, 0, 1, 1, 0), (0, 1, 3, 2, 2, 1, 3, 0))
    """
    zigzag = [(place + 1) // 2 * (1 if place % 2 else -1) for place in range(arms)]
    steps: list[int] = []
    for number in range(slots // arms):
        begins = steps[-1] if steps else 0
        way = -1 if (number % 2 == 1) != is_mirrored else 1
        steps += [(begins + way * step) % arms for step in zigzag]
    return tuple(steps)


def schedule(periods: Periods, *, salt: str, placement: str, arms: int) -> list[int]:
    """The index of the arm of each planned period at one placement."""
    hours = periods.hours
    return [
        arm_of_period(period, salt=salt, placement=placement, arms=arms, hours=hours) for period in range(periods.count)
    ]


def schedule_digest(order: Sequence[int], *, salt: str, placement: str) -> str:
    """The commitment to a schedule that the frozen plan holds: without the salt it does not tell the order.

    >>> schedule_digest([1, 0, 0, 1], salt="demo-salt", placement="search-page")[:16]
    'aa8ab3b8e4fe6a78'
    """
    listed = ",".join(map(str, order))
    return sha256(f"{salt}:schedule:{placement}:{listed}".encode()).hexdigest()
