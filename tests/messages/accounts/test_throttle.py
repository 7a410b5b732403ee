"""The throttle: a few free guesses, then doubling waits, and no stored names or addresses."""

from __future__ import annotations

import doctest

from messages.accounts import encryption, throttle, user_agent
from messages.accounts.throttle import FORGET_SECONDS, FailedAttempts
from messages.networks import network_of

HOME, AWAY = "192.0.2.7", "198.51.100.9"


def failed(attempts: FailedAttempts, name: str, address: str, times: int, *, now: float = 0.0) -> None:
    for _ in range(times):
        attempts.record_failure(name, address, now=now)


def test_five_guesses_are_free_and_the_sixth_waits() -> None:
    attempts = FailedAttempts()
    failed(attempts, "ana", HOME, 4)
    assert attempts.seconds_to_wait("ana", HOME, now=0.0) == 0.0
    failed(attempts, "ana", HOME, 1)
    assert attempts.seconds_to_wait("ana", HOME, now=0.0) == 30.0
    assert attempts.seconds_to_wait("ana", HOME, now=30.0) == 0.0


def test_each_further_guess_doubles_the_wait_up_to_a_quarter_of_an_hour() -> None:
    attempts = FailedAttempts()
    waits = []
    for _ in range(12):
        failed(attempts, "ana", HOME, 1)
        waits.append(attempts.seconds_to_wait("ana", HOME, now=0.0))
    assert waits == [0.0, 0.0, 0.0, 0.0, 30.0, 60.0, 120.0, 240.0, 480.0, 900.0, 900.0, 900.0]


def test_a_guess_counts_before_it_is_looked_at() -> None:
    attempts = FailedAttempts()
    at_once = [attempts.begin_guess("ana", HOME, now=0.0) for _ in range(24)]
    assert at_once == [0.0] * 5 + [30.0] * 19
    after_the_wait = [attempts.begin_guess("ana", HOME, now=30.0) for _ in range(8)]
    assert after_the_wait == [0.0] + [60.0] * 7


def test_a_right_guess_leaves_its_network_as_it_was() -> None:
    attempts = FailedAttempts()
    for _ in range(100):
        assert attempts.begin_guess("mine", HOME, now=0.0) == 0.0
        attempts.record_success("mine", HOME)
    assert not attempts._failures


def test_a_name_is_one_name_however_it_is_written() -> None:
    attempts = FailedAttempts()
    failed(attempts, "Ana", HOME, 5)
    assert attempts.seconds_to_wait("ANA", HOME, now=0.0) > 0


def test_a_stranger_elsewhere_does_not_easily_lock_somebody_out() -> None:
    attempts = FailedAttempts()
    failed(attempts, "ana", AWAY, 20)
    assert attempts.seconds_to_wait("ana", AWAY, now=0.0) > 0
    assert attempts.seconds_to_wait("ana", HOME, now=0.0) == 0.0


def test_many_networks_together_are_slowed_down_for_one_name() -> None:
    attempts = FailedAttempts()
    for n in range(50):
        attempts.record_failure("ana", f"10.0.{n}.1", now=0.0)
    assert attempts.seconds_to_wait("ana", HOME, now=0.0) > 0


def test_one_network_is_slowed_down_over_all_names_and_success_does_not_free_it() -> None:
    attempts = FailedAttempts()
    failed(attempts, "one", "192.0.2.200", 4)
    for n in range(25):
        attempts.record_failure(f"name {n}", "192.0.2.200", now=0.0)
    assert attempts.begin_guess("mine", HOME, now=0.0) == 0.0
    attempts.record_success("mine", HOME)
    attempts.record_failure("the thirtieth", HOME, now=0.0)
    assert attempts.seconds_to_wait("another", HOME, now=0.0) > 0
    assert attempts.seconds_to_wait("another", AWAY, now=0.0) == 0.0


def test_the_right_answer_lets_a_name_begin_anew() -> None:
    attempts = FailedAttempts()
    failed(attempts, "ana", HOME, 4)
    attempts.record_success("ana", HOME)
    failed(attempts, "ana", HOME, 4)
    assert attempts.seconds_to_wait("ana", HOME, now=0.0) == 0.0


def test_an_hour_later_all_is_forgotten_and_a_clock_that_jumped_back_locks_nobody_out() -> None:
    attempts = FailedAttempts()
    failed(attempts, "ana", HOME, 9, now=1000.0)
    attempts.seconds_to_wait("ana", HOME, now=1000.0 + FORGET_SECONDS)
    assert not attempts._failures
    failed(attempts, "ana", HOME, 9, now=1000.0)
    assert attempts.seconds_to_wait("ana", HOME, now=500.0) == 0.0


def test_a_flood_of_names_does_not_fill_the_memory() -> None:
    attempts = FailedAttempts()
    for n in range(throttle.MAX_KEYS):
        attempts.record_failure(f"name {n}", "", now=0.0)
    assert len(attempts._failures) == throttle.MAX_KEYS


def test_neither_names_nor_addresses_are_held() -> None:
    attempts = FailedAttempts()
    failed(attempts, "ana", HOME, 3)
    held = b"".join(attempts._failures)
    assert b"ana" not in held
    assert network_of(HOME).encode() not in held
    other = FailedAttempts()
    failed(other, "ana", HOME, 3)
    assert set(attempts._failures).isdisjoint(other._failures)  # each process has its own key


def test_the_examples_hold() -> None:
    assert [doctest.testmod(module).failed for module in (throttle, user_agent, encryption)] == [0, 0, 0]
