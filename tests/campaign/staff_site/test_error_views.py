"""What staff are told when the database fails: not that the program did."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.db import IntegrityError, OperationalError
from django.test import Client

from tests import world

pytestmark = pytest.mark.django_db
PASSWORD = "four words nobody guesses"


def failing(error: Exception) -> Any:
    def fail(*args: Any, **options: Any) -> None:
        raise error

    return fail


@pytest.fixture
def stranger() -> Client:
    user = world.person("ana", "analyst")
    user.set_password(PASSWORD)
    user.save()
    world.second_factor(user)
    return Client(raise_request_exception=False)


def sign_in(client: Client) -> Any:
    return client.post("/sign-in/", {"username": "ana", "password": PASSWORD})


@pytest.mark.parametrize("method", ["save", "cycle_key"])  # after the view, and within it
def test_signing_in_on_a_full_disk_says_that_nothing_can_be_stored(
    stranger: Client, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr(SessionStore, method, failing(OperationalError("database or disk is full")))
    response = sign_in(stranger)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "60")
    assert "We cannot save anything at the moment" in response.content.decode()


def test_a_fault_of_the_program_is_still_called_one(stranger: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SessionStore, "cycle_key", failing(IntegrityError("of our own making")))
    assert sign_in(stranger).status_code == 500


def test_the_api_says_so_in_its_own_shape(stranger: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(User, "check_password", failing(OperationalError("database or disk is full")))
    body = {"username": "ana", "password": PASSWORD, "code": "000000"}
    response = stranger.post("/api/v1/token/", body, content_type="application/json")
    assert (response.status_code, response.json()["error"]["code"]) == (503, "database_unavailable")
