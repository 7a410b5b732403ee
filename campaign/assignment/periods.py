"""PURE  Which arm a placement shows in each period, where it can show one at a time: drawn in balanced blocks.

    slots = 168 // hours              the periods of a week; one, if a period is a week
    block = period // (slots * arms)  as many weeks as there are arms
    slot  = period % slots            the weekday and the hour, counted from the first period
    turn  = period // slots % arms    the week within the block
    order = the arms, numbered from 0, sorted by
            SHA-256(salt + ":period:" + placement + ":" + block + ":" + slot + ":" + arm), in UTF-8
    arm   = order[turn]

So in each block every slot of the week has each arm once, in an order drawn for it alone: weekday and hour are balanced
by design. Periods are numbered from 0. Test vectors are published in `docs/assignment.md` and tested.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

WEEK_HOURS = 168


@dataclass(frozen=True, slots=True)
class Periods:
    """The planned periods of a campaign: `count` of them, of `hours` each, from the hour `first` on (since 1970).

    The first `washout` hours of each are not counted: caches may still hold what was shown before.
    """

    first: int
    hours: int
    washout: int
    count: int

    @property
    def slots(self) -> int:
        """The periods of one week."""
        return WEEK_HOURS // self.hours

    @property
    def end(self) -> int:
        """The hour at which the last period is over."""
        return self.first + self.hours * self.count

    def period_at(self, hour: int) -> int:
        """The period of an hour; before the first, the first."""
        return max((hour - self.first) // self.hours, 0)

    def is_counted(self, hour: int) -> bool:
        """Whether what is shown in this hour counts: within the planned periods, after the wash-out."""
        passed = hour - self.first
        return 0 <= passed < self.hours * self.count and passed % self.hours >= self.washout

    def set_of(self, period: int, arms: int) -> tuple[int, int]:
        """The block and the slot of a period: the periods that have both in common show each arm once."""
        return period // (self.slots * arms), period % self.slots


def arm_of_period(period: int, *, salt: str, placement: str, arms: int, slots: int) -> int:
    """The index of the arm that a placement shows in a period.

    >>> [arm_of_period(day, salt="demo-salt", placement="search-page", arms=2, slots=7) for day in range(14)]
    [1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 1, 1, 0]
    """
    turns, slot = divmod(period, slots)
    block, turn = divmod(turns, arms)
    return _order(salt, placement, block, slot, arms)[turn]


@lru_cache(maxsize=4096)
def _order(salt: str, placement: str, block: int, slot: int, arms: int) -> tuple[int, ...]:
    """The order in which one slot of the week has the arms in one block."""

    def digest(arm: int) -> bytes:
        return sha256(f"{salt}:period:{placement}:{block}:{slot}:{arm}".encode()).digest()

    return tuple(sorted(range(arms), key=digest))


def schedule(periods: Periods, *, salt: str, placement: str, arms: int) -> list[int]:
    """The index of the arm of each planned period at one placement."""
    slots = periods.slots
    return [
        arm_of_period(period, salt=salt, placement=placement, arms=arms, slots=slots) for period in range(periods.count)
    ]


def schedule_digest(order: Sequence[int], *, salt: str, placement: str) -> str:
    """The commitment to a schedule that the frozen plan holds: without the salt it does not tell the order.

    >>> schedule_digest([1, 0, 0, 1], salt="demo-salt", placement="search-page")[:16]
    'aa8ab3b8e4fe6a78'
    """
    listed = ",".join(map(str, order))
    return sha256(f"{salt}:schedule:{placement}:{listed}".encode()).hexdigest()
