"""Limits by network that hold no address."""

from __future__ import annotations

import gc
import random

import pytest

from campaign.serving.rate_limit import WINDOW_SECONDS, NetworkRateLimit


def test_the_limit_holds_for_each_network_by_itself() -> None:
    crowd = NetworkRateLimit(3)
    assert [crowd.exceeds_limit(f"192.0.2.{n}", now=0.0) for n in range(5)] == [False] * 3 + [True] * 2
    assert not crowd.exceeds_limit("198.51.100.1", now=0.0)


def test_no_limit_is_no_limit() -> None:
    crowd = NetworkRateLimit(0)
    assert not any(crowd.exceeds_limit("192.0.2.1", now=0.0) for _ in range(100))


@pytest.mark.parametrize("later", [WINDOW_SECONDS, -1e6])
def test_all_is_forgotten_after_a_while_and_when_the_clock_jumps_back(later: float) -> None:
    crowd = NetworkRateLimit(1)
    assert [crowd.exceeds_limit("192.0.2.1", now=1e9) for _ in range(2)] == [False, True]
    key, rows = crowd._key, crowd._rows
    assert not crowd.exceeds_limit("192.0.2.1", now=1e9 + later)
    assert crowd._key != key
    assert crowd._rows is not rows


def test_many_small_networks_are_not_taken_for_a_large_one() -> None:
    """A sketch counts too much: 60,000 requests of 6,000 networks must still be far from a limit of 100 each."""
    chance = random.Random(1)
    crowd = NetworkRateLimit(100)
    networks = [f"{chance.randrange(1, 127)}.{chance.randrange(256)}.{chance.randrange(256)}.1" for _ in range(6_000)]
    assert not any(crowd.exceeds_limit(chance.choice(networks), now=0.0) for _ in range(60_000))


def test_no_address_stays_in_memory() -> None:
    """The same search sees an address that is planted."""
    crowd = NetworkRateLimit(10)
    address = ".".join(["203", "0", "113", "77"])
    for _ in range(20):
        crowd.exceeds_limit(address, now=0.0)
    assert not _finds("203.0.113", [vars(crowd)])
    vars(crowd)["leak"] = address
    assert _finds("203.0.113", [vars(crowd)])


def _finds(text: str, roots: list[object]) -> bool:
    while roots:
        thing = roots.pop()
        if (isinstance(thing, str) and text in thing) or (isinstance(thing, bytes) and text.encode() in thing):
            return True
        if isinstance(thing, dict | list | tuple):
            roots += gc.get_referents(thing)
    return False
