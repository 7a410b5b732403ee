"""PURE  Choose what a look tells of messages that were sent and not counted, so that no few withdrawals are told.

What was sent of an arm is what was seen, what its visitors took back ("Do not count me"), and what was not on screen,
or not yet. The first two numbers of these are shown by arm, and of all arms a band in which the withdrawals lie: where
12 and 13 messages of two arms were not counted, "at least 20 took it back" would leave fewer than six who saw nothing.

The unknowns are the withdrawals of each arm at each look. They are at most what was not counted of the arm, lie in the
band together, and never fall. The number who saw an arm is always shown beside, so no joint table of outcomes (see
inference_attack) says more of them, and they say nothing more of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise

import numpy as np

from analytics.suppression.cells import WHOLE_ARM, end_of_band, is_small, start_of_band
from analytics.suppression.linear_bounds import SLACK, Constraints, Row, bound_rows

BAND_LEAST_MULTIPLE = 100  # withdrawals are told once so many small cells of people were counted


@dataclass(frozen=True, slots=True)
class ReleasedMessages:
    """What a look tells by arm: the people who saw it, and the messages sent; None if that is not told.

    `withdrawn` is the band, from its lowest number to its highest, in which the withdrawals of all arms lie.
    """

    n: Mapping[str, int]
    served: Mapping[str, int | None]
    withdrawn: tuple[int, int] | None = None

    def uncounted(self, arm: str) -> int | None:
        """Messages sent and not seen, or taken back; None if unknown, as after a crash that lost some of the sent."""
        served = self.served.get(arm)
        return None if served is None or served < self.n[arm] else served - self.n[arm]


@dataclass(frozen=True, slots=True)
class WithdrawalRange:
    """How many can have taken back a view of one arm (or WHOLE_ARM: of all) by a look; with `since`, after that one."""

    look: int
    arm: str
    since: int | None
    low: float
    high: float


def releasable_messages(
    n: Mapping[str, int], served: Mapping[str, int], withdrawn: int, before: Sequence[ReleasedMessages], *, least: int
) -> ReleasedMessages:
    """Decide what a look tells that follows the looks `before`: the messages sent first, then the withdrawals."""
    told = ReleasedMessages(n, {arm: _tellable(arm, count, n[arm], before, least) for arm, count in served.items()})
    if _tells_more_than(before, told, least):
        told = replace(told, served=dict.fromkeys(served))
    if sum(n.values()) < BAND_LEAST_MULTIPLE * least:
        return told
    more = replace(told, withdrawn=(start_of_band(withdrawn, least), end_of_band(withdrawn, least)))
    return told if _tells_more_than(before, more, least) else more


def _tells_more_than(before: Sequence[ReleasedMessages], told: ReleasedMessages, least: int) -> bool:
    """Whether a look adds a group that is told too closely to those that are, as after the small cell was raised."""
    found = find_inferable_withdrawals([*before, told], least=least)
    return bool(found) and not {*found} <= {*find_inferable_withdrawals(before, least=least)}


def _tellable(arm: str, count: int, n: int, before: Sequence[ReleasedMessages], least: int) -> int | None:
    """Messages sent; None if they, the uncounted ones among them, or the growth of either since last told are few."""
    last, last_n = next(
        ((sent, each.n[arm]) for each in reversed(before) if (sent := each.served.get(arm)) is not None), (count, n)
    )
    groups = (count, count - n, count - last, (count - n) - (last - last_n))
    return None if any(is_small(each, least) for each in groups) else count


def find_inferable_withdrawals(looks: Sequence[ReleasedMessages], *, least: int) -> list[WithdrawalRange]:
    """Find withdrawals, at a look or between two, that are told to within fewer than `least`, unless surely nobody."""
    binding = _binding_looks(looks)
    arms = sorted({arm for look in binding for arm in looks[look].n})
    at = {key: place for place, key in enumerate((look, arm) for look in binding for arm in arms)}
    if not at:
        return []
    enough = 10.0 * max(max(*told.n.values(), *(told.withdrawn or ()), least) for told in looks)
    bounds = np.array([[0.0, enough if (most := looks[k].uncounted(a)) is None else most] for k, a in at])
    at_most: list[tuple[Row, float]] = []
    for then, now in pairwise(binding):
        at_most += [(([at[then, arm], at[now, arm]], [1.0, -1.0]), 0.0) for arm in arms]
    for look in binding:
        if band := looks[look].withdrawn:
            everywhere = [at[look, arm] for arm in arms]
            at_most.append(((everywhere, np.ones(len(arms))), float(band[1])))
            at_most.append(((everywhere, -np.ones(len(arms))), -float(band[0])))
    groups: list[tuple[int, str, int | None]] = []
    rows: list[Row] = []
    for arm in (WHOLE_ARM, *arms):
        places = {look: [at[look, each] for each in arms if arm in (WHOLE_ARM, each)] for look in binding}
        for look in binding:
            groups.append((look, arm, None))
            rows.append((places[look], np.ones(len(places[look]))))
        for then, now in combinations(binding, 2):
            groups.append((now, arm, then))
            signs = np.repeat([1.0, -1.0], len(places[now]))
            rows.append(([*places[now], *places[then]], signs))
    low, high = bound_rows(rows, Constraints.of(bounds, at_most=at_most), least=least)
    narrow = (high - low < least - SLACK) & (high > 0.5)
    return [WithdrawalRange(*groups[k], float(low[k]), float(high[k])) for k in np.flatnonzero(narrow)]


def _binding_looks(looks: Sequence[ReleasedMessages]) -> list[int]:
    """The looks that bind withdrawals more than others do: they never fall.

    A look of which as few messages of each arm, or fewer, were uncounted later does not, nor one between two of its
    band.
    """
    binding = []
    bands = [told.withdrawn for told in looks]
    for look, told in enumerate(looks):
        later = looks[look + 1 :]
        new_band = told.withdrawn is not None and not (
            told.withdrawn in bands[:look] and told.withdrawn in bands[look + 1 :]
        )
        fewest = any(
            (count := told.uncounted(arm)) is not None
            and not any((after := each.uncounted(arm)) is not None and after <= count for each in later)
            for arm in told.n
        )
        if new_band or fewest:
            binding.append(look)
    return binding
