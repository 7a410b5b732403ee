"""Search generated campaigns for the few who took back their view, or saw nothing, that looks disclose.

    python -m tests.analytics.suppression.withdrawal_search --campaigns 10000

Messages are sent one by one; each is seen, still open, never seen or taken back. Looks are released by the project, and
then attacked by integer programs over who took it back when. Exits with status 1 if one group of 1 to 9 is known.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from analytics.suppression import unseen_messages
from analytics.suppression.unseen_messages import ReleasedMessages

LEAST = 10
_GLANCES = 6


@dataclass(slots=True)
class Look:
    """What one look told, and by arm who had really taken their view back by then, and who had not seen it."""

    told: ReleasedMessages
    withdrawn: Counter[str]
    unseen: Counter[str]


@dataclass(slots=True)
class SearchResult:
    """What a search found."""

    campaigns: int = 0
    told: int = 0
    small: int = 0
    exact: list[str] = field(default_factory=list)
    narrow: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.campaigns:,} campaigns, {self.told:,} counts and bands shown, {self.small:,} small groups attacked "
            f"in whole numbers: {len(self.exact)} known exactly, {len(self.narrow)} more closely than to ten"
        )


def looks_of(chance: random.Random) -> list[Look]:
    """Generate a campaign in which few see nothing or take their view back, and release its looks."""
    arms = ["neutral", "victim", "user", "both"][: chance.randint(1, 4)]
    unseen, withdrawing = chance.choice([0, 0, 0.002, 0.02]), chance.choice([0, 0.003, 0.012, 0.012, 0.02, 0.05])
    lateness = chance.choice([0, 0, 18])  # messages on screen or on their way, which are counted at the next look
    late, served, seen, withdrawn = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    looks: list[Look] = []
    for _ in range(chance.choice([1, 2, 3, 6])):
        for arm in arms:
            seen[arm] += late[arm]
            late[arm] = 0
            for _ in range(round(chance.choice([20, 300, 900]) * chance.uniform(0.5, 1.0))):
                served[arm] += 1
                draw = chance.random()
                if draw < withdrawing:
                    withdrawn[arm] += 1
                elif draw >= withdrawing + unseen:
                    seen[arm] += 1
            for _ in range(chance.randint(0, lateness)):
                served[arm] += 1
                late[arm] += 1
        if min(seen[arm] for arm in arms) < LEAST:
            continue
        people, sent = ({arm: each[arm] for arm in arms} for each in (seen, served))
        told = unseen_messages.releasable_messages(
            people, sent, withdrawn.total(), [look.told for look in looks], least=LEAST
        )
        looks.append(Look(told, Counter(withdrawn), served - seen - withdrawn))
    return looks


def judge(looks: Sequence[Look], name: str = "") -> SearchResult:
    """Attack what one campaign told: unknown is who took it back since the look before, and who saw nothing."""
    found = SearchResult(
        1, sum(n is not None for look in looks for n in (*look.told.served.values(), look.told.withdrawn))
    )
    arms = sorted(looks[0].told.n) if looks else []
    shape = (len(looks), len(arms), 2)
    truth = np.zeros(shape)
    rows, low, high = [], [], []
    for at, look in enumerate(looks):
        for place, arm in enumerate(arms):
            truth[at, place] = look.withdrawn[arm] - (looks[at - 1].withdrawn[arm] if at else 0), look.unseen[arm]
            if (sent := look.told.served[arm]) is not None:
                rows.append(_of(shape, range(at + 1), [place], 0) + _of(shape, [at], [place], 1))
                low.append(sent - look.told.n[arm])
                high.append(sent - look.told.n[arm])
        if look.told.withdrawn:
            rows.append(_of(shape, range(at + 1), range(len(arms)), 0))
            low.append(look.told.withdrawn[0])
            high.append(look.told.withdrawn[1])
    if not rows:
        return found
    told = np.array(rows) @ truth.ravel()
    assert ((low <= told) & (told <= high)).all(), "the attack must hold the truth possible"
    rule = LinearConstraint(np.array(rows), low, high)
    groups = {
        f"{name}: {kind} of {[arms[place] for place in places]} after {since} by {at}": _of(shape, times, places, part)
        for places in [*([place] for place in range(len(arms))), [*range(len(arms))]]
        for since, at in combinations(range(-1, len(looks)), 2)
        for kind, times, part in (("taken back", range(since + 1, at + 1), 0), ("not seen", [at], 1))
    }
    glances = [_table(costs, rule) for costs in np.random.default_rng(1).standard_normal((_GLANCES, truth.size))]
    for what, row in groups.items():
        if not 0 < (people := row @ truth.ravel()) < LEAST:
            continue
        found.small += 1
        seen = [row @ table for table in glances]
        if max(seen) - min(seen) >= LEAST:
            continue
        width = row @ _table(-row, rule) - row @ _table(row, rule)
        found.exact += [f"{people:.0f} {what}"] if width < 0.5 else []
        found.narrow += [f"{people:.0f} {what}"] if width < LEAST - 0.5 else []
    return found


def _of(shape: tuple[int, int, int], times: Sequence[int], places: Sequence[int], part: int) -> Any:
    row = np.zeros(shape)
    row[np.ix_(times, places, [part])] = 1.0
    return row.ravel()


def _table(costs: Any, rule: LinearConstraint) -> Any:
    """A table of whole people that fits everything told, with the lowest cost."""
    solution = milp(costs, constraints=rule, bounds=Bounds(0, 10_000), integrality=np.ones(len(costs), dtype=np.uint8))
    assert solution.status == 0, solution.message
    return np.round(solution.x)


def search(numbers: Sequence[int], *, seed: int = 1) -> SearchResult:
    """Generate, release and attack campaigns."""
    found = SearchResult()
    for number in numbers:
        each = judge(looks_of(random.Random(f"{seed} {number}")), f"campaign {number}")
        found.campaigns, found.told, found.small = found.campaigns + 1, found.told + each.told, found.small + each.small
        found.exact += each.exact
        found.narrow += each.narrow
    return found


def main(arguments: Sequence[str]) -> int:
    """Attack the given number of campaigns and print what was found."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.analytics.suppression.withdrawal_search", description=__doc__
    )
    parser.add_argument("--campaigns", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    begun = time.monotonic()
    found = search(range(asked.first, asked.first + asked.campaigns), seed=asked.seed)
    sys.stdout.write(f"{found} ({time.monotonic() - begun:.0f} s)\n")
    sys.stdout.writelines(f"{line}\n" for line in [*found.exact[:20], *found.narrow[:20]])
    return 1 if found.narrow else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
