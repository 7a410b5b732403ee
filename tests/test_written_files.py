"""A search through the files of a running site misses nothing that is renamed meanwhile."""

from __future__ import annotations

from pathlib import Path

from tests.written_files import contents_of


def test_every_file_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / ".hidden").write_bytes(b"1")
    (tmp_path / "log").write_bytes(b"2")
    assert sorted(contents_of([tmp_path])) == [(tmp_path / "keys" / ".hidden", b"1"), (tmp_path / "log", b"2")]
    assert list(contents_of([tmp_path / "log", tmp_path / "never"])) == [(tmp_path / "log", b"2")]


def test_what_is_renamed_while_others_are_read_is_found_under_its_new_name(tmp_path: Path) -> None:
    for name in ("a", "b.new", "c"):
        (tmp_path / name).write_bytes(name.encode())
    found = {}
    for path, content in contents_of([tmp_path]):
        found[path.name] = content
        if path.name == "a":
            (tmp_path / "b.new").rename(tmp_path / "0")  # listed already under the old name, not yet under the new
    assert found == {"a": b"a", "c": b"c", "0": b"b.new"}


def test_what_is_renamed_over_a_file_that_was_read_is_found(tmp_path: Path) -> None:
    for name in ("a", "b.new"):
        (tmp_path / name).write_bytes(name.encode())
    contents = []
    for path, content in contents_of([tmp_path]):
        contents.append(content)
        if path.name == "a" and content == b"a":
            (tmp_path / "b.new").rename(tmp_path / "a")
    assert contents == [b"a", b"b.new"]
