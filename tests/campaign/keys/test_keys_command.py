"""manage.py keys: what it says, what it refuses, and that it never shows a key."""

from __future__ import annotations

import base64
import io
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from campaign.checks import check_key_permissions
from campaign.keys import store
from campaign.management.commands import keys as command
from campaign.models import Campaign
from messages.secret_files import read_or_create_secret
from tests import world
from tests.installation import ROOT

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "KEY_DIRECTORY", tmp_path / "keys")
    return tmp_path / "keys"


def keys(*arguments: str) -> str:
    """What the command says, which is never a key."""
    said = io.StringIO()
    call_command("keys", *arguments, stdout=said)
    for path in Path(settings.KEY_DIRECTORY).glob("*.key"):
        secret = path.read_bytes()
        assert not any(form in said.getvalue() for form in (secret.hex(), base64.b64encode(secret).decode()))
    return said.getvalue()


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(command, "time", SimpleNamespace(time=lambda: time.time() + seconds))


def test_the_life_of_a_receipt_key(monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
    assert keys("list") == "There are no keys yet.\n"
    assert keys("create") == "Created receipt-001.\n"
    assert "receipt-001        0 days  signs\n" in keys("list")
    said = keys("rotate")
    assert "Created receipt-002. It verifies now and signs from 20" in said
    assert "receipt-001 verifies until 20" in said
    assert "receipt-002        0 days  verifies, signs from 20" in keys("list")
    later(monkeypatch, 61)
    assert "receipt-001        0 days  verifies until 20" in keys("list")
    assert "receipt-002        0 days  signs\n" in keys("list")
    later(monkeypatch, 27 * 3600)
    assert "receipt-001        1 days  due for destruction" in keys("list")
    assert keys("prune") == "Destroyed receipt-001.\n"
    assert [path.name[:11] for path in directory.glob("receipt-*")] == ["receipt-002"]


def test_a_second_first_key_is_not_made() -> None:
    keys("create")
    with pytest.raises(CommandError, match="keys rotate"):
        keys("create")
    with pytest.raises(CommandError, match="without a name"):
        keys("create", "receipt-002")


def test_rotating_twice_in_a_hurry_is_refused() -> None:
    keys("create")
    keys("rotate")
    with pytest.raises(CommandError, match="waits to sign"):
        keys("rotate")


def test_rotating_without_any_key_makes_one() -> None:
    keys("rotate", "--ahead", "0")
    assert "receipt-001        0 days  " in keys("list")
    with pytest.raises(CommandError, match="in the past"):
        keys("rotate", "--ahead", "-1")


@pytest.mark.parametrize("ahead", [7 * 86_400 + 1, 99_999_999_999, 10**300, 10**4_000])
def test_a_key_that_would_begin_to_sign_in_another_time_is_refused_and_not_made(ahead: int) -> None:
    keys("create")
    with pytest.raises(CommandError, match="at most 7 days ahead"):
        keys("rotate", "--ahead", str(ahead))
    assert "receipt-002" not in keys("list")
    keys("rotate", "--ahead", str(7 * 86_400))
    assert "receipt-002" in keys("list")


class TestDestroyingAReceiptKey:
    def test_the_one_that_signs_is_kept_whatever_is_asked(self) -> None:
        keys("create")
        keys("rotate")
        with pytest.raises(CommandError, match="Rotate first"):
            keys("destroy", "receipt-001", "--now")
        assert "receipt-001" in keys("list")

    def test_one_that_open_messages_depend_on_is_kept_unless_told_now(self, monkeypatch: pytest.MonkeyPatch) -> None:
        keys("create")
        keys("rotate", "--ahead", "0")
        later(monkeypatch, 2)
        with pytest.raises(CommandError, match=r"in the next up to 2[56] hours would not be counted.*Wait until 20"):
            keys("destroy", "receipt-001")
        assert "receipt-001" in keys("list")
        assert "are not counted" in keys("destroy", "receipt-001", "--now")
        assert "receipt-001" not in keys("list")

    def test_one_whose_end_nobody_knows_is_kept_unless_told_now(self, directory: Path) -> None:
        keys("create")
        read_or_create_secret(directory, "receipt-002.key")
        assert "until it is destroyed by hand" in keys("list")
        with pytest.raises(CommandError, match="no known end"):
            keys("destroy", "receipt-001")
        keys("destroy", "receipt-001", "--now")

    def test_one_that_has_signed_nothing_yet_may_go(self) -> None:
        keys("create")
        keys("rotate")
        assert keys("destroy", "receipt-002") == "Destroyed receipt-002. No receipt was open.\n"

    def test_one_that_is_not_needed_may_go(self, monkeypatch: pytest.MonkeyPatch) -> None:
        keys("create")
        keys("rotate")
        later(monkeypatch, 27 * 3600)
        assert keys("destroy", "receipt-001") == "Destroyed receipt-001. No receipt was open.\n"

    @pytest.mark.parametrize("name", ["receipt-009", "campaign-9", "django", "../keys", ""])
    def test_what_is_not_there_is_said(self, name: str) -> None:
        with pytest.raises(CommandError, match="There is no "):
            keys("destroy", name)


class TestTheSecretOfACampaign:
    def test_it_is_made_once_for_a_campaign_that_counts_subjects(self, directory: Path) -> None:
        made = world.launched(unit="subject")
        name = f"campaign-{made.pk}"
        assert keys("create", name) == f"Created {name}.\n"
        assert "of “The pilot” (running)" in keys("list")
        assert store.campaigns_with_subject_secret(directory) == [made.pk]
        with pytest.raises(CommandError, match="there already"):
            keys("create", name)

    def test_it_is_not_made_where_it_has_no_use(self) -> None:
        other = world.launched("other", at=world.placement("other"))
        with pytest.raises(CommandError, match="does not count subjects"):
            keys("create", f"campaign-{other.pk}")
        closed = world.launched("closed", at=world.placement("third"), unit="subject")
        Campaign.objects.filter(pk=closed.pk).update(state="closed")
        with pytest.raises(CommandError, match="is closed"):
            keys("create", f"campaign-{closed.pk}")
        with pytest.raises(CommandError, match="does not know a campaign 999"):
            keys("create", "campaign-999")

    def test_a_campaign_that_is_not_closed_keeps_it_unless_told_now(self) -> None:
        name = f"campaign-{world.launched(unit='subject').pk}"
        keys("create", name)
        with pytest.raises(CommandError, match="would be assigned again"):
            keys("destroy", name)
        assert "assigns its subjects again" in keys("destroy", name, "--now")
        assert name not in keys("list")

    def test_a_closed_campaign_does_not_need_it(self, directory: Path) -> None:
        made = world.launched(unit="subject")
        store.subject_secret(directory, made.pk)
        Campaign.objects.filter(pk=made.pk).update(state="closed")
        store.subject_secret(directory, made.pk + 1)
        assert "which is closed: due for destruction" in keys("list")
        assert keys("prune") == f"Destroyed campaign-{made.pk}.\n"
        assert store.campaigns_with_subject_secret(directory) == [made.pk + 1]
        store.subject_secret(directory, made.pk)
        assert "Nobody can work out" in keys("destroy", f"campaign-{made.pk}")

    def test_one_of_an_unknown_campaign_is_kept_unless_told_now(self, directory: Path) -> None:
        store.subject_secret(directory, 999)
        assert "of an unknown campaign" in keys("list")
        with pytest.raises(CommandError, match="wrong database"):
            keys("destroy", "campaign-999")
        assert "Nobody can work out" in keys("destroy", "campaign-999", "--now")


class TestADirectoryThatOthersMayRead:
    @pytest.mark.parametrize("arguments", [["list"], ["create"], ["rotate"], ["prune"], ["destroy", "receipt-001"]])
    def test_every_verb_refuses(self, directory: Path, arguments: list[str]) -> None:
        read_or_create_secret(directory, "receipt-001.key")
        directory.chmod(0o755)
        with pytest.raises(CommandError, match="Others may read or change"):
            keys(*arguments)

    def test_it_is_a_warning_of_the_system_check(self, directory: Path) -> None:
        read_or_create_secret(directory, "receipt-001.key")
        assert check_key_permissions(None) == []
        directory.chmod(0o755)
        assert [found.id for found in check_key_permissions(None)] == ["campaign.W002"]


@pytest.mark.process
def test_a_fault_is_one_sentence_and_status_1(tmp_path: Path) -> None:
    """The real command, in an installation without tables and with a key directory that is none."""

    def run(*arguments: str, keys: Path) -> subprocess.CompletedProcess[str]:
        own = {
            **os.environ,
            "DATA_DIRECTORY": str(tmp_path),
            "KEY_DIRECTORY": str(keys),
            "DATABASE_URL": f"sqlite:///{tmp_path}/empty.sqlite3",
            "SECRET_KEY": "of this test",
        }
        command = [sys.executable, "manage.py", "keys", *arguments]
        return subprocess.run(command, check=False, cwd=ROOT, env=own, capture_output=True, text=True)

    store.subject_secret(tmp_path / "keys", 7)
    told = run("list", keys=tmp_path / "keys")
    assert (told.returncode, told.stderr) == (1, "CommandError: The database did not answer: OperationalError.\n")
    (tmp_path / "file").touch(mode=0o600)
    told = run("rotate", keys=tmp_path / "file")
    assert (told.returncode, told.stderr.count("\n")) == (1, 1)
    assert run("destroy", "campaign-7", keys=tmp_path / "elsewhere").returncode == 1
    assert run(keys=tmp_path / "keys").returncode == 2
