"""What administrators do with accounts is recorded, and the last administrator stays."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.test import Client, override_settings

from messages.accounts import api_tokens, members, second_factors, sessions
from messages.accounts.members import LastAdministrator
from messages.models import ApiToken, AuditEntry
from messages.roles import main_role
from tests import world

pytestmark = pytest.mark.django_db


def ada() -> User:
    return world.person("ada", "administrator")


def last_entry() -> tuple[str, str, str]:
    entry = AuditEntry.objects.first()
    assert entry
    return entry.actor, entry.action, entry.label


def test_a_new_role_replaces_the_old_one() -> None:
    mara = world.person("mara", "manager", "reviewer")
    members.change_role(mara, "analyst", by=ada())
    assert [group.name for group in mara.groups.all()] == ["analyst"]
    assert last_entry() == ("ada", "person-role", "mara")


def test_the_last_administrator_stays_one() -> None:
    only = ada()
    with pytest.raises(LastAdministrator):
        members.change_role(only, "analyst", by=only)
    with pytest.raises(LastAdministrator):
        members.deactivate(only, by=only)
    assert main_role(User.objects.get(username="ada")) == "administrator"
    members.deactivate(only, by=world.person("second", "administrator"))
    assert not User.objects.get(username="ada").is_active


def test_a_closed_account_has_no_session_no_token_and_no_way_in(client: Client) -> None:
    mara = world.person("mara", "manager")
    world.sign_in(client, mara)
    api_tokens.create(mara, "cron", today=world.NOON.date())
    members.deactivate(mara, by=ada())
    assert client.get("/").status_code == 302
    assert not ApiToken.objects.exists()
    assert not sessions.sessions_of(mara)
    assert User.objects.filter(username="mara").exists()
    members.reactivate(mara, by=ada())
    assert last_entry() == ("ada", "person-reactivate", "mara")


def test_a_reset_factor_ends_everything_that_rested_on_it(client: Client) -> None:
    mara = world.person("mara", "manager")
    world.sign_in(client, mara)
    api_tokens.create(mara, "cron", today=world.NOON.date())
    second_factors.reset(mara, by=ada())
    assert (second_factors.has_factor(mara), sessions.sessions_of(mara), ApiToken.objects.count()) == (False, [], 0)
    assert last_entry() == ("ada", "factor-reset", "mara")


def test_the_page_shows_who_is_here_and_does_what_its_buttons_say(client: Client) -> None:
    world.sign_in(client, ada())
    mara = world.person("mara", "manager")
    page = client.get("/people/").content.decode()
    assert "mara" in page
    assert "No second factor yet" in page
    client.post(f"/people/{mara.pk}/", {"do": "role", "role": "reviewer"})
    assert main_role(User.objects.get(pk=mara.pk)) == "reviewer"
    client.post(f"/people/{mara.pk}/", {"do": "deactivate"})
    assert not User.objects.get(pk=mara.pk).is_active
    assert client.post(f"/people/{mara.pk}/", {"do": "delete"}).status_code == 400


def test_the_page_asks_the_database_as_often_for_many_people_as_for_few(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    world.sign_in(client, ada())
    for n in range(12):
        world.second_factor(world.person(f"person {n}", "analyst"))
    client.get("/people/")  # the navigation's counts, kept until the record grows
    with django_assert_max_num_queries(11):  # one for whether these counts still hold
        assert client.get("/people/").status_code == 200


def test_the_only_administrator_is_told_why_they_stay(client: Client) -> None:
    only = ada()
    world.sign_in(client, only)
    page = client.post(f"/people/{only.pk}/", {"do": "deactivate"}).content.decode()
    assert "only administrator" in page


def test_the_support_pages_change_nothing(client: Client) -> None:
    world.sign_in(client, ada())
    mara = world.person("mara", "manager")
    assert client.get(f"/admin/auth/user/{mara.pk}/change/").status_code == 200
    assert client.post(f"/admin/auth/user/{mara.pk}/change/", {"username": "else"}).status_code == 403
    assert client.post(f"/admin/auth/user/{mara.pk}/delete/", {"post": "yes"}).status_code == 403
    page = client.get("/admin/").content.decode()
    assert "audience" not in page.lower()
    assert page.count("/admin/auth/user/") >= 1


class TestFactors:
    def test_the_database_holds_neither_the_apps_secret_nor_a_code(self) -> None:
        user = world.person("mara", "manager")
        world.second_factor(user)
        codes = second_factors.replace_recovery_codes(user)
        held = str(list(Authenticator.objects.values()))
        assert world.SECRET not in held
        assert not [code for code in codes if code in held]

    @override_settings(SECOND_FACTOR_KEY=b"another key, because the first was lost")
    def test_under_another_key_nothing_answers(self) -> None:
        user = world.person("mara", "manager")
        with override_settings(SECOND_FACTOR_KEY=b"the first key"):
            world.second_factor(user)
            second_factors.replace_recovery_codes(user)
        assert not second_factors.check_code(user, world.code())
        assert second_factors.unused_code_count(user) == 0

    def test_a_code_of_the_half_minute_before_is_taken_and_one_of_long_ago_is_not(self) -> None:
        user = world.person("mara", "manager")
        world.second_factor(user)
        assert not second_factors.check_code(user, world.code(halves=-3))
        assert second_factors.check_code(user, world.code(halves=-1))
        assert second_factors.check_code(user, world.code())
        assert not second_factors.check_code(user, world.code(halves=-1))  # older than the last one used

    def test_a_recovery_code_counts_once_and_stands_on_the_record(self) -> None:
        user = world.person("mara", "manager")
        code = second_factors.replace_recovery_codes(user)[0]
        assert second_factors.check_code(user, code)
        assert last_entry() == ("mara", "code-use", "mara")
        assert not second_factors.check_code(user, code)
        assert second_factors.unused_code_count(user) == 9

    def test_the_last_one_stays(self, client: Client) -> None:
        user = world.person("mara", "manager")
        world.sign_in(client, user)
        (only,) = second_factors.factors_of(user)
        client.post(f"/account/second-factor/{only.pk}/remove/")
        assert second_factors.has_factor(user)

    def test_nobody_takes_away_the_factor_of_another(self, client: Client) -> None:
        other = world.person("rafael", "reviewer")
        world.second_factor(other)
        world.sign_in(client, world.person("mara", "manager"))
        reply = client.post(f"/account/second-factor/{second_factors.factors_of(other)[0].pk}/remove/")
        assert reply.status_code == 404
        assert second_factors.has_factor(other)

    @pytest.mark.parametrize("answer", ["{}", "[]", '"x"', '{"id": "a", "response": {}}', "null", "{", "9" * 5000])
    def test_an_answer_that_no_passkey_gave_is_refused(self, client: Client, answer: str) -> None:
        user = world.person("mara", "manager")
        world.sign_in(client, user)
        for path in ("/account/confirm/", "/account/second-factor/passkey/"):
            assert client.post(path, {"name": "x", "credential": answer}).status_code == 200
        assert len(second_factors.factors_of(user)) == 1
