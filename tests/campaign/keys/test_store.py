import base64
import os
import stat
from pathlib import Path

import pytest

from campaign.keys import store
from campaign.keys.rotation import rotate_receipt_key
from campaign.keys.store import receipt_keys
from messages.secret_files import read_or_create_secret
from tests.world import HOUR

NOW = HOUR * 3600.0


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
