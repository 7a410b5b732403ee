"""The pages of the keys: what each does, a new one, the end of one; no byte is shown, and nothing is done unasked."""

from __future__ import annotations

import base64
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils.timezone import now

from campaign.keys import rotation, store
from campaign.lifecycle import transitions
from campaign.models import Campaign
from messages.accounts import step_up
from messages.models import AuditEntry
from messages.secret_files import destroy_secret_file, read_or_create_secret
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "KEY_DIRECTORY", tmp_path / "keys")
    read_or_create_secret(tmp_path / "keys", "receipt-001.key")
    return tmp_path / "keys"


@pytest.fixture
def mara(client: Client) -> Client:
    world.sign_in(client, world.person("mara", "manager"))
    return client


def read(client: Client, address: str = "/keys/") -> str:
    """The page's words, among which is never a key."""
    page = client.get(address)
    assert page.status_code == 200
    html = " ".join(page.content.decode().split())
    for path in Path(settings.KEY_DIRECTORY).glob("*.key"):
        secret = path.read_bytes()
        assert not any(form in html for form in (secret.hex(), base64.b64encode(secret).decode()))
    return html


def unconfirmed(client: Client) -> None:
    session = client.session
    session[step_up.CONFIRMED_AT_KEY] = int(time.time()) - step_up.FRESH_SECONDS - 2
    session.save()


def last_entry() -> tuple[str, str, str]:
    entry = AuditEntry.objects.latest("number")
    return entry.actor, entry.action, entry.ref


def aged(directory: Path, *, hours: float) -> None:
    """A second receipt key that signs since so many hours."""
    rotation.rotate_receipt_key(directory, now=time.time() - hours * 3600, lead_seconds=0)


class TestTheList:
    def test_it_says_what_each_receipt_key_does(self, mara: Client, directory: Path) -> None:
        assert "<p>Signs the messages shown now.</p>" in read(mara)
        rotation.rotate_receipt_key(directory, now=time.time())
        html = read(mara)
        assert "<b>receipt-002</b>" in html
        assert "All processes have it. It signs from " in html
        assert html.count("created today") == 2

    def test_the_one_that_signs_and_the_sites_own_are_not_destroyed_here(self, mara: Client, directory: Path) -> None:
        read_or_create_secret(directory, "django.key")
        html = read(mara)
        assert "Signs staff sessions" in html
        assert "/destroy/" not in html
        for name in ("receipt-001", "django", "second-factor", "receipt-009", "campaign-9"):
            assert mara.get(f"/keys/{name}/destroy/").status_code == 404
            assert mara.post(f"/keys/{name}/destroy/", {"lost": "yes"}).status_code == 404
        assert (directory / "receipt-001.key").exists()
        assert (directory / "django.key").exists()

    def test_it_says_so_when_others_may_read_them_and_then_changes_nothing(self, mara: Client, directory: Path) -> None:
        directory.chmod(0o755)
        assert "Other people may be able to read" in read(mara)
        assert "is not safe at the moment" in mara.post("/keys/rotate/", {"ahead": "60"}).content.decode()
        assert len(store.receipt_key_files(directory)) == 1

    def test_an_installation_without_keys_has_a_list_too(self, mara: Client, directory: Path) -> None:
        destroy_secret_file(directory, "receipt-001.key")
        assert "The server creates the first one" in read(mara)


class TestANewOne:
    def test_it_signs_in_a_minute_unless_told_otherwise(self, mara: Client, directory: Path) -> None:
        assert 'value="60" checked' in read(mara, "/keys/rotate/")
        page = mara.post("/keys/rotate/", {"ahead": "60"}, follow=True)
        assert "The new key has been created." in page.content.decode()
        first, second = store.receipt_key_files(directory)
        assert 55 < second.signs_from - time.time() <= 61
        assert rotation.signing_key([first, second], now=time.time()) == first  # both verify: the overlap
        assert last_entry() == ("mara", "key-rotate", "receipt-002")

    def test_a_second_one_waits_for_the_first(self, mara: Client, directory: Path) -> None:
        mara.post("/keys/rotate/", {"ahead": "60"})
        html = mara.post("/keys/rotate/", {"ahead": "3600"}).content.decode()
        assert "The newest key has not started to sign yet." in html
        assert 'value="3600" checked' in html  # what was chosen is kept
        assert len(store.receipt_key_files(directory)) == 2

    @pytest.mark.parametrize("ahead", ["", "-1", "61", "x", "9" * 400])
    def test_no_other_time_is_taken(self, mara: Client, directory: Path, ahead: str) -> None:
        assert "Choose when it starts to sign" in mara.post("/keys/rotate/", {"ahead": ahead}).content.decode()
        assert len(store.receipt_key_files(directory)) == 1

    def test_a_directory_that_takes_no_file_is_said(
        self, mara: Client, monkeypatch: pytest.MonkeyPatch, directory: Path
    ) -> None:
        def full(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(rotation, "read_or_create_secret", full)
        assert "could not be changed" in mara.post("/keys/rotate/", {"ahead": "60"}).content.decode()


class TestTheEndOfOne:
    def test_what_nothing_needs_goes_at_the_press_of_a_button(self, mara: Client, directory: Path) -> None:
        aged(directory, hours=40)
        html = read(mara, "/keys/receipt-001/destroy/")
        assert "nothing is lost" in html
        assert 'name="lost"' not in html
        assert (
            "receipt-001 has been destroyed." in mara.post("/keys/receipt-001/destroy/", follow=True).content.decode()
        )
        assert [key.title for key in store.receipt_key_files(directory)] == ["receipt-002"]
        assert last_entry() == ("mara", "key-destroy", "receipt-001")

    def test_what_open_messages_need_asks_for_a_tick_and_says_what_is_lost(self, mara: Client, directory: Path) -> None:
        aged(directory, hours=2)
        assert "For up to 2" in read(mara, "/keys/receipt-001/destroy/")
        assert "Tick the box to confirm" in mara.post("/keys/receipt-001/destroy/").content.decode()
        assert (directory / "receipt-001.key").exists()
        mara.post("/keys/receipt-001/destroy/", {"lost": "yes"})
        assert not (directory / "receipt-001.key").exists()

    def test_the_secret_of_a_campaign_that_runs_asks_for_a_tick(self, mara: Client, directory: Path) -> None:
        made = world.launched(unit="subject")
        store.subject_secret(directory, made.pk)
        address = f"/keys/campaign-{made.pk}/destroy/"
        assert "Decides which message each subject of “The pilot” sees." in read(mara)
        assert "Tick the box to confirm" in mara.post(address).content.decode()
        assert store.campaigns_with_subject_secret(directory) == [made.pk]
        mara.post(address, {"lost": "yes"})
        assert store.campaigns_with_subject_secret(directory) == []
        assert last_entry() == ("mara", "subjects-destroy", "pilot")

    def test_the_secret_of_a_closed_campaign_needs_none(self, mara: Client, directory: Path) -> None:
        made = world.launched(unit="subject")
        store.subject_secret(directory, made.pk)
        Campaign.objects.filter(pk=made.pk).update(state="closed")
        assert "nobody can work out which message" in read(mara, f"/keys/campaign-{made.pk}/destroy/")
        mara.post(f"/keys/campaign-{made.pk}/destroy/")
        assert store.campaigns_with_subject_secret(directory) == []

    def test_one_of_an_unknown_campaign_asks_for_a_tick(self, mara: Client, directory: Path) -> None:
        store.subject_secret(directory, 999)
        assert "For a campaign that is not in this database." in read(mara)
        mara.post("/keys/campaign-999/destroy/")
        assert store.campaigns_with_subject_secret(directory) == [999]
        mara.post("/keys/campaign-999/destroy/", {"lost": "yes"})
        assert last_entry() == ("mara", "key-destroy", "campaign-999")


@pytest.mark.parametrize("address", ["/keys/rotate/", "/keys/receipt-001/destroy/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_nothing_is_done_before_the_person_confirms(mara: Client, directory: Path, address: str, method: str) -> None:
    aged(directory, hours=40)
    unconfirmed(mara)
    answer = getattr(mara, method)(address, {"ahead": "60", "lost": "yes"})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/account/confirm/?next=%2Fkeys%2F")
    assert [key.number for key in store.receipt_key_files(directory)] == [1, 2]


@pytest.mark.parametrize("role", ["reviewer", "analyst", "partner contact"])
def test_others_are_refused(client: Client, directory: Path, role: str) -> None:
    world.sign_in(client, world.person("other", role))
    assert client.get("/keys/").status_code == 403
    assert client.post("/keys/rotate/", {"ahead": "60"}).status_code == 403
    assert len(store.receipt_key_files(directory)) == 1


def test_an_administrator_gets_there_from_the_record(client: Client) -> None:
    world.sign_in(client, world.person("ada", "administrator"))
    assert '<a href="/keys/">Keys</a>' in client.get("/audit/").content.decode()
    assert '<a href="/audit/" aria-current="true">Audit</a>' in client.get("/keys/").content.decode()


def test_the_page_speaks_spanish_and_writes_times_as_spanish_does(mara: Client, directory: Path) -> None:
    rotation.rotate_receipt_key(directory, now=time.time())
    mara.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"
    html = read(mara)
    assert "Firma los mensajes que se muestran ahora." in html
    assert f" de {now().year}, " in html


def test_closing_a_campaign_takes_its_secret_from_the_list(
    mara: Client, directory: Path, django_capture_on_commit_callbacks: object
) -> None:
    made = world.launched(unit="subject")
    store.subject_secret(directory, made.pk)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        transitions.close(made, by=world.person("mara", "manager"), now=world.NOON)
    assert "None. No campaign counts subjects." in read(mara)
