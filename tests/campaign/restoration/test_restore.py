"""A restored backup undoes no stop: access ends, and everything that is shown waits for somebody to confirm it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from campaign.lifecycle import transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.models import Campaign, Placement
from campaign.restoration import restore
from campaign.restoration.restore import Memory
from messages.accounts import api_tokens, invitations
from messages.audit import continuity
from messages.audit.verification import verify
from messages.models import ApiToken, AuditEntry, Invitation
from tests import world
from tests.messages.audit.test_continuity import restore_backup
from tests.messages.audit.test_log import add

pytestmark = pytest.mark.django_db


@pytest.fixture
def backup(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Campaign:
    """A backup with a running campaign and people, which lacks the last entry of the record."""
    monkeypatch.setattr(settings, "KEY_DIRECTORY", tmp_path)
    with django_capture_on_commit_callbacks(execute=True):
        campaign = world.launched(at=world.placement(fallback=world.approved_revision("neutral", headline="Quiet")))
        olga = world.person("olga", "administrator")
        world.sign_in(Client(), olga)
        api_tokens.create(olga, "report", today=world.NOON.date())
        Authenticator.objects.create(user=olga, type=Authenticator.Type.RECOVERY_CODES, data={})
        invitations.invite("new@example.org", "manager", by=olga, now=world.NOON)
        add()
    restore_backup(entries=AuditEntry.objects.count() - 1)
    return campaign


def take_into_use(**memory: object) -> restore.Restoration:
    return restore.take_into_use(Memory(**memory), by="command line (root)", now=world.NOON)  # type: ignore[arg-type]


def command(*arguments: str) -> str:
    said = io.StringIO()
    call_command("restored", *arguments, stdout=said)
    return said.getvalue()


def test_all_access_ends(backup: Campaign) -> None:
    done = take_into_use(kept_accounts=["olga"])
    assert not any(each.objects.exists() for each in (Session, ApiToken, Invitation))
    assert not Authenticator.objects.filter(type=Authenticator.Type.RECOVERY_CODES).exists()
    assert list(User.objects.filter(is_active=True)) == [User.objects.get(username="olga")]
    assert set(done.closed_accounts) == set(User.objects.values_list("username", flat=True)) - {"olga"}


def test_nothing_is_shown_until_somebody_resumes_it(backup: Campaign) -> None:
    take_into_use()
    backup.refresh_from_db()
    assert backup.state == "paused"
    assert Placement.objects.exclude(fallback=None).count() == 0
    assert world.AudienceSite().decide().status == 409


@pytest.mark.parametrize("state", ["submitted", "approved"])
def test_an_approval_has_to_be_given_anew(backup: Campaign, state: str) -> None:
    other = world.draft("second", at=world.placement("second-page"))
    transitions.submit(other, by=world.person("mara"))
    if state == "approved":
        world.approve(other)
    take_into_use()
    other.refresh_from_db()
    assert (other.state, other.approved_by, other.approved_fingerprint) == ("draft", None, "")


def test_what_people_remember_is_done_again(backup: Campaign) -> None:
    other = world.launched("second", at=world.placement("second-page"))
    message = backup.arms.get(key="user").first_revision.message
    take_into_use(stopped_messages=[message.key], paused_arms=[("pilot", "both")], closed_campaigns=["second"])
    message.refresh_from_db()
    other.refresh_from_db()
    assert (message.stopped_at, message.stopped_by) == (world.NOON, None)
    assert set(backup.arms.exclude(paused_at=None).values_list("key", flat=True)) == {"user", "both"}
    assert other.state == "closed"


def test_it_stands_on_the_record_which_goes_on(
    backup: Campaign, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    assert continuity.is_older_database()
    with django_capture_on_commit_callbacks(execute=True):
        done = take_into_use()
    assert not continuity.is_older_database()
    assert verify().problems == ()
    last = AuditEntry.objects.get(action="database-restore")
    assert (last.actor, last.detail["campaigns"]) == ("command line (root)", 1)
    assert last.detail["accounts"] == len(done.closed_accounts)


@pytest.mark.parametrize(
    "memory",
    [
        {"kept_accounts": ["nobody"]},
        {"stopped_messages": ["nothing"]},
        {"paused_arms": [("pilot", "nothing")]},
        {"paused_arms": [("pilot", "neutral")]},
        {"closed_campaigns": ["nothing"]},
    ],
)
def test_what_cannot_be_done_changes_nothing(backup: Campaign, memory: dict[str, object]) -> None:
    before = AuditEntry.objects.count()
    with pytest.raises(restore.RestorationRefused):
        take_into_use(**memory)
    assert AuditEntry.objects.count() == before
    assert Session.objects.exists()


class TestResuming:
    def test_takes_somebody_who_says_that_nothing_was_stopped_since(self, backup: Campaign) -> None:
        take_into_use(kept_accounts=["mara"])
        campaign, mara = Campaign.objects.get(), world.person("mara")
        with pytest.raises(ActionRefused, match="A backup was restored"):
            transitions.resume(campaign, by=mara)
        transitions.resume(campaign, by=mara, nothing_ended_since=True)
        transitions.pause(campaign, by=mara)
        transitions.resume(campaign, by=mara)  # this pause was no restoration's

    def test_asks_on_the_page(
        self, backup: Campaign, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            take_into_use(kept_accounts=["mara"])
        client = Client()
        world.sign_in(client, world.person("mara"))
        page = client.get("/campaigns/pilot/resume/").content.decode()
        assert "It was paused because a backup was restored" in page
        assert "Tick the box first." in client.post("/campaigns/pilot/resume/").content.decode()
        assert Campaign.objects.get().state == "paused"
        client.post("/campaigns/pilot/resume/", {"sure": "1"})
        assert Campaign.objects.get().state == "running"


class TestTheCommand:
    def test_says_what_it_did(self, backup: Campaign) -> None:
        said = command("--yes", "--keep", "olga", "--paused", "pilot/both")
        assert "Campaigns waiting for a manager to resume or send them: The pilot." in said
        assert "Arms paused again: The pilot: " in said
        assert "Placements whose neutral text has to be chosen again: quiet-page." in said

    def test_asks_what_it_is_not_told(self, backup: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
        answers = iter(["olga mara", "", "pilot/both", "", "y"])
        monkeypatch.setattr("builtins.input", lambda question: next(answers))
        command()
        assert {user.username for user in User.objects.filter(is_active=True)} == {"olga", "mara"}
        assert [arm.key for arm in backup.arms.exclude(paused_at=None)] == ["both"]

    def test_changes_nothing_without_a_yes(self, backup: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
        answers = iter(["", "", "", "", ""])
        monkeypatch.setattr("builtins.input", lambda question: next(answers))
        with pytest.raises(CommandError, match="Nothing was changed"):
            command()
        assert Session.objects.exists()

    def test_is_refused_where_nothing_is_lost(self, db: None) -> None:
        with pytest.raises(CommandError, match="add --anyway"):
            command("--yes")
        assert "All sessions" in command("--yes", "--anyway")

    def test_refuses_what_is_no_arm(self, backup: Campaign) -> None:
        with pytest.raises(CommandError, match="is not an arm"):
            command("--yes", "--paused", "pilot")
