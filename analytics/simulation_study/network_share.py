"""PURE  Simulate what a share for each network costs honest visitors, and what it leaves to hostile networks.

The rule is the server's own (campaign.serving.network_share), on a day's traffic that is made up and seeded. Hostile
networks ask three times as often as may count, spread over the day and over all servers, and choose the arm and the
outcome of each view. Of honest requests each server has its part.
"""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from math import sqrt

from analytics.comparison.network_influence import largest_move
from campaign.serving.network_share import FLOOR, NetworkShares, most_of_one_network, share_of_plan

RATE = 0.4
_SECONDS_PER_DAY = 86_400.0
_SEEN_AGAIN = 0.3  # the chance that a visitor is shown another message the same day


@dataclass(frozen=True, slots=True)
class NetworkKind:
    """Networks of one kind: their part of the traffic, how many there are, and how unequal (0: alike; 1: Zipf)."""

    part: float
    number: int
    skew: float = 0.0


@dataclass(frozen=True, slots=True)
class Traffic:
    """One placement's messages a day, the days of its campaign, the arms, and where visitors come from."""

    name: str
    per_day: int
    days: int
    arms: int
    kinds: Mapping[str, NetworkKind]
    declared: float = 0.0


_USUAL = {
    "homes": NetworkKind(0.55, 40_000),
    "carriers": NetworkKind(0.35, 60, 0.8),
    "others": NetworkKind(0.1, 200, 0.5),
}
_CARRIERS = {
    "homes": NetworkKind(0.25, 40_000),
    "carriers": NetworkKind(0.7, 40, 1.0),
    "others": NetworkKind(0.05, 100, 0.5),
}
_SCHOOL = {"homes": NetworkKind(0.15, 5_000), "carriers": NetworkKind(0.05, 30, 0.8), "others": NetworkKind(0.8, 1)}
TRAFFIC = (
    Traffic("a large site", 5_000, 4, 4, _USUAL),
    Traffic("twenty visitors an hour", 480, 30, 2, _USUAL),
    Traffic("a few large carriers", 5_000, 4, 4, _CARRIERS),
    Traffic("a school that says nothing", 300, 20, 2, _SCHOOL),
    Traffic("a school that declares half", 300, 20, 2, _SCHOOL, declared=0.5),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """The share of honest messages that is left out, in all and by kind of network; and what was forged and counted."""

    left_out: float
    by_kind: Mapping[str, float]
    forged: int
    most: int  # of one network, as a look would work it out
    move: float  # of the estimate, as a share of its interval's width


def simulate(traffic: Traffic, *, hostile: int, servers: int = 1, seed: int = 1) -> Cost:
    """Run the days of a campaign under the rule, at servers that count each for itself."""
    chance = random.Random(seed)
    share = share_of_plan(traffic.per_day * traffic.days, [1.0] * traffic.arms)
    asked: Counter[str] = Counter()
    counted: Counter[str] = Counter()
    most = 0
    for day in range(traffic.days):
        sketches = [NetworkShares() for _ in range(servers)]
        asks = 3 * servers * max(round((traffic.declared or share) * traffic.per_day), FLOOR)
        arrivals = [*_visits(traffic, chance), *_floods(hostile, asks)]
        before = counted.total()
        for number, (_, kind, address) in enumerate(sorted(arrivals)):
            asked[kind] += 1
            counted[kind] += sketches[number % servers].count(
                address, placement=1, campaign=1, share=share, declared=traffic.declared, now=day * _SECONDS_PER_DAY
            )
        served, declared = {1: counted.total() - before}, {1: traffic.declared}
        most += most_of_one_network(served, share=share, declared=declared, sketches=servers)
    honest = sum(counted[kind] for kind in traffic.kinds)
    per_arm = honest / traffic.arms
    move = largest_move([round(per_arm + counted["hostile"])], [RATE], views=counted["hostile"])
    width = 2 * 1.96 * sqrt(2 * RATE * (1 - RATE) / per_arm)
    return Cost(
        left_out=1 - honest / sum(asked[kind] for kind in traffic.kinds),
        by_kind={kind: 1 - counted[kind] / asked[kind] for kind in traffic.kinds},
        forged=counted["hostile"],
        most=most,
        move=move / width,
    )


def _visits(traffic: Traffic, chance: random.Random) -> list[tuple[float, str, str]]:
    """A day's messages to honest visitors: when, from which kind of network, to which address."""
    names = list(traffic.kinds)
    limits = {
        name: list(accumulate((number + 1) ** -kind.skew for number in range(kind.number)))
        for name, kind in traffic.kinds.items()
    }
    visits: list[tuple[float, str, str]] = []
    while len(visits) < traffic.per_day:
        name = chance.choices(names, [kind.part for kind in traffic.kinds.values()])[0]
        network = chance.choices(range(traffic.kinds[name].number), cum_weights=limits[name])[0]
        address = f"{10 + names.index(name)}.{network >> 8}.{network & 255}.1"
        moment = chance.random()
        visits.append((moment, name, address))
        while chance.random() < _SEEN_AGAIN:
            moment = min(moment + 0.002, 1.0)
            visits.append((moment, name, address))
    return visits[: traffic.per_day]


def _floods(hostile: int, asks: int) -> list[tuple[float, str, str]]:
    return [((ask + 0.5) / asks, "hostile", f"203.0.{network}.1") for network in range(hostile) for ask in range(asks)]
