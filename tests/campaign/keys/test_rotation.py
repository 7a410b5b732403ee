import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.assignment import subject_ids
from campaign.assignment.receipts import closing_hour
from campaign.keys import rotation
from campaign.keys.rotation import KeyRefused, rotate_receipt_key
from campaign.keys.store import ReceiptKeyFile, receipt_key_files, receipt_keys
from tests.world import HOUR

NOW = HOUR * 3600.0


def numbers(directory: Path) -> list[int]:
    return [key.number for key in receipt_key_files(directory)]


def unneeded(directory: Path, *, now: float) -> list[int]:
    return [key.number for key in rotation.unneeded_receipt_keys(directory, now=now)]


def key(number: int, signs_from: int) -> ReceiptKeyFile:
    return ReceiptKeyFile(signs_from, number, Path(f"receipt-{number}"))


class TestRotation:
    def test_the_new_key_signs_from_its_time_on_and_not_before(self, tmp_path: Path) -> None:
        receipt_keys(tmp_path)
        new = rotate_receipt_key(tmp_path, now=NOW, lead_seconds=60)
        keys = receipt_key_files(tmp_path)
        assert [rotation.signing_key(keys, now=NOW + after).number for after in (0, 59.9, 60, 10**9)] == [1, 1, 2, 2]
        assert new.path.name == "receipt-002-from-20260302T120100Z.key"

    def test_all_who_read_the_directory_agree_on_the_time_whatever_happened_to_the_files(self, tmp_path: Path) -> None:
        rotate_receipt_key(tmp_path, now=NOW)
        for path in tmp_path.iterdir():
            os.utime(path, (0, 0))
        assert [found.signs_from for found in receipt_key_files(tmp_path)] == [NOW + 60]

    def test_a_clock_that_went_back_finds_a_key_to_sign_with(self) -> None:
        assert rotation.signing_key([key(4, 500), key(5, 900)], now=100).number == 4

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
    @given(signed=st.integers(0, 10**6), later=st.integers(0, 10**6), life=st.integers(1, 24))
    def test_no_receipt_outlives_the_key_that_signed_it(self, signed: int, later: int, life: int) -> None:
        """Signed at any second before the next key began: closed, in either unit, an hour before the key goes."""
        keys = [key(1, 0), key(2, signed + later + 1)]
        until = rotation.needed_until(keys[0], keys)
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
