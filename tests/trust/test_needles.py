"""The search finds needles at any offset and in any encoding."""

from __future__ import annotations

import base64
import hashlib
import random
from pathlib import Path

import pytest

from tests.fuzz.marks import MarkFactory
from tests.trust.needles import Search, digests_of, encodings_of, needles_of_marks, spellings_of
from tests.trust.visitors import MarkedVisitor

NONCE = bytes(range(100, 116))


@pytest.mark.parametrize("before", range(9))
def test_bytes_are_found_at_any_place_in_any_form(before: int) -> None:
    search = Search(dict(encodings_of(NONCE, "it")))
    inside = b"\xfe" * before + NONCE + b"\xfd" * 5
    for form in (inside, inside.hex().encode(), inside.hex().upper().encode(), base64.b64encode(inside)):
        assert search.find(b"?" * before + form)
    assert search.find(base64.urlsafe_b64encode(inside))
    assert not search.find(inside.replace(NONCE[:4], b"----"))


def test_what_begins_in_one_portion_and_ends_in_the_next_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.trust.needles._PORTION", 16)
    search = Search({NONCE: "it"})
    for before in range(40):
        assert search.find(b"x" * before + NONCE + b"x" * (40 - before)) == [NONCE]


def test_a_short_needle_is_refused_since_chance_would_find_it() -> None:
    with pytest.raises(ValueError, match="by chance"):
        Search({b"1234567": "it"})


def test_an_address_is_found_plain_hashed_shortened_and_with_its_agent() -> None:
    who = MarkedVisitor(MarkFactory(), random.Random(1))
    search = Search(dict(who.needles()))
    digest = hashlib.sha256(f"{who.address}{who.agent}".encode())
    for content in (
        f"[{who.address}]".encode(),
        hashlib.md5(who.address.encode()).hexdigest()[:16].encode(),
        digest.digest()[:12],
        digest.hexdigest().upper().encode(),
        base64.b64encode(digest.digest()),
        base64.b64encode(f'{{"ip": "{who.address}"}}'.encode()),
        f"x-{who.address}-y".encode("utf-16-le"),
    ):
        assert search.find_hits(b"some text " + content + b" more text", "a file")
    assert not search.find_hits(b"127.0.0.1 and 10.0.0.1, " + hashlib.sha256(b"another").digest(), "a file")


def test_files_and_their_names_are_searched(tmp_path: Path) -> None:
    marks = MarkFactory()
    search = Search(dict(needles_of_marks(marks)))
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "file").write_text(f"<{marks.new()}>", encoding="utf-8")
    (tmp_path / marks.new()).touch()
    found = [str(hit) for hit in search.search_files([tmp_path])]
    assert any(line.endswith("inner/file") for line in found)
    assert any("the name of" in line for line in found)


def test_spellings_and_hashes_name_what_they_are() -> None:
    spellings = {
        "a name",
        "a name, base64, shifted by 1",
        "a name, two bytes a letter",
        "a name, escaped for a URL, hex",
    }
    assert {name for _, name in spellings_of("Ana B", "a name")} >= spellings
    assert {name.rpartition(", ")[0] for _, name in digests_of("x", "a key")} == {
        f"a key, {kind}" for kind in ("md5", "sha1", "sha256")
    }
