"""Secret files are made once, and nothing of them is left once they are destroyed."""

import os
from pathlib import Path

from messages.secret_files import destroy_secret_file, read_or_create_secret


def test_a_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    assert read_or_create_secret(tmp_path / "keys", "one.key") == read_or_create_secret(tmp_path / "keys", "one.key")


def test_nothing_of_a_destroyed_secret_is_left(tmp_path: Path) -> None:
    secret = read_or_create_secret(tmp_path, "one.key")
    os.link(tmp_path / "one.key", tmp_path / ".one.key.ab12")  # a process died before it had cleared up
    os.link(tmp_path / "one.key", tmp_path / "elsewhere")
    assert destroy_secret_file(tmp_path, "one.key")
    assert [path.name for path in tmp_path.iterdir()] == ["elsewhere"]
    assert secret not in (tmp_path / "elsewhere").read_bytes()


def test_who_reads_a_secret_as_it_is_overwritten_holds_nothing_that_anyone_knows(tmp_path: Path) -> None:
    read_or_create_secret(tmp_path, "one.key")
    os.link(tmp_path / "one.key", tmp_path / "read meanwhile")
    destroy_secret_file(tmp_path, "one.key")
    assert len(set((tmp_path / "read meanwhile").read_bytes())) > 16  # not zeros, under which anyone could sign


def test_what_is_not_there_cannot_be_destroyed(tmp_path: Path) -> None:
    assert destroy_secret_file(tmp_path, "one.key") is False
