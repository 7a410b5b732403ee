"""Tokens of programs: stored as hashes, shown once, and ended by time and by every change of what they rest on."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from messages.accounts import api_tokens
from messages.models import ApiToken, AuditEntry
from tests import world

pytestmark = pytest.mark.django_db
PASSWORD = "four words nobody guesses"
migration = import_module("messages.migrations.0013_api_tokens")


def mara() -> User:
    user = world.person("mara", "manager")
    user.set_password(PASSWORD)
    user.save()
    return user


def signed_in(user: User) -> Client:
    client = Client()
    world.sign_in(client, user)
    return client


READING = ["campaigns", "results"]


def made_on_the_page(client: Client, name: str = "nightly report", *scopes: str) -> str:
    page = client.post("/account/tokens/", {"name": name, "scopes": scopes or READING}).content.decode()
    shown = re.search(r"<code>([\w-]{43})</code>", page)
    assert shown
    return shown[1]


def status(token: str) -> int:
    return Client(headers={"Authorization": f"Token {token}"}).get("/api/v1/campaigns/").status_code


def test_a_token_is_shown_once_and_stored_as_a_hash() -> None:
    client = signed_in(mara())
    token = made_on_the_page(client)
    assert status(token) == 200
    assert token not in client.get("/account/tokens/").content.decode()
    assert token not in str(list(ApiToken.objects.values()))


def test_what_the_database_holds_opens_nothing() -> None:
    made_on_the_page(signed_in(mara()))
    for value in ApiToken.objects.values().get().values():
        assert status(str(value)) == 401


def test_the_page_tells_name_end_and_day_of_last_use() -> None:
    client = signed_in(mara())
    token = made_on_the_page(client)
    assert "not used yet" in client.get("/account/tokens/").content.decode()
    status(token)
    page = client.get("/account/tokens/").content.decode()
    assert "nightly report" in page
    assert "last used on" in page
    stored = ApiToken.objects.get()
    assert stored.last_used_on == timezone.localdate()
    assert stored.expires_on == timezone.localdate() + timedelta(days=90)


def test_it_is_taken_for_ninety_days(clock_that_stands_still: time_machine.Traveller) -> None:
    client = signed_in(mara())
    token = made_on_the_page(client)
    clock_that_stands_still.shift(timedelta(days=90))
    assert status(token) == 200
    clock_that_stands_still.shift(timedelta(days=1))
    assert status(token) == 401
    world.sign_in(client, User.objects.get())
    assert "expired on" in client.get("/account/tokens/").content.decode()


def test_a_new_one_of_the_same_name_ends_the_one_before_and_no_other() -> None:
    client = signed_in(mara())
    first, other, again = (made_on_the_page(client, name) for name in ("report", "backup", "report"))
    assert [status(token) for token in (first, other, again)] == [401, 200, 200]


def test_a_token_without_a_name_is_refused_beside_its_field() -> None:
    page = signed_in(mara()).post("/account/tokens/", {"name": " "}).content.decode()
    assert 'id="name-error"' in page
    assert not ApiToken.objects.exists()


def test_the_page_says_in_words_what_a_token_may_do() -> None:
    client = signed_in(mara())
    made_on_the_page(client, "nightly report", "results")
    page = client.get("/account/tokens/").content.decode().split('<ul class="lines"')[1].split("<form")[0]
    assert "Read results, and download their files" in page
    assert "Read campaigns" not in page


def test_a_token_for_nothing_is_refused_beside_its_field() -> None:
    page = signed_in(mara()).post("/account/tokens/", {"name": "report"}).content.decode()
    assert 'id="scopes-error"' in page
    assert not ApiToken.objects.exists()


def test_a_scope_that_nobody_knows_gives_no_token() -> None:
    with pytest.raises(ValueError, match="scope"):
        api_tokens.create(mara(), "report", today=timezone.localdate(), scopes=["everything"])
    assert not ApiToken.objects.exists()


def test_a_token_from_before_there_were_scopes_does_all() -> None:
    token = ApiToken(scopes="")
    assert all(token.allows(scope) for scope in ApiToken.Scope.values)


def test_one_token_is_deleted_and_it_stands_on_the_record() -> None:
    client = signed_in(mara())
    token, other = made_on_the_page(client), made_on_the_page(client, "backup")
    client.post(f"/account/tokens/{ApiToken.objects.get(name='nightly report').pk}/")
    assert (status(token), status(other)) == (401, 200)
    entries = AuditEntry.objects.filter(action__startswith="token-").order_by("number")
    assert [(entry.action, entry.detail) for entry in entries] == [
        ("token-create", {"token": "nightly report", "scopes": "campaigns results"}),
        ("token-create", {"token": "backup", "scopes": "campaigns results"}),
        ("token-delete", {"token": "nightly report"}),
    ]


def test_nobody_deletes_the_token_of_another() -> None:
    token = made_on_the_page(signed_in(mara()))
    other = signed_in(world.person("rafael", "reviewer"))
    assert other.post(f"/account/tokens/{ApiToken.objects.get().pk}/").status_code == 404
    assert status(token) == 200


def test_making_one_asks_for_a_fresh_second_factor() -> None:
    client = signed_in(mara())
    session = client.session
    session["confirmed_at"] = 0
    session.save()
    reply = client.post("/account/tokens/", {"name": "report"})
    assert reply.headers["Location"].startswith("/account/confirm/")
    assert not ApiToken.objects.exists()


def change_password(own: Client, administrator: Client, user: User) -> Any:
    return own.post("/account/password/", {"old": PASSWORD, "new": "quite another set of words"})


def sign_out_everywhere_else(own: Client, administrator: Client, user: User) -> Any:
    return own.post("/account/sessions/")


def be_given(action: str, **more: str) -> Callable[[Client, Client, User], Any]:
    return lambda own, administrator, user: administrator.post(f"/people/{user.pk}/", {"do": action, **more})


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(change_password, id="a new password"),
        pytest.param(sign_out_everywhere_else, id="signing out everywhere else"),
        pytest.param(be_given("role", role="analyst"), id="another role"),
        pytest.param(be_given("end-sessions"), id="being signed out everywhere"),
        pytest.param(be_given("reset-factor"), id="a reset second factor"),
        pytest.param(be_given("deactivate"), id="a closed account"),
    ],
)
def test_a_token_ends_for_good_with(change: Callable[[Client, Client, User], Any]) -> None:
    user = mara()
    own, administrator = signed_in(user), signed_in(world.person("ada", "administrator"))
    token = made_on_the_page(own)
    assert change(own, administrator, user).status_code == 302
    administrator.post(f"/people/{user.pk}/", {"do": "reactivate"})
    administrator.post(f"/people/{user.pk}/", {"do": "role", "role": "manager"})
    assert status(token) == 401


def test_signing_out_in_one_place_leaves_tokens_alone() -> None:
    user = mara()
    own, elsewhere = signed_in(user), signed_in(user)
    token = made_on_the_page(own)
    page = own.get("/account/").content.decode()
    handle = re.search(r'name="handle" value="(\w+)"', page)
    assert handle
    own.post("/account/sessions/", {"handle": handle[1]})
    assert elsewhere.get("/").status_code == 302
    assert status(token) == 200


def test_the_api_makes_a_new_named_token_each_time() -> None:
    user = mara()
    world.second_factor(user)

    def ask(**more: str) -> str:
        body = {"username": "mara", "password": PASSWORD, "code": world.fresh_code(user), **more}
        token: str = Client().post("/api/v1/token/", body, content_type="application/json").json()["token"]
        return token

    first, named, again = ask(), ask(name="report"), ask()
    assert [status(token) for token in (first, named, again)] == [401, 200, 200]
    assert set(ApiToken.objects.values_list("name", flat=True)) == {"API", "report"}


@pytest.mark.django_db(transaction=True)
def test_a_token_of_before_ends_with_the_migration() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE authtoken_token (key varchar(40) PRIMARY KEY)")
        cursor.execute("INSERT INTO authtoken_token VALUES ('in-plain-sight')")
    with connection.schema_editor() as editor:
        migration.end_old_tokens(apps, editor)
        migration.end_old_tokens(apps, editor)
    assert "authtoken_token" not in connection.introspection.table_names()


def test_the_day_of_use_is_written_once_a_day(django_assert_num_queries: Any) -> None:
    token = api_tokens.create(mara(), "report", today=date(2026, 3, 2))
    with django_assert_num_queries(2):
        assert api_tokens.authenticate(token, today=date(2026, 3, 2))
    with django_assert_num_queries(1):
        assert api_tokens.authenticate(token, today=date(2026, 3, 2))
