"""PURE  Let one network count for no more than a small share of a day's messages, without holding an address.

A message counts while its network's messages of the day are fewer than a share of all that counted so far, or than
`FLOOR`, for quiet places and the first hours of a day. Both are looked at twice: at the placement, and in the campaign
over all its placements, so that floors do not add up. A placement that declares a larger share (a school, a carrier, a
partner's server) is looked at by itself, for one campaign. The rule knows volume alone: it is asked before anything of
the arm is used.

Each message that counts adds one to a counter in each of three rows (a count-min sketch), once for the placement and
once for the campaign. A keyed hash of the network chooses the counters. The least of three is at most too large, and
rarely by much. The hash is Python's own, over the network and a key that is drawn anew each day. The key lies with the
counters in memory that the processes of one server share (they are forked, so their hash is the same): never on a disk.
Without the key nothing tells which networks were counted. With it, whoever reads the memory of the running server can
guess a network and see how much of today it asked for.

A day's counters and their key are a sketch. Each server has its own, and one that starts anew begins another: a network
has its share in each. So each goes on record, under a random number of no other use (`sketch_record`): what one network
can have been counted for depends on how many there were.

Two processes that add at the same instant lose one of the two: they meet less than once in a hundred messages.
"""

import mmap
import os
from collections.abc import Mapping, Sequence
from math import ceil, sqrt

from messages.networks import network_of

_COLUMN_BITS, _TOTALS = 17, 1 << 14
_COLUMNS = 1 << _COLUMN_BITS  # in each of three rows
_COLUMN_MASK = _COLUMNS - 1
_PLACEMENTS = 3 * _COLUMNS  # where the totals of placements begin, then those of campaigns
_CAMPAIGNS = _PLACEMENTS + _TOTALS
_DAY_BYTES, _KEY_BYTES, _HEADER_BYTES = 8, 24, 40  # the key begins with the day; the sketch's number follows
_MEMORY_BYTES = _HEADER_BYTES + 4 * (_CAMPAIGNS + _TOTALS)
_SECONDS_PER_DAY = 86_400
FLOOR = 2
MAX_SHARE = 0.01
# analytics.simulation_study.network_share shows what these leave to hostile networks and cost honest visitors.
_SHARE_OF_ONE_ARM = 0.7
# Odd, so that a network has other counters at each placement and in each campaign.
_PLACEMENT_FACTOR, _CAMPAIGN_FACTOR = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F
_THIS_MACHINE = ("127.", "::1", "::ffff:127.")
_inherited: list[mmap.mmap] = []


def share_memory_with_children() -> None:
    """Make the counters that processes forked from now on share. They die with the last of these processes."""
    _inherited[:] = [mmap.mmap(-1, _MEMORY_BYTES)]


def share_of_plan(planned_people: int, weights: Sequence[float], *, most: float = MAX_SHARE) -> float:
    """The share that one network may have in a campaign of so many people, but for `most`; 1 or more is no limit.

    By the end of the plan, an estimate's interval is as wide as the root of the sum of one over the people in each of
    two arms. A share that shrinks with it lets one network move the estimate by less than a quarter of that width,
    whatever arms and outcomes it chooses: even in the smallest arm, compared with the largest.

    >>> plans = ((800, [1, 1]), (20_000, [1, 1, 1, 1]), (20_000, [1, 3]), (100_000, [1, 1]))
    >>> [round(100 * share_of_plan(people, weights), 2) for people, weights in plans]
    [1.0, 0.25, 0.2, 0.16]
    """
    shown = [weight for weight in weights if weight > 0] or [1.0]
    if most >= 1:
        return most
    smallest, largest = min(shown) / sum(shown), max(shown) / sum(shown)
    width = sqrt((1 / smallest + 1 / largest) / max(planned_people, 1))
    return min(most, _SHARE_OF_ONE_ARM * smallest * width / sqrt(2))


def allowance(counted: int, *, share: float, sketches: int = 1) -> int:
    """How many messages of one network may count on a day on which this many counted in all, in so many sketches.

    A network has the share of what each sketch counted, and these add up to the share of all. The floor it has in each:
    most is left to it where nearly everybody else is counted in one.
    """
    return FLOOR * (sketches - 1) + max(FLOOR, ceil(share * counted))


def most_of_one_network(
    served: Mapping[int, int], *, share: float, declared: Mapping[int, float], sketches: int = 1
) -> int:
    """How many of a day's messages, counted by placement, one network may have been counted for at most.

    >>> most_of_one_network({1: 4_000, 2: 1_000, 3: 300}, share=0.0025, declared={3: 0.5})
    163
    """

    def most(count: int, share: float) -> int:
        return min(count, allowance(count, share=share, sketches=sketches))

    alone = {number: most(count, declared[number]) for number, count in served.items() if declared.get(number)}
    at_placements = sum(most(count, share) for number, count in served.items() if number not in alone)
    return sum(alone.values()) + min(at_placements, allowance(sum(served.values()), share=share, sketches=sketches))


class NetworkShares:
    """Counts messages by network, for all placements and campaigns."""

    def __init__(self) -> None:
        self._memory = _inherited[0] if _inherited else mmap.mmap(-1, _MEMORY_BYTES)
        self._counters = memoryview(self._memory)[_HEADER_BYTES:].cast("I")
        self._begun: set[tuple[int, bytes]] = set()

    def sketches(self) -> set[tuple[int, bytes]]:
        """The sketches that this process began, and that of its memory, each as its day since 1970 and its number."""
        header = self._memory[:_HEADER_BYTES]
        present = (int.from_bytes(header[:_DAY_BYTES], "big"), header[_KEY_BYTES:])
        return self._begun | ({present} if any(header) else set())

    def count(self, address: str, *, placement: int, campaign: int, share: float, declared: float, now: float) -> bool:
        """Whether a message to this address counts; if so, it is added.

        `share` is the campaign's, `declared` the placement's own, or 0. Messages to this machine always count: they are
        tests.
        """
        network = network_of(address)
        if share >= 1 or declared >= 1 or (not network and address.startswith(_THIS_MACHINE)):
            return True
        key, counters = self._key_of(int(now) // _SECONDS_PER_DAY), self._counters
        digest = hash(key + network.encode())
        if declared:
            return self._count_declared(digest, hash(key), placement=placement, campaign=campaign, share=declared)
        at_placement, in_campaign = _PLACEMENTS + placement % _TOTALS, _CAMPAIGNS + campaign % _TOTALS
        first, second, third = indexes = _indexes(digest ^ placement * _PLACEMENT_FACTOR)
        so_far = min(counters[first], counters[second], counters[third])
        if so_far >= FLOOR and so_far >= share * counters[at_placement]:
            return False
        first, second, third = more = _indexes(digest ^ campaign * _CAMPAIGN_FACTOR)
        so_far = min(counters[first], counters[second], counters[third])
        if so_far >= FLOOR and so_far >= share * counters[in_campaign]:
            return False
        for index in (*indexes, *more, at_placement, in_campaign):
            counters[index] += 1
        return True

    def _count_declared(self, digest: int, total_digest: int, *, placement: int, campaign: int, share: float) -> bool:
        """Count at a placement with a share of its own: of what one campaign was counted for there.

        What an earlier campaign of the day was counted for there adds nothing to the share in the next. The total has
        counters like those of a network: one of its own in each row, so that no two placements have theirs together.
        """
        counters, pair = self._counters, placement * _PLACEMENT_FACTOR ^ campaign * _CAMPAIGN_FACTOR
        of_network, of_all = _indexes(digest ^ pair), _indexes(total_digest ^ pair)
        so_far, total = (min(counters[index] for index in indexes) for indexes in (of_network, of_all))
        if so_far >= FLOOR and so_far >= share * total:
            return False
        for index in (*of_network, *of_all):
            counters[index] += 1
        return True

    def _key_of(self, day: int) -> bytes:
        """The key of this day. On another day than that of the counters, all of them begin anew under a new key."""
        start = day.to_bytes(_DAY_BYTES, "big")
        key = self._memory[:_KEY_BYTES]
        if not key.startswith(start):
            key, number = start + os.urandom(_KEY_BYTES - _DAY_BYTES), os.urandom(_HEADER_BYTES - _KEY_BYTES)
            self._begun.add((day, number))
            self._memory[:] = (key + number).ljust(_MEMORY_BYTES, b"\0")
        return key


def _indexes(digest: int) -> tuple[int, ...]:
    """A counter in each of the three rows."""
    return (
        digest & _COLUMN_MASK,
        _COLUMNS + (digest >> _COLUMN_BITS & _COLUMN_MASK),
        2 * _COLUMNS + (digest >> 2 * _COLUMN_BITS & _COLUMN_MASK),
    )
