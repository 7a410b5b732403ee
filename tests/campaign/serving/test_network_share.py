"""Shares of networks, in memory that holds no address."""

from __future__ import annotations

import gc
import os
import random
from collections import Counter
from itertools import permutations
from math import sqrt

import pytest

from campaign.serving import network_share
from campaign.serving.network_share import FLOOR, NetworkShares, allowance, most_of_one_network, share_of_plan

DAY = 86_400.0
NOON = 1e9


def asks(
    shares: NetworkShares,
    address: str,
    *,
    placement: int = 1,
    campaign: int = 1,
    share: float = 0.01,
    declared: float = 0.0,
    now: float = NOON,
) -> bool:
    return shares.count(address, placement=placement, campaign=campaign, share=share, declared=declared, now=now)


def visitors(shares: NetworkShares, number: int, **options: float) -> int:
    """As many visitors, each of a network of its own; how many of them count."""
    return sum(asks(shares, f"10.{n >> 8}.{n & 255}.1", **options) for n in range(number))  # type: ignore[arg-type]


def test_each_network_counts_a_few_times_whatever_the_others_do() -> None:
    shares = NetworkShares()
    assert [asks(shares, f"192.0.2.{n}") for n in range(FLOOR + 2)] == [True] * FLOOR + [False] * 2
    assert asks(shares, "198.51.100.1")


@pytest.mark.parametrize("asked", [100, 5_000])
def test_one_network_counts_for_a_share_of_all_that_counts_however_much_it_asks_for(asked: int) -> None:
    shares = NetworkShares()
    assert visitors(shares, 2_000) == 2_000
    counted = sum(asks(shares, "192.0.2.1") for _ in range(asked))
    assert counted == allowance(2_000 + counted, share=0.01) == 21


def test_what_is_left_out_raises_nobody_s_share() -> None:
    shares = NetworkShares()
    visitors(shares, 500)
    assert [sum(asks(shares, f"192.0.{n}.1") for _ in range(5_000)) for n in range(3)] == [6, 6, 6]


def test_floors_do_not_add_up_over_the_placements_of_a_campaign() -> None:
    shares = NetworkShares()
    assert sum(asks(shares, "192.0.2.1", placement=n) for n in range(100)) == FLOOR


def test_one_network_does_not_spend_its_share_of_a_campaign_at_one_small_placement() -> None:
    shares = NetworkShares()
    visitors(shares, 2_000, placement=1)
    assert sum(asks(shares, "192.0.2.1", placement=2) for _ in range(100)) == FLOOR


@pytest.mark.parametrize("servers", [1, 2, 5])
@pytest.mark.parametrize("parts", ["equal", "nearly all at one"])
def test_in_several_sketches_one_network_counts_for_no_more_than_is_said(servers: int, parts: str) -> None:
    """Whatever parts of the traffic the servers have, and at two placements."""
    sketches = [NetworkShares() for _ in range(servers)]
    served: Counter[int] = Counter()
    hostile = 0
    for number, shares in enumerate(sketches):
        honest = 1_000 // servers if parts == "equal" else 1_000 if number == 0 else 1
        for placement in (1, 2):
            served[placement] += visitors(shares, honest, placement=placement)
        for placement in (1, 2):
            forged = sum(asks(shares, "192.0.2.1", placement=placement) for _ in range(100))
            hostile += forged
            served[placement] += forged
    bound = most_of_one_network(served, share=0.01, declared={}, sketches=servers)
    assert bound * 0.6 < hostile <= bound
    assert bound <= 21 + FLOOR * (servers - 1)


def test_campaigns_are_counted_apart() -> None:
    shares = NetworkShares()
    assert [asks(shares, "192.0.2.1", placement=n, campaign=n) for n in (1, 2) for _ in range(FLOOR)] == [
        True
    ] * 2 * FLOOR


def test_a_placement_may_declare_a_larger_share() -> None:
    shares = NetworkShares()
    assert sum(asks(shares, "192.0.2.1", declared=1.0) for _ in range(100)) == 100
    visitors(shares, 100, placement=2, declared=0.5)
    assert sum(asks(shares, "198.51.100.1", placement=2, declared=0.5) for _ in range(1_000)) > 90
    assert asks(shares, "198.51.100.1", placement=3)  # and has its share of the campaign left


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
@pytest.mark.parametrize("campaigns", [1, 2, 3])
def test_with_a_declared_share_each_campaign_of_the_day_is_looked_at_by_itself(share: float, campaigns: int) -> None:
    """Else 1,500 views of the morning's campaign would let one network be counted 300 times in the next."""
    shares = NetworkShares()
    for number in range(campaigns):
        honest = visitors(shares, 1_500 if number == 0 else 100, placement=1, campaign=number, declared=share)
        forged = sum(asks(shares, "192.0.2.1", campaign=number, declared=share) for _ in range(2_000))
        bound = most_of_one_network({1: honest + forged}, share=0.01, declared={1: share})
        assert bound * 0.9 < forged <= bound


def test_a_share_of_one_is_no_limit_and_this_machine_has_none() -> None:
    shares = NetworkShares()
    assert all(asks(shares, "192.0.2.1", share=1.0) for _ in range(100))
    assert all(asks(shares, address) for address in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1") * 50)


def test_whoever_comes_without_an_address_is_one_network() -> None:
    shares = NetworkShares()
    assert [asks(shares, address) for address in ("", "no address", "unknown")] == [True, True, False]


@pytest.mark.parametrize("later", [DAY, -DAY])
def test_all_is_forgotten_with_the_day_and_when_the_clock_jumps_back(later: float) -> None:
    shares = NetworkShares()
    assert sum(asks(shares, "192.0.2.1") for _ in range(10)) == FLOOR
    before = bytes(shares._memory)
    assert sum(asks(shares, "192.0.2.1", now=NOON + later) for _ in range(10)) == FLOOR
    after = bytes(shares._memory)
    key = slice(network_share._DAY_BYTES, network_share._KEY_BYTES)
    assert before[key] != after[key]
    assert sum(map(bool, shares._counters)) == 8  # of this day: six counters and two totals


def test_a_sketch_has_a_number_that_says_nothing_of_its_key() -> None:
    shares, other = NetworkShares(), NetworkShares()
    assert shares.sketches() == set()
    asks(shares, "192.0.2.1")
    asks(other, "192.0.2.1")
    asks(shares, "192.0.2.1", now=NOON + DAY)
    assert [day for day, _ in sorted(shares.sketches())] == [NOON // DAY, NOON // DAY + 1]
    assert len({number for _, number in shares.sketches() | other.sketches()}) == 3
    assert not any(number in bytes(shares._memory[: network_share._KEY_BYTES]) for _, number in shares.sketches())


def test_many_small_networks_are_not_taken_for_a_large_one() -> None:
    """A sketch counts too much: 60,000 messages of 30,000 networks must all count, but for a few in a thousand."""
    chance = random.Random(1)
    shares = NetworkShares()
    networks = [f"{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}.1" for n in chance.sample(range(1 << 24), 30_000)]
    left_out = sum(not asks(shares, network, share=0.0025) for network in networks * 2)
    assert left_out < 60


def test_a_larger_campaign_leaves_a_smaller_share_to_one_network() -> None:
    shares = [share_of_plan(people, [1, 1]) for people in (20, 800, 10_000, 100_000)]
    assert shares == sorted(shares, reverse=True)
    assert max(shares) <= network_share.MAX_SHARE
    assert share_of_plan(100_000, [1, 1], most=1.0) == 1.0


@pytest.mark.parametrize("weights", [[1, 1], [1, 3], [3, 2, 2, 2], [1, 19], [1, 3, 0]])
@pytest.mark.parametrize("rate", [0.25, 0.5, 0.75])
def test_with_unequal_shares_one_network_still_moves_less_than_a_quarter_of_any_interval(
    weights: list[float], rate: float
) -> None:
    """It puts all its views into one arm, in the worst way: by a share made for equal arms, up to 0.95 of 1:19's."""
    people = 100_000
    views = people * share_of_plan(people, weights)
    sizes = [people * weight / sum(weights) for weight in weights if weight]
    for size, other in permutations(sizes, 2):
        width = 2 * 1.96 * sqrt(rate * (1 - rate) * (1 / size + 1 / other))
        assert views * max(rate, 1 - rate) / size < 0.25 * width


def test_equal_shares_leave_what_they_left_before() -> None:
    """0.7 divided by the number of arms and by the square root of the people in each."""
    assert share_of_plan(20_000, [2, 2, 2, 2]) == pytest.approx(0.7 / (4 * 5_000**0.5))


@pytest.mark.process
def test_processes_that_are_forked_count_in_one_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_share, "_inherited", [])
    network_share.share_memory_with_children()
    child = os.fork()
    if child == 0:
        counted = [asks(NetworkShares(), "192.0.2.1") for _ in range(FLOOR)]
        os._exit(0 if all(counted) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert not asks(NetworkShares(), "192.0.2.1")


def test_no_address_stays_in_memory() -> None:
    """The same search sees an address that is planted."""
    shares = NetworkShares()
    address = ".".join(["203", "0", "113", "77"])
    for _ in range(20):
        asks(shares, address)
    assert not _finds("203.0.113", [vars(shares), bytes(shares._memory)])
    vars(shares)["leak"] = address
    assert _finds("203.0.113", [vars(shares)])


def _finds(text: str, roots: list[object]) -> bool:
    while roots:
        thing = roots.pop()
        if (isinstance(thing, str) and text in thing) or (isinstance(thing, bytes) and text.encode() in thing):
            return True
        if isinstance(thing, dict | list | tuple):
            roots += gc.get_referents(thing)
    return False
