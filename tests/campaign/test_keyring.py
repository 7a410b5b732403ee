import stat
from pathlib import Path

from campaign.keyring import receipt_keys, secret_file


def test_a_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    assert secret_file(tmp_path / "keys", "one.key") == secret_file(tmp_path / "keys", "one.key")


def test_only_the_owner_can_read_a_secret(tmp_path: Path) -> None:
    secret_file(tmp_path / "keys", "one.key")
    assert stat.S_IMODE((tmp_path / "keys" / "one.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["one.key"]


def test_every_receipt_key_in_the_directory_is_on_the_ring(tmp_path: Path) -> None:
    first = receipt_keys(tmp_path)
    assert list(first) == [1]
    (tmp_path / "receipt-002.key").write_bytes(b"x" * 32)
    assert receipt_keys(tmp_path) == first | {2: b"x" * 32}
