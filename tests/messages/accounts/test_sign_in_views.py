"""Signing in: two steps, the same answer to every wrong guess, and no access before the second factor."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from http.cookies import SimpleCookie
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher, identify_hasher
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client, RequestFactory, override_settings
from django.utils import timezone

from messages.accounts import invitations, middleware, second_factors, sessions, sign_in_views, step_up
from messages.accounts.login_attempts import GuessOf, check_guess
from messages.accounts.password_hasher import Argon2id
from messages.accounts.session_store import read_row, stored_key
from messages.accounts.throttle import NAME_IN_NETWORK_POLICY
from tests import permissions, world

pytestmark = pytest.mark.django_db
PASSWORD = "four words nobody guesses"
SET_UP = "/account/second-factor/"


def ana(*, factor: bool = True, role: str = "analyst") -> User:
    user = world.person("ana", role)
    user.set_password(PASSWORD)
    user.save()
    if factor:
        world.second_factor(user)
    return user


def first(client: Client, name: str = "ana", password: str = PASSWORD, **more: str) -> Any:
    return client.post("/sign-in/", {"username": name, "password": password, **more})


def second(client: Client, code: str) -> Any:
    return client.post("/sign-in/second-step/", {"code": code})


def test_a_password_and_a_code_let_in(client: Client) -> None:
    ana()
    assert first(client).headers["Location"] == "/sign-in/second-step/"
    assert client.get("/").headers["Location"].startswith("/sign-in/")  # not yet
    assert second(client, world.code()).headers["Location"] == "/"
    assert client.get("/").status_code == 200


def test_a_code_alone_is_no_way_in(client: Client) -> None:
    ana()
    assert second(client, world.code()).headers["Location"] == "/sign-in/"


def test_the_same_code_does_not_let_in_twice(client: Client) -> None:
    ana()
    first(client)
    second(client, world.code())
    other = Client()
    first(other)
    assert "already been used" in second(other, world.code()).content.decode()


def _answer(page: str) -> str:
    """The content of the page without the form's random values."""
    return page.partition("<main")[2].partition("</main>")[0].split("password-error")[-1]


def test_a_wrong_name_and_a_wrong_password_look_alike(client: Client) -> None:
    ana()
    wrong, unknown = first(client, password="no"), first(client, name="who")
    told = [_answer(reply.content.decode()) for reply in (wrong, unknown)]
    assert told[0] == told[1]
    assert "is not correct" in told[0]


@pytest.mark.parametrize("name", ["ana", "who"])
def test_after_five_wrong_guesses_everybody_is_asked_to_wait_kindly(client: Client, name: str) -> None:
    ana()
    for _ in range(5):
        first(client, name=name, password="no")
    page = first(client, name=name).content.decode()  # even with the right password
    assert "Too many attempts. Wait about a minute" in page


def test_of_guesses_that_come_all_at_once_five_are_looked_at(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    ana()
    looked: list[str] = []

    def authenticate(request: Any, **guess: str) -> None:
        """While one is looked at, the next one comes."""
        looked.append(guess["password"])
        if len(looked) < 24:
            first(Client(), password=f"no {len(looked)}")

    monkeypatch.setattr(sign_in_views, "authenticate", authenticate)
    page = first(client, password="no").content.decode()
    assert len(looked) == 5
    assert "is not correct" in page


def test_the_present_password_is_not_guessed_on_the_page_that_changes_it(client: Client) -> None:
    world.sign_in(client, ana())
    guesses = [{"old": f"no {number}", "new": "quite another set of words"} for number in range(7)]
    pages = [client.post("/account/password/", guess).content.decode() for guess in guesses]
    assert ["not your current password" in page for page in pages] == [True] * 5 + [False] * 2
    assert "Too many attempts. Wait" in pages[-1]
    page = client.post("/account/password/", {"old": PASSWORD, "new": "quite another set of words"}).content.decode()
    assert "Too many attempts. Wait" in page
    assert User.objects.get(username="ana").check_password(PASSWORD)


def test_codes_are_not_guessed_either(client: Client) -> None:
    ana()
    first(client)
    for _ in range(5):
        second(client, "000000")
    assert "Too many attempts. Wait" in second(client, world.code()).content.decode()


def test_the_first_answer_is_good_for_ten_minutes(client: Client) -> None:
    ana()
    first(client)
    session = client.session
    session["pending_sign_in"]["at"] -= 601
    session.save()
    assert second(client, world.code()).headers["Location"] == "/sign-in/"


def test_whoever_was_closed_out_meanwhile_does_not_get_in(client: Client) -> None:
    user = ana()
    first(client)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert second(client, world.code()).headers["Location"] == "/sign-in/"


@pytest.mark.parametrize("onward", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_nobody_is_led_to_another_site(client: Client, onward: str) -> None:
    ana()
    first(client, next=onward)
    reply = client.post("/sign-in/second-step/", {"code": world.code(), "next": onward})
    assert reply.headers["Location"] == "/"


def test_the_session_gets_a_new_key_at_each_step(client: Client) -> None:
    ana()
    client.get("/sign-in/")
    first(client)
    before = client.session.session_key
    second(client, world.code())
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=stored_key(str(before))).exists()


def app_secret_in(client: Client) -> str:
    """The secret that the page shows, in groups of four, as long as the session holds it."""
    request = RequestFactory().get("/")
    request.session = client.session
    return second_factors.app_secret(request, renew=False)


class TestWithoutASecondFactor:
    def test_no_route_but_the_set_up_opens(self, client: Client) -> None:
        """Request every route as an administrator without a second factor."""
        user = ana(factor=False, role="administrator")
        open_to_all = {
            "/sign-in/",
            "/sign-in/second-step/",
            "/welcome/<str:token>/",
            "/language/",
            "/api/",
            "/api/docs/",
            "/api/schema/",
            "/api/v1/token/",
            "/admin/login/",
            "/published/<slug:slug>/",
            "/published/<slug:slug>/<str:name>",
            *("/shared/<str:token>/", "/shared/<str:token>/close/"),
            *("/shared/<str:token>/code/", "/shared/<str:token>/results/"),
        }
        before = {SET_UP, f"{SET_UP}app/", f"{SET_UP}passkey/", "/account/confirm/", "/sign-out/"}
        reached = set()
        assert first(client).status_code == 302
        for route in sorted(permissions.staff_routes() - open_to_all):
            own = Client()
            own.cookies = SimpleCookie(client.cookies)
            with transaction.atomic():  # rolled back
                reply = own.get(permissions.example_path(route)) if route != "/sign-out/" else own.post("/sign-out/")
                transaction.set_rollback(True)
            shut = reply.status_code == 403 and b"second_factor_needed" in reply.content
            if not shut and reply.headers.get("Location") != SET_UP:
                reached.add(route)
        assert reached - {SET_UP} == before - {SET_UP}
        assert not second_factors.has_factor(user)

    def test_the_set_up_opens_the_rest(self, client: Client) -> None:
        ana(factor=False)
        first(client)
        assert client.get("/").headers["Location"] == SET_UP
        client.get(f"{SET_UP}app/")
        page = client.post(f"{SET_UP}app/", {"code": world.code(app_secret_in(client))}).content.decode()
        assert page.count("<li><code>") == 10
        assert client.get("/").status_code == 200

    def test_no_table_holds_the_apps_secret_while_it_is_set_up(self, client: Client) -> None:
        ana(factor=False)
        first(client)
        page = client.get(f"{SET_UP}app/").content.decode()
        secret = app_secret_in(client)
        assert secret in page.replace(" ", "")
        held = [read_row(session) for session in Session.objects.all()]
        assert all(held)
        assert secret not in str(held)

    def test_a_password_that_was_typed_long_ago_sets_up_nothing(self, client: Client) -> None:
        ana(factor=False)
        first(client)
        session = client.session
        session[step_up.CONFIRMED_AT_KEY] -= 601
        session.save()
        assert client.get(f"{SET_UP}app/").headers["Location"].startswith("/account/confirm/")
        reply = client.post("/account/confirm/", {"password": PASSWORD, "next": f"{SET_UP}app/"})
        assert reply.headers["Location"] == f"{SET_UP}app/"

    @pytest.mark.parametrize("path", [SET_UP, f"{SET_UP}app/", f"{SET_UP}passkey/", "/account/confirm/", "/"])
    def test_whoever_has_the_password_alone_adds_no_factor_to_one_that_is_there(
        self, client: Client, path: str
    ) -> None:
        user, thief = ana(factor=False), Client()
        first(client)
        first(thief)
        world.second_factor(user)  # in another process, which could not end the thief's session
        for reply in (thief.get(path), thief.post(path, {"name": "mine", "credential": "{}", "code": "1"})):
            assert reply.headers["Location"].startswith("/sign-in/")
        assert "This account now has a second factor" in thief.get("/sign-in/").content.decode()
        assert len(second_factors.factors_of(user)) == 1

    def test_the_first_factor_ends_all_other_sessions(self, client: Client) -> None:
        user, thief = ana(factor=False), Client()
        first(client)
        first(thief)
        client.get(f"{SET_UP}app/")
        client.post(f"{SET_UP}app/", {"code": world.code(app_secret_in(client))})
        assert len(sessions.sessions_of(user)) == 1
        assert thief.get(f"{SET_UP}passkey/").headers["Location"].startswith("/sign-in/")
        assert client.get("/").status_code == 200

    def test_the_second_factor_ends_no_session(self, client: Client) -> None:
        user, there = ana(), Client()
        world.sign_in(client, user)
        world.sign_in(there, user)
        second_factors.factors_of(user)[0].delete()  # as if it were a passkey: an app is set up once
        world.passkey(user)
        client.get(f"{SET_UP}app/")
        client.post(f"{SET_UP}app/", {"code": world.code(app_secret_in(client))})
        assert len(second_factors.factors_of(user)) == 2
        assert there.get("/").status_code == 200

    def test_of_two_who_set_up_the_first_factor_at_once_one_does(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The middleware of the second request read that there is none; the row lock lets it see the other's."""
        user = ana(factor=False)
        first(client)
        client.get(f"{SET_UP}app/")
        world.passkey(user)
        monkeypatch.setattr(middleware, "second_factors", SimpleNamespace(has_factor=lambda user: False))
        reply = client.post(f"{SET_UP}app/", {"code": world.code(app_secret_in(client))})
        assert reply.headers["Location"] == "/sign-in/"
        assert [factor.type for factor in second_factors.factors_of(user)] == [second_factors.PASSKEY]

    @override_settings(SKIP_SECOND_FACTOR=True)
    def test_a_demo_may_leave_it_for_later(self, client: Client) -> None:
        ana(factor=False)
        first(client)
        assert client.get("/").status_code == 200

    @pytest.mark.process
    def test_the_program_refuses_that_on_a_real_site(self, tmp_path: Any) -> None:
        own = {**os.environ, "DATA_DIRECTORY": str(tmp_path), "SKIP_SECOND_FACTOR": "1", "LOCAL_HTTP": "0"}
        done = subprocess.run([sys.executable, "manage.py", "check"], env=own, capture_output=True, text=True)
        assert done.returncode != 0
        assert "SKIP_SECOND_FACTOR is for a demo" in done.stderr


class TestConfirming:
    def test_ten_minutes_later_a_change_of_people_asks_again(self, client: Client) -> None:
        world.sign_in(client, world.person("ada", "administrator"))
        session = client.session
        session[step_up.CONFIRMED_AT_KEY] -= 601
        session.save()
        assert client.get("/people/invite/").headers["Location"] == "/account/confirm/?next=%2Fpeople%2Finvite%2F"
        code = world.fresh_code(User.objects.get(username="ada"))
        reply = client.post("/account/confirm/", {"code": code, "next": "/people/invite/"})
        assert reply.headers["Location"] == "/people/invite/"
        assert client.get("/people/invite/").status_code == 200

    @pytest.mark.parametrize("do", ["resend", "revoke"])
    def test_a_button_asks_first_and_leads_back_to_the_page_where_it_stands(self, client: Client, do: str) -> None:
        ada = world.person("ada", "administrator")
        made, _token = invitations.invite("bo@example.org", "manager", by=ada, now=timezone.now())
        world.sign_in(client, ada)
        session = client.session
        session[step_up.CONFIRMED_AT_KEY] -= 601
        session.save()
        reply = client.post(f"/people/invitations/{made.pk}/", {"do": do})
        assert reply.headers["Location"] == "/account/confirm/?next=%2Fpeople%2F"
        assert "then press the button again" in client.get(reply.headers["Location"]).text
        assert [waiting.digest for waiting in invitations.waiting()] == [made.digest]
        reply = client.post("/account/confirm/", {"code": world.fresh_code(ada), "next": "/people/"}, follow=True)
        assert (reply.status_code, reply.wsgi_request.path) == (200, "/people/")
        client.post(f"/people/invitations/{made.pk}/", {"do": do})
        assert made.digest not in {waiting.digest for waiting in invitations.waiting()}

    def test_a_password_does_not_confirm_where_there_is_a_factor(self, client: Client) -> None:
        user = ana(role="administrator")
        world.sign_in(client, user)
        session = client.session
        session[step_up.CONFIRMED_AT_KEY] = 0
        session.save()
        client.post("/account/confirm/", {"password": PASSWORD, "next": "/people/invite/"})
        assert client.get("/people/invite/").status_code == 302


class TestSessions:
    def test_it_knows_browser_and_hour_and_no_address(self, client: Client) -> None:
        user = ana(factor=False)
        agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0"
        client.post("/sign-in/", {"username": "ana", "password": PASSWORD}, headers={"User-Agent": agent})
        (one,) = sessions.sessions_of(user)
        assert one.device == "Firefox on Windows"
        assert (one.started.minute, one.last_used.minute) == (0, 0)
        held = str(read_row(Session.objects.get()))
        assert "Firefox" in held
        assert "127.0.0.1" not in held

    def test_it_ends_when_nobody_used_it_and_says_so_kindly(self, client: Client) -> None:
        world.sign_in(client, ana())
        session = client.session
        session[sessions.SEEN] -= 3
        session.save()
        assert client.get("/messages/").headers["Location"] == "/sign-in/?next=/messages/"
        assert "You were away for a while" in client.get("/sign-in/?next=/messages/").content.decode()

    def test_it_ends_after_twelve_hours_however_much_it_is_used(self, client: Client) -> None:
        ana(factor=False)
        first(client)
        end = Session.objects.get().expire_date
        assert 11.9 < (end - timezone.now()).total_seconds() / 3600 <= 12
        client.get(SET_UP)
        assert Session.objects.get().expire_date == end

    def test_signing_out_elsewhere_leaves_this_one(self, client: Client) -> None:
        user, there = ana(), Client()
        world.sign_in(client, user)
        world.sign_in(there, user)
        client.post("/account/sessions/")
        assert there.get("/").status_code == 302
        assert client.get("/").status_code == 200

    def test_nobody_ends_the_session_of_another(self, client: Client) -> None:
        other, there = world.person("mara", "manager"), Client()
        world.sign_in(there, other)
        world.sign_in(client, ana())
        client.post("/account/sessions/", {"handle": sessions.sessions_of(other)[0].handle})
        assert there.get("/").status_code == 200

    def test_a_new_password_ends_all_others(self, client: Client) -> None:
        user, there = ana(), Client()
        world.sign_in(client, user)
        world.sign_in(there, user)
        client.post("/account/password/", {"old": PASSWORD, "new": "quite another set of words"})
        assert there.get("/").status_code == 302
        assert client.get("/").status_code == 200


def test_passwords_are_argon2id_and_older_hashes_are_made_anew_at_sign_in(client: Client) -> None:
    user = ana(factor=False)
    assert user.password.startswith("argon2$argon2id$")
    older = PBKDF2PasswordHasher().encode(PASSWORD, "salt-of-long-ago", iterations=10)
    User.objects.filter(pk=user.pk).update(password=older)
    first(client)
    user.refresh_from_db()
    assert identify_hasher(user.password).algorithm == "argon2"


def test_a_password_takes_as_much_work_as_owasp_asks_for() -> None:
    assert (Argon2id.memory_cost, Argon2id.time_cost, Argon2id.parallelism) == (19 * 1024, 2, 1)


def test_a_partner_contact_sees_nothing_but_placements_and_their_own_account(client: Client) -> None:
    world.launched()
    world.sign_in(client, world.person("pat", "partner contact"))
    assert client.get("/").headers["Location"] == "/placements/"
    assert client.get("/messages/").status_code == 403
    assert client.get("/account/").status_code == 200


def test_a_step_that_is_confirmed_is_not_confirmed_by_a_clock_set_back(client: Client) -> None:
    world.sign_in(client, world.person("ada", "administrator"))
    session = client.session
    session[step_up.CONFIRMED_AT_KEY] = int(time.time()) + 3600
    session.save()
    assert client.get("/people/invite/").status_code == 302


def test_whoever_types_the_name_of_a_passkeys_count_makes_no_passkey_wait(client: Client) -> None:
    owner = ana()
    request = RequestFactory().post("/sign-in/second-step/")
    for _ in range(NAME_IN_NETWORK_POLICY.free_failures + 1):
        refused = client.post("/sign-in/", {"username": f"passkey:{owner.pk}", "password": "x"})
    assert "Too many attempts" in refused.content.decode()
    assert check_guess(request, GuessOf.PASSKEY, str(owner.pk), lambda: True)
