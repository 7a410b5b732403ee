"""Who writes accounts, roles or second factors into the database is no second person: the audit record knows none."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
from django.contrib.auth.models import Group, User
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test import override_settings as settings_of_mail
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from analytics.simulated_visits import demo
from campaign.lifecycle import approval, transitions
from campaign.models import Campaign
from messages import apps
from messages.accounts import api_tokens, invitations, members, recorded_accounts, second_factors
from messages.accounts.invitations import InvitationOver
from messages.audit import signed_head, verification
from messages.models import ApiToken, AuditEntry, Invitation
from tests import world

pytestmark = pytest.mark.django_db
PASSWORD = "four words nobody guesses"
REFUSED = "This account is not as the audit record says"
Committing = Callable[[], Any]


@pytest.fixture
def committing(django_capture_on_commit_callbacks: Any) -> Committing:
    """Run the commit hooks of the block, which note that accounts are on record."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def rafael(committing: Committing) -> User:
    """A reviewer with a password and a second factor, who is on record like everybody else there."""
    ana, rafael = world.person("ana", "analyst"), world.person("rafael", "reviewer")
    for person in (ana, rafael):
        person.set_password(PASSWORD)
        person.save()
        world.second_factor(person)
    with committing():
        recorded_accounts.vouch_for(User.objects.all(), by="command line (root)")
    return rafael


def signed_in(user: User) -> Client:
    client = Client()
    world.sign_in(client, user)
    return client


@pytest.fixture
def campaign() -> Campaign:
    """A campaign that waits for its approval. It stands before `rafael` in a test, so that its people are on record."""
    campaign = world.draft()
    transitions.submit(campaign, by=world.person("mara", "manager"))
    return campaign


def approve(client: Client, campaign: Campaign) -> Any:
    fingerprint = approval.approval_fingerprint(campaign)
    return client.post(f"/campaigns/{campaign.slug}/approve/", {"have_read": "on", "read": fingerprint})


def add_factor(user: User) -> None:
    """Add a passkey of one's own."""
    world.passkey(user)


def change_factor(user: User) -> None:
    Authenticator.objects.filter(user=user).update(data={"secret": "another"})


def add_codes(user: User) -> None:
    Authenticator.objects.create(user=user, type=second_factors.CODES, data={"seed": "another", "used_mask": 0})


def add_token(user: User) -> None:
    today = timezone.localdate()
    ApiToken.objects.create(user=user, name="x", digest="0" * 64, created_on=today, expires_on=today)


BY_SQL: dict[str, Callable[[User], object]] = {
    "a second factor": add_factor,
    "another secret": change_factor,
    "recovery codes": add_codes,
    "a token": add_token,
    "a role": lambda user: user.groups.add(Group.objects.get_or_create(name="administrator")[0]),
    "all roles": lambda user: User.objects.filter(pk=user.pk).update(is_superuser=True),
    "a password": lambda user: User.objects.filter(pk=user.pk).update(password=make_password("another one")),
    "an address": lambda user: User.objects.filter(pk=user.pk).update(email="thief@example.org"),
    "a name": lambda user: User.objects.filter(pk=user.pk).update(username="someone"),
}


@pytest.mark.parametrize("change", BY_SQL.values(), ids=BY_SQL)
def test_an_account_into_which_somebody_wrote_approves_nothing(
    campaign: Campaign, rafael: User, change: Callable[[User], object]
) -> None:
    change(rafael)
    rafael.refresh_from_db()
    reply = approve(signed_in(rafael), campaign)
    assert (reply.status_code, REFUSED in reply.content.decode()) == (403, True)
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.SUBMITTED
    assert list(recorded_accounts.unrecorded_accounts()) == [rafael.username]


def test_one_that_is_as_it_was_recorded_approves(campaign: Campaign, rafael: User) -> None:
    assert approve(signed_in(rafael), campaign).status_code == 302
    campaign.refresh_from_db()
    assert campaign.approved_by == rafael
    assert not recorded_accounts.unrecorded_accounts()


def test_an_account_that_was_inserted_does_nothing_and_is_not_let_in(campaign: Campaign, rafael: User) -> None:
    forged = world.person("someone", "reviewer")
    User.objects.filter(pk=forged.pk).update(password=make_password(PASSWORD))
    Authenticator.objects.create(
        user=forged, type=second_factors.APP, data={**Authenticator.objects.get(user=rafael).data, "counter": 0}
    )
    client = Client()
    client.post("/sign-in/", {"username": "someone", "password": PASSWORD})
    reply = client.post("/sign-in/second-step/", {"code": world.code()})
    assert (reply.status_code, REFUSED in reply.content.decode()) == (403, True)
    assert "_auth_user_id" not in client.session
    forged.refresh_from_db()
    assert approve(signed_in(forged), campaign).status_code == 403


def test_nor_is_who_takes_the_forged_factor_out_again(rafael: User) -> None:
    add_codes(rafael)
    client = Client()
    client.post("/sign-in/", {"username": "rafael", "password": PASSWORD})
    assert client.post("/sign-in/second-step/", {"code": world.code()}).status_code == 403
    Authenticator.objects.filter(type=second_factors.CODES).delete()
    assert client.get("/account/").status_code == 302


def test_a_program_does_nothing_with_an_account_that_has_a_forged_token(campaign: Campaign, rafael: User) -> None:
    token = api_tokens.create(rafael, "report", today=timezone.localdate())
    program = Client(headers={"Authorization": f"Token {token}"})
    address = f"/api/v1/campaigns/{campaign.slug}/approve/"
    assert program.post(address, content_type="application/json").json()["error"]["code"] == "confirm_first"
    add_token(rafael)
    assert program.get("/api/v1/campaigns/").status_code == 200
    reply = program.post(address, content_type="application/json").json()
    assert reply["error"]["code"] == "account_not_on_record"


def test_what_its_owner_and_administrators_do_by_the_pages_is_on_record(rafael: User, committing: Committing) -> None:
    ada = world.person("ada", "administrator")
    world.second_factor(ada)
    with committing():
        recorded_accounts.vouch_for([ada], by="command line (root)")
    client, today = signed_in(rafael), timezone.localdate()
    client.post("/account/recovery-codes/", {})
    second_factors.replace_recovery_codes(rafael)
    api_tokens.create(rafael, "report", today=today)
    api_tokens.delete(rafael, api_tokens.tokens_of(rafael)[0].pk)
    members.change_password(rafael, "another four words here", keep=None)
    rafael.refresh_from_db()
    assert not recorded_accounts.changed_parts([rafael])
    members.change_role(rafael, "manager", by=ada)
    members.deactivate(rafael, by=ada)
    members.reactivate(rafael, by=ada)
    second_factors.reset(rafael, by=ada)
    world.second_factor(rafael)
    with settings_of_mail(EMAIL_HOST="mail.example", SITE_ADDRESS="https://thought.example"):
        client = signed_in(rafael)
        client.post("/account/mail/address/", {"email": "rafael@ngo.example"})
        (code,) = re.findall(r"\d{3} \d{3}", str(mail.outbox[-1].body))
        client.post("/account/mail/address/", {"code": code})
    assert User.objects.get(pk=rafael.pk).email == "rafael@ngo.example"
    rafael.refresh_from_db()
    assert not recorded_accounts.changed_parts([rafael])


def test_the_counter_of_an_app_and_used_codes_change_nothing(rafael: User) -> None:
    codes = second_factors.replace_recovery_codes(rafael)
    assert second_factors.check_code(rafael, world.fresh_code(rafael))
    assert second_factors.check_code(rafael, codes[0])
    assert not recorded_accounts.changed_parts([rafael])


def test_a_step_vouches_for_what_it_sets_alone(rafael: User) -> None:
    ada = world.person("ada", "administrator")
    BY_SQL["a role"](rafael)
    add_factor(rafael)
    members.end_sessions(rafael, by=ada)
    assert recorded_accounts.changed_parts([rafael]) == {"rafael": ["role", "factors"]}
    members.change_role(rafael, "reviewer", by=ada)
    assert recorded_accounts.changed_parts([rafael]) == {"rafael": ["factors"]}


def test_entries_of_another_account_vouch_for_nobody(rafael: User) -> None:
    ana = User.objects.get(username="ana")
    User.objects.filter(pk=rafael.pk).update(username="rest")
    User.objects.filter(pk=ana.pk).update(username="rafael")
    ana.refresh_from_db()
    assert recorded_accounts.changed_parts([ana])["rafael"] == list(recorded_accounts._PARTS)


def test_an_address_of_before_addresses_were_on_record_is_taken_as_it_is(
    rafael: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(recorded_accounts, "_PARTS", recorded_accounts._PARTS[:-1])
        members.change_password(rafael, PASSWORD, keep=None)
    assert not recorded_accounts.changed_parts([rafael])
    members.change_password(rafael, PASSWORD, keep=None)
    User.objects.filter(pk=rafael.pk).update(email="thief@example.org")
    rafael.refresh_from_db()
    assert recorded_accounts.changed_parts([rafael]) == {"rafael": ["address"]}


def test_verify_names_them_and_vouch_puts_them_on_record(rafael: User, committing: Committing) -> None:
    add_factor(rafael)
    said = io.StringIO()
    with pytest.raises(CommandError, match="Problems: 1"):
        call_command("audit", "verify", stderr=said)
    assert said.getvalue() == "The account of rafael is not as it was recorded (factors).\n"
    with committing():
        call_command("audit", "vouch", "rafael", stdout=io.StringIO())
    call_command("audit", "verify", stdout=io.StringIO())
    with pytest.raises(CommandError, match="no account of this name: nobody"):
        call_command("audit", "vouch", "nobody")


def test_no_entry_shows_what_it_is_a_digest_of(rafael: User) -> None:
    digests = {entry.detail["account"] for entry in AuditEntry.objects.filter(action="person-vouch")}
    members.change_password(rafael, "another four words here", keep=None)
    members.change_password(rafael, PASSWORD, keep=None)
    assert AuditEntry.objects.latest("number").detail["account"] not in digests


def test_pages_that_change_nothing_ask_for_nothing_more(rafael: User) -> None:
    client = signed_in(rafael)
    client.get("/account/")

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get("/account/")
        return len(asked)

    on_record = queries()
    signed_head.begin(signed_head.NOTHING)
    assert queries() == on_record


class TestBeginning:
    def test_the_first_account_begins_the_record(self, committing: Committing) -> None:
        _made, token = invitations.invite("ada@example.org", "administrator", by="test", now=world.NOON)
        assert not recorded_accounts.are_accounts_on_record()
        with committing():
            ada = invitations.accept(token, username="ada", password=PASSWORD, now=world.NOON)
        assert recorded_accounts.are_accounts_on_record()
        assert not recorded_accounts.changed_parts([ada])

    def test_the_accounts_of_an_older_installation_are_taken_as_they_are_once(self, committing: Committing) -> None:
        rafael = world.person("rafael", "reviewer")
        with committing():
            apps.put_accounts_on_record(using="default")
        assert not recorded_accounts.changed_parts([rafael])
        later = world.person("someone", "reviewer")
        with committing():
            apps.put_accounts_on_record(using="default")
        assert list(recorded_accounts.unrecorded_accounts()) == [later.username]

    def test_a_record_that_is_accepted_goes_on_with_its_accounts(self, rafael: User, committing: Committing) -> None:
        add_factor(rafael)
        world.drop_triggers()
        AuditEntry.objects.filter(number=1).update(seal="")
        with committing():
            verification.accept(by="command line (root)", why="We looked.")
        assert list(recorded_accounts.unrecorded_accounts()) == ["rafael"]

    def test_the_demo_gives_its_people_new_passwords_on_record(self, committing: Committing) -> None:
        demo.create_accounts()
        with committing():
            apps.put_accounts_on_record(using="default")
        demo.create_accounts()
        assert not recorded_accounts.unrecorded_accounts()


class TestInvitations:
    def test_one_that_was_inserted_makes_no_account(self, rafael: User) -> None:
        made, token = invitations.invite("bo@example.org", "analyst", by="test", now=world.NOON)
        Invitation.objects.filter(pk=made.pk).update(role="reviewer")
        with pytest.raises(InvitationOver):
            invitations.accept(token, username="bo", password=PASSWORD, now=world.NOON)
        assert Client().get(f"/welcome/{token}/").status_code == 404

    def test_nor_does_one_that_was_withdrawn(self, rafael: User) -> None:
        made, token = invitations.invite("bo@example.org", "reviewer", by="test", now=world.NOON)
        row = Invitation.objects.values().get(pk=made.pk)
        invitations.revoke(made.pk, by="test")
        Invitation.objects.create(**row)
        with pytest.raises(InvitationOver):
            invitations.accept(token, username="bo", password=PASSWORD, now=world.NOON)

    def test_one_that_was_given_does(self, rafael: User) -> None:
        _made, token = invitations.invite("bo@example.org", "reviewer", by="test", now=world.NOON)
        bo = invitations.accept(token, username="bo", password=PASSWORD, now=world.NOON + timedelta(days=1))
        assert not recorded_accounts.changed_parts([bo])


def test_a_hash_that_is_made_anew_at_sign_in_is_on_record(rafael: User, committing: Committing) -> None:
    User.objects.filter(pk=rafael.pk).update(password=PBKDF2PasswordHasher().encode(PASSWORD, "salt", 1))
    with committing():
        recorded_accounts.vouch_for([User.objects.get(pk=rafael.pk)], by="command line (root)")
    client = Client()
    client.post("/sign-in/", {"username": "rafael", "password": PASSWORD})
    rafael.refresh_from_db()
    assert rafael.password.startswith("argon2id$") or "argon2" in rafael.password
    assert client.post("/sign-in/second-step/", {"code": world.fresh_code(rafael)}).status_code == 302
    assert AuditEntry.objects.filter(action="password-rehash", actor="rafael").count() == 1


def test_a_server_that_was_not_restarted_yet_still_reads_the_note(rafael: User) -> None:
    """Version 0.2.0 takes a note of another form for none, and the database for an older one: it shows nothing."""
    note = (settings.KEY_DIRECTORY / "audit.head").read_text("ascii")
    assert re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64}) ([1-9][0-9]{0,17}) ([0-9a-f]{64})\n?", note)
    assert recorded_accounts.are_accounts_on_record()


@pytest.mark.parametrize("text", ["", "yes", "0" * 64])
def test_only_this_machine_notes_that_accounts_are_on_record(rafael: User, text: str) -> None:
    (settings.KEY_DIRECTORY / "audit.accounts").write_text(text)
    assert not recorded_accounts.are_accounts_on_record()


def test_a_token_whose_scopes_were_widened_in_the_database_is_noticed(rafael: User) -> None:
    api_tokens.create(rafael, "report", today=timezone.localdate(), scopes=["results"])
    assert not recorded_accounts.changed_parts([rafael])
    ApiToken.objects.update(scopes="")
    assert recorded_accounts.changed_parts([rafael])
