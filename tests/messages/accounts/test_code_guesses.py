"""Codes of second factors: five guesses, then waits that double, whatever roads, networks and people are mixed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection, connections
from django.test import Client, override_settings
from django.utils import timezone

from messages.accounts import code_guesses, login_attempts, second_factors, step_up
from messages.accounts.login_attempts import TooManyAttempts
from messages.accounts.throttle import FailedAttempts
from messages.models import AuditEntry, FailedCodes
from tests import world

pytestmark = pytest.mark.django_db
PASSWORD = "four words nobody guesses"
WRONG = "000000"
WAIT, LOOKED_AT = "has to wait", "was looked at"
Guess = Callable[[], str]


def mara() -> User:
    user = world.person("mara", "manager")
    user.email = "mara@example.org"
    user.set_password(PASSWORD)
    user.save()
    world.second_factor(user)
    return user


def type_password(client: Client, **environ: Any) -> None:
    reply = client.post("/sign-in/", {"username": "mara", "password": PASSWORD}, **environ)
    assert reply.headers["Location"] == "/sign-in/second-step/"


def answer(reply: Any) -> str:
    """What became of a wrong code."""
    if reply.status_code == 429 or b"Too many attempts" in reply.content:
        return WAIT
    assert reply.status_code in (200, 401, 403)
    assert b"is not correct" in reply.content
    return LOOKED_AT


def at_sign_in(client: Client | None = None, code: str = WRONG, **environ: Any) -> str:
    client = client or Client()
    type_password(client, **environ)
    return answer(client.post("/sign-in/second-step/", {"code": code}, **environ))


def at_the_api(code: str = WRONG) -> str:
    body = {"username": "mara", "password": PASSWORD, "code": code}
    return answer(Client().post("/api/v1/token/", body, content_type="application/json"))


def roads() -> list[Guess]:
    """Every road on which a code is looked at, with what a guesser needs for it."""
    signed_in = Client()
    world.sign_in(signed_in, User.objects.get(username="mara"))
    session = signed_in.session
    session[step_up.CONFIRMED_AT_KEY] = 0
    session.save()
    user = User.objects.get(username="mara")
    body = {"username": "mara", "password": PASSWORD, "code": world.fresh_code(user)}
    token = Client().post("/api/v1/token/", body, content_type="application/json").json()["token"]
    program = Client(headers={"Authorization": f"Token {token}", "Second-Factor": WRONG})
    pause = "/api/v1/campaigns/pilot/pause/"
    return [
        at_sign_in,
        at_the_api,
        lambda: answer(signed_in.post("/account/confirm/", {"code": WRONG})),
        lambda: answer(program.post(pause, content_type="application/json")),
        lambda: at_sign_in(code="12345678"),  # as long as a recovery code
    ]


def test_right_passwords_between_the_guesses_give_no_more_guesses() -> None:
    mara()
    answers = []
    for _ in range(40):
        answers.append(at_the_api())
        type_password(Client())
    assert Counter(answers) == {LOOKED_AT: 5, WAIT: 35}


def test_all_roads_share_five_guesses() -> None:
    mara()
    world.launched()
    guesses = roads()
    answers = [guess() for _ in range(8) for guess in guesses]
    assert Counter(answers) == {LOOKED_AT: 5, WAIT: 35}


def test_other_networks_and_a_restart_give_no_more_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    mara()
    answers = []
    for network in range(30):
        monkeypatch.setattr(login_attempts, "attempts", FailedAttempts())
        monkeypatch.setattr(code_guesses, "_counted_here", {})
        answers.append(at_sign_in(REMOTE_ADDR=f"10.0.{network}.1"))
    assert answers.count(LOOKED_AT) == 5


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM messaging_failedcodes",
        "UPDATE messaging_failedcodes SET failures = 0, next_guess_at = '2020-01-01'",
        "UPDATE messaging_failedcodes SET failures = 0, next_guess_at = '2120-01-01'",
    ],
)
def test_whoever_changes_the_count_by_sql_gets_no_more_guesses(statement: str) -> None:
    mara()
    answers = []
    for _ in range(20):
        answers.append(at_the_api())
        with connection.cursor() as cursor:
            cursor.execute(statement)
    assert Counter(answers) == {LOOKED_AT: 5, WAIT: 15}


@pytest.mark.django_db(transaction=True)
def test_guesses_at_the_same_moment_are_counted_one_by_one() -> None:
    mara()
    clients, ready = [Client() for _ in range(12)], Barrier(12)
    for client in clients:
        type_password(client)

    def guess(client: Client) -> str:
        ready.wait(timeout=30)
        try:
            return answer(client.post("/sign-in/second-step/", {"code": WRONG}))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(clients)) as pool:
        answers = list(pool.map(guess, clients))
    assert Counter(answers) == {LOOKED_AT: 5, WAIT: 7}
    assert FailedCodes.objects.get().failures == 5


def test_the_wait_doubles_to_a_quarter_of_an_hour_and_no_further(
    clock_that_stands_still: time_machine.Traveller,
) -> None:
    mara()
    for _ in range(5):
        at_sign_in()
    waits = []
    for _ in range(8):
        minutes = 0
        while at_sign_in() == WAIT:
            minutes += 1
            clock_that_stands_still.shift(60)
        waits.append(minutes)
    nearly = [30, 60, 120, 240, 480, 900, 900, 900]  # each rounded up to the minute
    assert all(wait <= 60 * minutes < wait + 120 for wait, minutes in zip(nearly, waits, strict=True)), waits


def test_right_codes_of_the_owner_give_a_guesser_no_more_guesses(
    clock_that_stands_still: time_machine.Traveller,
) -> None:
    user = mara()
    looked_at = 0
    for _ in range(12):  # every five minutes the owner signs in, and somebody guesses as often as they may
        while at_sign_in() == LOOKED_AT:
            looked_at += 1
        clock_that_stands_still.shift(300)
        with suppress(TooManyAttempts):
            assert second_factors.check_code(user, world.fresh_code(user))
    assert looked_at < 15


def test_a_right_code_is_taken_once_the_wait_is_over(clock_that_stands_still: time_machine.Traveller) -> None:
    user = mara()
    for _ in range(5):
        at_sign_in()
    with pytest.raises(TooManyAttempts):
        second_factors.check_code(user, world.fresh_code(user))
    clock_that_stands_still.shift(90)
    assert second_factors.check_code(user, world.fresh_code(user))


def test_one_failure_is_forgotten_each_hour_and_the_row_with_the_last(
    clock_that_stands_still: time_machine.Traveller,
) -> None:
    user = mara()
    for _ in range(5):
        at_sign_in()
    clock_that_stands_still.shift(2 * 3600 + 90)
    assert code_guesses.recent_failures(user, now=timezone.now()) == 3
    assert [at_sign_in() for _ in range(3)] == [LOOKED_AT, LOOKED_AT, WAIT]
    clock_that_stands_still.shift(24 * 3600)
    assert second_factors.check_code(user, world.fresh_code(user))
    assert not FailedCodes.objects.exists()


def test_a_clock_that_was_set_back_locks_nobody_out(clock_that_stands_still: time_machine.Traveller) -> None:
    user = mara()
    for _ in range(5):
        at_sign_in()
    clock_that_stands_still.shift(-24 * 3600)
    assert second_factors.check_code(user, world.fresh_code(user))


def test_who_does_not_know_the_password_makes_the_owner_wait_for_no_code() -> None:
    user = mara()
    for _ in range(20):
        Client().post("/sign-in/", {"username": "mara", "password": "no"}, REMOTE_ADDR="192.0.2.1")
        body = {"username": "mara", "password": "no", "code": WRONG}
        Client().post("/api/v1/token/", body, content_type="application/json", REMOTE_ADDR="192.0.2.1")
    assert not FailedCodes.objects.exists()
    assert second_factors.check_code(user, world.fresh_code(user))


def test_wrong_codes_do_not_keep_out_a_passkey(monkeypatch: pytest.MonkeyPatch) -> None:
    mara()
    for _ in range(6):
        at_sign_in()
    client, credential = Client(), {"credential": '{"id": "a"}'}
    type_password(client)
    monkeypatch.setattr(second_factors, "check_passkey", lambda user, credential: False)
    assert client.post("/sign-in/second-step/", credential).status_code == 200
    assert FailedCodes.objects.get().failures == 5
    monkeypatch.setattr(second_factors, "check_passkey", lambda user, credential: True)
    assert client.post("/sign-in/second-step/", credential).headers["Location"] == "/"


@override_settings(EMAIL_HOST="mail.example.org", SITE_ADDRESS="https://thought.example.org")
def test_the_owner_is_told_and_it_stands_on_the_record() -> None:
    mara()
    for _ in range(4):
        at_sign_in()
    assert not mail.outbox
    at_sign_in()
    (told,) = mail.outbox
    assert told.to == ["mara@example.org"]
    assert "5 wrong codes" in str(told.body)
    assert "https://thought.example.org/account/password/" in str(told.body)
    entry = AuditEntry.objects.get(action="codes-guess")
    assert (entry.actor, entry.label, entry.detail) == ("somebody", "mara", {"number": 5})


@override_settings(EMAIL_HOST="mail.example.org")
def test_who_goes_on_guessing_fills_neither_the_mailbox_nor_the_record(
    clock_that_stands_still: time_machine.Traveller,
) -> None:
    mara()
    for _ in range(60):
        at_sign_in()
        clock_that_stands_still.shift(960)
    numbers = [entry.detail["number"] for entry in AuditEntry.objects.filter(action="codes-guess").order_by("number")]
    assert numbers == [5, 10, 20, 40]
    assert len(mail.outbox) == 4


def test_the_account_page_tells_of_wrong_codes(client: Client) -> None:
    user = mara()
    at_sign_in()
    at_sign_in()
    world.sign_in(client, user)
    assert "2 wrong codes were recently entered for this account" in client.get("/account/").content.decode()


def test_nothing_of_the_network_is_stored() -> None:
    mara()
    at_sign_in(REMOTE_ADDR="203.0.113.77")
    assert {field.name for field in FailedCodes._meta.fields} == {"user", "failures", "next_guess_at"}
    assert "203.0.113" not in str(list(FailedCodes.objects.values()))
    assert FailedCodes.objects.get().next_guess_at.second == 0
