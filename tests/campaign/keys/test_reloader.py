"""The ring in a running process: keys come and go without a restart, and no honest receipt is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaign.assignment.receipts import Receipt, ReceiptInvalid, ReceiptSigner
from campaign.keys import reloader, rotation, store
from campaign.keys.reloader import KeyReloader
from messages.secret_files import destroy_secret_file
from tests.waiting import wait_until
from tests.world import HOUR

NOTE = Receipt(campaign=3, arm=7, placement=2, hour=HOUR, closes=HOUR + 3, locale="en", nonce=bytes(range(16)))


class Clock:
    """Stands still until it is moved."""

    now = HOUR * 3600.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def opens(office: ReceiptSigner, text: str) -> bool:
    try:
        return office.verify(text, hour=HOUR) == NOTE
    except ReceiptInvalid:
        return False


def test_a_new_key_is_known_to_all_before_any_signs_with_it(tmp_path: Path, clock: Clock) -> None:
    first, second = (KeyReloader(tmp_path, clock=clock) for _ in range(2))
    rotation.rotate_receipt_key(tmp_path, now=clock(), lead_seconds=60)
    new = store.read_keys(store.receipt_key_files(tmp_path)[1:])
    first.refresh()
    assert opens(first.receipt_signer, ReceiptSigner(new).issue(NOTE))
    assert opens(second.receipt_signer, first.receipt_signer.issue(NOTE))
    assert second.receipt_signer.issue(NOTE) == first.receipt_signer.issue(NOTE)  # both still sign with the old one
    clock.now += 60
    first.refresh()
    assert first.receipt_signer.issue(NOTE) == ReceiptSigner(new).issue(NOTE)


def test_what_the_old_key_signed_is_genuine_until_its_file_is_gone(tmp_path: Path, clock: Clock) -> None:
    here = KeyReloader(tmp_path, clock=clock)
    old = here.receipt_signer.issue(NOTE)
    rotation.rotate_receipt_key(tmp_path, now=clock(), lead_seconds=0)
    here.refresh()
    assert here.receipt_signer.issue(NOTE) != old
    assert opens(here.receipt_signer, old)
    destroy_secret_file(tmp_path, "receipt-001.key")
    here.refresh()
    assert not opens(here.receipt_signer, old)


def test_a_process_that_is_late_looks_before_it_refuses(tmp_path: Path, clock: Clock) -> None:
    early, late = (KeyReloader(tmp_path, clock=clock) for _ in range(2))
    rotation.rotate_receipt_key(tmp_path, now=clock(), lead_seconds=0)
    early.refresh()
    assert opens(late.receipt_signer, early.receipt_signer.issue(NOTE))


def test_forgeries_under_unknown_keys_do_not_make_it_look_again_and_again(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = KeyReloader(tmp_path, clock=clock)
    looks = []

    def look(directory: Path) -> list[store.ReceiptKeyFile]:
        looks.append(directory)
        return store.receipt_key_files(directory)

    monkeypatch.setattr(reloader, "receipt_key_files", look)
    monkeypatch.setattr("time.monotonic", lambda: 1000.0)
    forged = ReceiptSigner({9: b"f" * 32}).issue(NOTE)
    assert not any(opens(here.receipt_signer, forged) for _ in range(1000))
    assert len(looks) == 1
    monkeypatch.setattr("time.monotonic", lambda: 1000.0 + 2 * reloader.MIN_RELOAD_SECONDS)
    assert not opens(here.receipt_signer, forged)
    assert len(looks) == 2


def test_a_forgery_under_a_known_key_costs_no_look(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = KeyReloader(tmp_path, clock=clock)
    monkeypatch.setattr(reloader, "receipt_key_files", lambda directory: pytest.fail("looked"))
    assert not opens(here.receipt_signer, ReceiptSigner({1: b"f" * 32}).issue(NOTE))


@pytest.mark.parametrize("trouble", ["empty", "unreadable", "nonsense"])
def test_a_directory_without_a_key_leaves_the_ring_as_it_is(
    tmp_path: Path, clock: Clock, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    here = KeyReloader(tmp_path, clock=clock)
    signed = here.receipt_signer.issue(NOTE)
    if trouble == "empty":
        (tmp_path / "receipt-001.key").unlink()
    elif trouble == "unreadable":
        (tmp_path / "receipt-001.key").unlink()
        (tmp_path / "receipt-001.key").mkdir()
    else:
        (tmp_path / "receipt-002-from-20269999T999999Z.key").touch()
    for _ in range(3):
        here.refresh()
    assert opens(here.receipt_signer, signed)
    assert here.receipt_signer.issue(NOTE) == signed
    assert len(caplog.records) == 1


def test_a_key_that_is_removed_before_its_time_signs_nothing(tmp_path: Path, clock: Clock) -> None:
    here = KeyReloader(tmp_path, clock=clock)
    before = here.receipt_signer.issue(NOTE)
    new = rotation.rotate_receipt_key(tmp_path, now=clock(), lead_seconds=60)
    here.refresh()
    destroy_secret_file(tmp_path, new.path.name)
    clock.now += 61
    here.refresh()
    assert here.receipt_signer.issue(NOTE) == before


def test_a_process_that_starts_between_agrees_with_the_others(tmp_path: Path, clock: Clock) -> None:
    here = KeyReloader(tmp_path, clock=clock)
    rotation.rotate_receipt_key(tmp_path, now=clock(), lead_seconds=60)
    for _ in range(2):
        here.refresh()
        assert KeyReloader(tmp_path, clock=clock).receipt_signer.issue(NOTE) == here.receipt_signer.issue(NOTE)
        clock.now += 61


def test_the_directory_is_looked_at_in_the_background(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reloader, "RELOAD_SECONDS", 0.01)
    here = KeyReloader(tmp_path, clock=clock)
    old = here.receipt_signer.issue(NOTE)
    stop = here.start_refreshing()
    try:
        rotation.rotate_receipt_key(tmp_path, now=clock(), lead_seconds=0)
        wait_until(lambda: here.receipt_signer.issue(NOTE) != old)
    finally:
        stop.set()  # else it goes on beside other tests, and warns in their log that its keys are gone
