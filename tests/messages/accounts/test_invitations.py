"""Invitations: they work once, for seven days, and only a hash of the link is stored."""

from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import call_command
from django.test import Client, override_settings
from django.utils import timezone

from messages.accounts import invitations, recorded_accounts
from messages.accounts.invitations import InvitationOver
from messages.audit import continuity, verification
from messages.models import AuditEntry, Invitation
from tests import world

pytestmark = pytest.mark.django_db
PASSWORD = "four words nobody guesses"


def invite(role: str = "analyst") -> tuple[Invitation, str]:
    return invitations.invite("bo@example.org", role, by="test", now=world.NOON)


def test_it_makes_one_account_with_the_role_that_was_promised() -> None:
    _made, token = invite("partner contact")
    user = invitations.accept(token, username="bo", password=PASSWORD, now=world.NOON)
    assert [group.name for group in user.groups.all()] == ["partner contact"]
    assert (user.email, user.is_staff, user.is_superuser) == ("bo@example.org", False, False)
    with pytest.raises(InvitationOver):
        invitations.accept(token, username="bo2", password=PASSWORD, now=world.NOON)


def test_it_ends_after_seven_days() -> None:
    _made, token = invite()
    assert invitations.by_token(token, now=world.NOON + timedelta(days=6, hours=23))
    with pytest.raises(InvitationOver):
        invitations.by_token(token, now=world.NOON + timedelta(days=7))


def test_the_database_does_not_hold_the_link() -> None:
    made, token = invite()
    row = " ".join(str(value) for value in Invitation.objects.values().get(pk=made.pk).values())
    assert token not in row


def test_a_new_link_ends_the_old_one() -> None:
    made, old = invite()
    _made, new = invitations.resend(made.pk, by=world.person("ada", "administrator"), now=world.NOON)
    assert invitations.by_token(new, now=world.NOON) == made
    with pytest.raises(InvitationOver):
        invitations.by_token(old, now=world.NOON)


def test_withdrawn_it_ends_and_the_address_is_forgotten() -> None:
    made, token = invite()
    invitations.revoke(made.pk, by=world.person("ada", "administrator"))
    assert not Invitation.objects.exists()
    with pytest.raises(InvitationOver):
        invitations.by_token(token, now=world.NOON)


def test_the_record_tells_of_each_step_and_holds_no_address() -> None:
    ada = world.person("ada", "administrator")
    made, _token = invite()
    invitations.resend(made.pk, by=ada, now=world.NOON)
    invitations.revoke(made.pk, by=ada)
    told = list(AuditEntry.objects.order_by("number").values_list("action", flat=True))
    assert told == ["person-invite", "invitation-renew", "invitation-revoke"]
    assert "bo@example.org" not in str(list(AuditEntry.objects.values()))


def test_without_a_mail_server_the_page_shows_the_link(client: Client) -> None:
    world.sign_in(client, world.person("ada", "administrator"))
    page = client.post("/people/invite/", {"email": "bo@example.org", "role": "manager"}).content.decode()
    token = re.search(r"/welcome/([\w-]+)/", page)
    assert token
    assert invitations.by_token(token[1], now=timezone.now()).role == "manager"
    assert not mail.outbox


@override_settings(EMAIL_HOST="mail.example.org")
def test_with_a_mail_server_the_link_goes_to_the_one_who_is_invited(client: Client) -> None:
    world.sign_in(client, world.person("ada", "administrator"))
    client.post("/people/invite/", {"email": "bo@example.org", "role": "manager"})
    assert mail.outbox[0].to == ["bo@example.org"]
    assert "/welcome/" in str(mail.outbox[0].body)


def test_what_was_typed_stays_and_the_error_stands_beside_its_field(client: Client) -> None:
    world.sign_in(client, world.person("ada", "administrator"))
    page = client.post("/people/invite/", {"email": "bo at example", "role": "analyst"}).content.decode()
    assert 'value="bo at example"' in page
    assert 'id="email-error"' in page
    assert re.search(r'value="analyst" required checked', page)
    assert not Invitation.objects.exists()


def test_a_name_that_is_taken_is_refused_however_it_is_written(client: Client) -> None:
    _made, token = invitations.invite("bo@example.org", "analyst", by="test", now=timezone.now())
    world.person("Mara")
    page = client.post(f"/welcome/{token}/", {"username": "mara", "password": PASSWORD})
    assert "already uses this name" in page.content.decode()
    assert User.objects.count() == 1


def test_two_who_choose_the_same_name_at_once_both_get_an_answer(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    _made, token = invitations.invite("bo@example.org", "analyst", by="test", now=timezone.now())
    monkeypatch.setattr("messages.accounts.forms.JoinForm.clean_username", lambda form: form.cleaned_data["username"])
    world.person("mara")
    page = client.post(f"/welcome/{token}/", {"username": "mara", "password": PASSWORD}).content.decode()
    assert "already uses this name" in page
    assert Invitation.objects.exists()


def test_a_password_like_the_name_or_too_short_is_refused(client: Client) -> None:
    _made, token = invitations.invite("bo@example.org", "analyst", by="test", now=timezone.now())
    for password in ("short", "bo.bo.bo.bo.bo", "password1234"):
        reply = client.post(f"/welcome/{token}/", {"username": "bo.bo.bo.bo", "password": password})
        assert 'id="password-error"' in reply.content.decode(), password
    assert not User.objects.exists()


def test_the_first_administrator_is_invited_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("invite", "ada@example.org", url="https://thought.example.org")
    link = capsys.readouterr().out.strip()
    token = link.removeprefix("https://thought.example.org/welcome/").rstrip("/")
    assert invitations.by_token(token, now=timezone.now()).role == "administrator"
    assert AuditEntry.objects.get().actor.startswith("command line")


class TestANewInstallation:
    """Its record is whole from the first step on, whichever that is: a key without a note looks like a note removed."""

    @pytest.fixture(autouse=True)
    def new_keys(self, settings: Any, tmp_path: Path) -> None:
        settings.DATA_DIRECTORY, settings.KEY_DIRECTORY = tmp_path, tmp_path / "keys"

    def test_that_begins_with_an_invitation(self, django_capture_on_commit_callbacks: Any) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            call_command("invite", "ada@example.org", url="https://thought.example.org", stdout=StringIO())
        assert verification.verify().problems == ()
        assert not continuity.is_older_database()

    @pytest.mark.parametrize("printed", [True, False])
    def test_whose_first_administrator_comes_in_by_a_link(
        self, django_capture_on_commit_callbacks: Any, settings: Any, printed: bool
    ) -> None:
        settings.EMAIL_HOST, settings.MAIL_IS_PRINTED = "", printed
        with django_capture_on_commit_callbacks(execute=True):
            link = first_link()
        with django_capture_on_commit_callbacks(execute=True):
            Client().post(link, {"username": "ada", "password": PASSWORD, "email": "ada@example.org"})
        assert recorded_accounts.are_accounts_on_record()
        assert recorded_accounts.unrecorded_accounts() == {}
        assert verification.verify().problems == ()

    def test_that_begins_with_accounts_that_are_there(self, django_capture_on_commit_callbacks: Any) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            recorded_accounts.vouch_for([world.person("ada", "administrator")], by="test")
        assert verification.verify().problems == ()
        assert not continuity.is_older_database()


def welcome_status(token: str) -> int:
    return Client().get(f"/welcome/{token}/").status_code


@pytest.mark.parametrize(
    "change",
    [{"do": "deactivate"}, {"do": "role", "role": "manager"}],
    ids=["whose account is closed", "who is no administrator any more"],
)
def test_a_link_ends_for_good_with_the_person_who_gave_it(client: Client, change: dict[str, str]) -> None:
    ada, eve = (world.person(name, "administrator") for name in ("ada", "eve"))
    _made, token = invitations.invite("bo@example.org", "administrator", by=eve, now=timezone.now())
    assert welcome_status(token) == 200
    world.sign_in(client, ada)
    client.post(f"/people/{eve.pk}/", change)
    assert welcome_status(token) == 404
    reply = Client().post(f"/welcome/{token}/", {"username": "bo", "password": PASSWORD})
    assert reply.status_code == 404
    assert "The link has expired" in client.get("/people/").content.decode()
    for do in ({"do": "reactivate"}, {"do": "role", "role": "administrator"}):
        client.post(f"/people/{eve.pk}/", do)
    assert welcome_status(token) == 404
    assert not User.objects.filter(username="bo").exists()


def test_a_link_ends_with_its_person_by_whatever_road_they_lost_the_right() -> None:
    eve = world.person("eve", "administrator")
    _made, token = invitations.invite("bo@example.org", "analyst", by=eve, now=timezone.now())
    eve.groups.clear()
    assert welcome_status(token) == 404


def test_another_administrator_sends_it_again_and_answers_for_the_new_link() -> None:
    ada, eve = (world.person(name, "administrator") for name in ("ada", "eve"))
    made, _old = invitations.invite("bo@example.org", "analyst", by=eve, now=timezone.now())
    _made, token = invitations.resend(made.pk, by=ada, now=timezone.now())
    User.objects.filter(pk=eve.pk).update(is_active=False)
    assert welcome_status(token) == 200


def first_link() -> str:
    return f"/welcome/{invitations.invite_first_administrator(by='test', now=timezone.now())}/"


def test_the_first_administrator_comes_in_by_a_link_and_brings_an_address(client: Client) -> None:
    link = first_link()
    assert "This site is empty" in client.get(link).content.decode()
    client.post(link, {"username": "ada", "password": PASSWORD, "email": "ada@example.org"})
    ada = User.objects.get()
    assert (ada.email, [group.name for group in ada.groups.all()]) == ("ada@example.org", ["administrator"])
    assert AuditEntry.objects.filter(action="person-join").count() == 1
    assert invitations.invite_first_administrator(by="test", now=timezone.now()) == "", "there is an administrator now"


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"REMOTE_ADDR": "192.0.2.7"},
        {"headers": {"X-Real-IP": "192.0.2.7"}},
        {"headers": {"Forwarded": "for=192.0.2.7"}},
    ],
)
def test_the_first_link_leads_nowhere_from_another_machine(client: Client, elsewhere: dict[str, Any]) -> None:
    link = first_link()
    fields = {"username": "eve", "password": PASSWORD, "email": "eve@example.org"}
    assert client.get(link, **elsewhere).status_code == 404
    assert client.post(link, fields, **elsewhere).status_code == 404
    assert not User.objects.exists()


def test_the_first_link_works_once_and_a_new_one_ends_the_old(client: Client) -> None:
    old, link = first_link(), first_link()
    assert client.get(old).status_code == 404
    fields = {"username": "ada", "password": PASSWORD, "email": "ada@example.org"}
    client.post(link, fields)
    assert Client().post(link, fields | {"username": "eve"}).status_code == 404


def test_the_first_link_ends_with_whoever_became_administrator_meanwhile(client: Client) -> None:
    link = first_link()
    world.person("ada", "administrator")
    assert client.get(link).status_code == 404


def test_the_first_link_stands_on_the_record() -> None:
    first_link()
    entry = AuditEntry.objects.get(action="person-invite")
    assert (entry.detail["role"], entry.actor) == ("administrator", "test")


def test_nobody_is_asked_for_an_address_that_an_invitation_has(client: Client) -> None:
    _made, token = invitations.invite("bo@example.org", "analyst", by="test", now=timezone.now())
    assert 'name="email"' not in client.get(f"/welcome/{token}/").content.decode()


class TestAPartnerContact:
    @pytest.fixture
    def ada(self, client: Client) -> Client:
        ada = world.person("ada", "administrator")
        world.second_factor(ada)
        world.sign_in(client, ada)
        return client

    def test_is_asked_for_with_their_partner_and_sees_its_placements_at_once(self, ada: Client) -> None:
        place = world.placement()
        fields = {"email": "pia@example.org", "role": "partner contact", "partner": str(place.partner_id)}
        link = re.search(r"/welcome/[^<]+/", ada.post("/people/invite/", fields).content.decode())
        assert link
        Client().post(link[0], {"username": "pia", "password": PASSWORD})
        assert list(place.partner.contacts.values_list("username", flat=True)) == ["pia"]
        assert AuditEntry.objects.filter(action="partner-contacts", detail__contacts="pia").exists()

    def test_is_not_invited_without_a_partner(self, ada: Client) -> None:
        world.placement()
        page = ada.post("/people/invite/", {"email": "pia@example.org", "role": "partner contact"}).content.decode()
        assert "Choose the partner they work for." in page
        assert not Invitation.objects.exists()

    def test_is_not_invited_before_there_is_a_partner(self, ada: Client) -> None:
        page = ada.post("/people/invite/", {"email": "pia@example.org", "role": "partner contact"}).content.decode()
        assert "Add a placement first" in page

    def test_only_they_have_a_partner(self, ada: Client) -> None:
        fields = {"email": "bo@example.org", "role": "analyst", "partner": str(world.placement().partner_id)}
        ada.post("/people/invite/", fields)
        assert Invitation.objects.get().partner is None
