import base64
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.assignment import subject_ids
from campaign.assignment.receipts import closing_hour
from campaign.keys import store
from campaign.keys.store import (
    KeyRefused,
    ReceiptKeyFile,
    read_or_create_secret,
    receipt_key_files,
    receipt_keys,
    rotate_receipt_key,
)
from tests.world import HOUR

NOW = HOUR * 3600.0


def numbers(directory: Path) -> list[int]:
    return [key.number for key in receipt_key_files(directory)]


def unneeded(directory: Path, *, now: float) -> list[int]:
    return [key.number for key in store.unneeded_receipt_keys(directory, now=now)]


def key(number: int, signs_from: int) -> ReceiptKeyFile:
    return ReceiptKeyFile(signs_from, number, Path(f"receipt-{number}"))


def test_a_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    assert read_or_create_secret(tmp_path / "keys", "one.key") == read_or_create_secret(tmp_path / "keys", "one.key")


def test_only_the_owner_can_read_a_secret(tmp_path: Path) -> None:
    rotated = rotate_receipt_key(tmp_path / "keys", now=NOW)
    read_or_create_secret(tmp_path / "keys", "one.key")
    assert stat.S_IMODE((tmp_path / "keys" / "one.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(rotated.path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["one.key", rotated.path.name]


def test_every_receipt_key_in_the_directory_is_on_the_ring(tmp_path: Path) -> None:
    first = receipt_keys(tmp_path)
    assert list(first) == [1]
    (tmp_path / "receipt-002.key").write_bytes(b"x" * 32)
    assert receipt_keys(tmp_path) == first | {2: b"x" * 32}


def test_what_is_not_a_whole_key_is_none(tmp_path: Path) -> None:
    (tmp_path / "receipt-002.key").write_bytes(b"")
    (tmp_path / "receipt-300.key").write_bytes(b"x" * 32)
    (tmp_path / "receipt-003.key.bak").write_bytes(b"x" * 32)
    assert receipt_keys(tmp_path) == {}


class TestRotation:
    def test_the_new_key_signs_from_its_time_on_and_not_before(self, tmp_path: Path) -> None:
        receipt_keys(tmp_path)
        new = rotate_receipt_key(tmp_path, now=NOW, lead_seconds=60)
        keys = receipt_key_files(tmp_path)
        assert [store.signing_key(keys, now=NOW + after).number for after in (0, 59.9, 60, 10**9)] == [1, 1, 2, 2]
        assert new.path.name == "receipt-002-from-20260302T120100Z.key"

    def test_all_who_read_the_directory_agree_on_the_time_whatever_happened_to_the_files(self, tmp_path: Path) -> None:
        rotate_receipt_key(tmp_path, now=NOW)
        for path in tmp_path.iterdir():
            os.utime(path, (0, 0))
        assert [found.signs_from for found in receipt_key_files(tmp_path)] == [NOW + 60]

    def test_a_clock_that_went_back_finds_a_key_to_sign_with(self) -> None:
        assert store.signing_key([key(4, 500), key(5, 900)], now=100).number == 4

    def test_a_second_rotation_waits_until_the_first_signs(self, tmp_path: Path) -> None:
        rotate_receipt_key(tmp_path, now=NOW)
        with pytest.raises(KeyRefused, match="waits to sign"):
            rotate_receipt_key(tmp_path, now=NOW + 59)
        assert rotate_receipt_key(tmp_path, now=NOW + 60).number == 2

    def test_of_many_rotations_at_once_one_is_made(self, tmp_path: Path) -> None:
        def attempt(_: int) -> bool:
            try:
                return bool(rotate_receipt_key(tmp_path, now=NOW))
            except KeyRefused:
                return False

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(attempt, range(8))) == 1
        assert numbers(tmp_path) == [1]

    def test_after_number_255_the_numbers_begin_again(self, tmp_path: Path) -> None:
        (tmp_path / "receipt-255.key").write_bytes(b"x" * 32)
        made = [rotate_receipt_key(tmp_path, now=NOW + 100 * step).number for step in range(3)]
        assert made == [0, 1, 2]
        assert numbers(tmp_path) == [255, 0, 1, 2]

    def test_when_every_number_is_in_use_it_is_said(self, tmp_path: Path) -> None:
        for number in range(256):
            (tmp_path / f"receipt-{number:03}.key").touch()
        with pytest.raises(KeyRefused, match="numbers are in use"):
            rotate_receipt_key(tmp_path, now=NOW)


class TestHowLongAKeyIsNeeded:
    @pytest.mark.slow
    @given(
        signed=st.integers(0, 10**6),
        later=st.integers(0, 10**6),
        life=st.integers(1, 24),
    )
    def test_no_receipt_outlives_the_key_that_signed_it(self, signed: int, later: int, life: int) -> None:
        """Signed at any second before the next key began: closed, in either unit, an hour before the key goes."""
        keys = [key(1, 0), key(2, signed + later + 1)]
        until = store.needed_until(keys[0], keys)
        assert until is not None
        hour = signed // 3600
        assert max(closing_hour(hour, life), subject_ids.receipt_window(hour)[1]) * 3600 <= until - 3600

    def test_the_key_that_signs_is_needed(self, tmp_path: Path) -> None:
        receipt_keys(tmp_path)
        assert unneeded(tmp_path, now=NOW + 10**9) == []

    def test_a_key_of_which_no_receipt_is_open_is_not_needed_and_no_other(self, tmp_path: Path) -> None:
        receipt_keys(tmp_path)
        rotate_receipt_key(tmp_path, now=NOW, lead_seconds=0)
        rotate_receipt_key(tmp_path, now=NOW + 3600, lead_seconds=0)
        assert unneeded(tmp_path, now=NOW + 26 * 3600 - 1) == []
        assert unneeded(tmp_path, now=NOW + 26 * 3600) == [1]

    def test_keys_put_there_by_hand_end_nothing(self, tmp_path: Path) -> None:
        receipt_keys(tmp_path)
        (tmp_path / "receipt-002.key").write_bytes(b"x" * 32)
        assert unneeded(tmp_path, now=NOW + 10**9) == []
        rotate_receipt_key(tmp_path, now=NOW)
        assert unneeded(tmp_path, now=NOW + 10**9) == [1, 2]


class TestDestruction:
    def test_nothing_of_a_destroyed_secret_is_left(self, tmp_path: Path) -> None:
        secret = read_or_create_secret(tmp_path, "one.key")
        os.link(tmp_path / "one.key", tmp_path / ".one.key.ab12")  # a process died before it had cleared up
        os.link(tmp_path / "one.key", tmp_path / "elsewhere")
        assert store.destroy_secret_file(tmp_path, "one.key")
        assert [path.name for path in tmp_path.iterdir()] == ["elsewhere"]
        assert secret not in (tmp_path / "elsewhere").read_bytes()

    def test_who_reads_a_secret_as_it_is_overwritten_holds_nothing_that_anyone_knows(self, tmp_path: Path) -> None:
        read_or_create_secret(tmp_path, "one.key")
        os.link(tmp_path / "one.key", tmp_path / "read meanwhile")
        store.destroy_secret_file(tmp_path, "one.key")
        assert len(set((tmp_path / "read meanwhile").read_bytes())) > 16  # not zeros, under which anyone could sign

    def test_what_is_not_there_cannot_be_destroyed(self, tmp_path: Path) -> None:
        assert store.destroy_secret_file(tmp_path, "one.key") is False


class TestComplaints:
    def test_a_directory_that_was_made_here_is_fine(self, tmp_path: Path) -> None:
        rotate_receipt_key(tmp_path / "keys", now=NOW)
        assert store.key_directory_problems(tmp_path / "keys") == []
        assert store.key_directory_problems(tmp_path / "nowhere") == []

    @pytest.mark.parametrize(("name", "mode"), [(".", 0o750), ("one.key", 0o640)])
    def test_what_others_may_read_is_named(self, tmp_path: Path, name: str, mode: int) -> None:
        read_or_create_secret(tmp_path, "one.key")
        (tmp_path / name).chmod(mode)
        assert "Others may read or change" in " ".join(store.key_directory_problems(tmp_path))

    def test_another_owner_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("os.geteuid", lambda: os.getuid() + 1)
        assert "belongs to another user" in " ".join(store.key_directory_problems(tmp_path))

    def test_two_keys_of_one_number_and_half_a_key_are_named(self, tmp_path: Path) -> None:
        rotate_receipt_key(tmp_path, now=NOW)
        (tmp_path / "receipt-001.key").write_bytes(b"short")
        (tmp_path / "receipt-001.key").chmod(0o600)
        said = " ".join(store.key_directory_problems(tmp_path))
        assert "hold receipt key 1" in said
        assert "holds 5 bytes" in said


def test_no_bytes_of_a_key_are_where_its_file_is_described(tmp_path: Path) -> None:
    described = repr(rotate_receipt_key(tmp_path, now=NOW))
    secret = receipt_keys(tmp_path)[1]
    assert not any(form in described for form in (repr(secret), secret.hex(), base64.b64encode(secret).decode()))
