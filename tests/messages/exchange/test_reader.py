"""Exchange files preserve the exact text in both directions, and never contain a formula."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.exchange import reader, records, validation
from messages.exchange.reader import from_csv, parse_file
from messages.exchange.records import ParsedFile, RenditionRecord, RevisionRecord
from messages.exchange.writer import to_csv, to_json
from messages.models import ClaimStrength, Frame
from messages.tables.errors import UnreadableFile
from messages.text import spreadsheet
from messages.text.slugs import RESERVED_MESSAGE_KEYS

SIGNS = tuple("=+-@\t\r＝＋－＠")
# Ordinary text, and text of attackers: delimiters, line breaks and the beginnings of formulas.
_letters = st.characters(blacklist_categories=["Cs", "Cc"])
_tricky = st.sampled_from(
    [*SIGNS, "'", '"', ";", ",", "\n", "\r\n", "a", " ", "‏", "ب", "‮", "\ufeff", "=cmd|' /C calc'!A0"]
)
texts = st.lists(_letters | _tricky, max_size=12).map("".join)
keys = st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=12)
words = st.builds(RenditionRecord, locale=st.sampled_from(["en", "es", "ar", "pt-br"]), headline=texts, body=texts)
wordings = st.builds(
    RevisionRecord,
    message=keys.filter(lambda key: key not in RESERVED_MESSAGE_KEYS),
    revision=st.integers(1, validation.MAX_REVISION_NUMBER),
    theme=keys,
    frame=st.sampled_from(Frame.values),
    matched_set=st.just("") | keys,
    claim_strength=st.sampled_from(ClaimStrength.values),
    sources=st.lists(texts.map(records.collapse_whitespace).filter(bool), max_size=3).map(tuple),
    note=texts,
    theme_name=texts,
    theme_line=texts,
    state=st.sampled_from(["draft", "approved"]),
    renditions=st.lists(words, max_size=3, unique_by=lambda w: w.locale).map(tuple),
)
files = st.lists(wordings, max_size=4, unique_by=lambda w: (w.message, w.revision))

HEADER = b"message,theme,frame,claim_strength,locale,headline,body"
ONE = RevisionRecord(
    message="their-good-name",
    revision=1,
    theme="reputation",
    frame="victim",
    claim_strength="reported",
    sources=("Thorn 2025",),
    renditions=(RenditionRecord("en", "A headline", "First.\n\nSecond."),),
)


@pytest.mark.slow
@given(files)
def test_csv_brings_back_the_same_words(listed: list[RevisionRecord]) -> None:
    assert parse_file(to_csv(listed)) == ParsedFile(tuple(listed))


@pytest.mark.slow
@given(files)
def test_json_brings_back_the_same_words(listed: list[RevisionRecord]) -> None:
    assert parse_file(to_json(listed)) == ParsedFile(tuple(listed))


@pytest.mark.parametrize(("typed", "code"), [("pt-BR", "pt-br"), ("es_MX", "es-mx"), ("zh-Hant", "zh-hant")])
def test_a_language_is_read_in_any_notation(typed: str, code: str) -> None:
    (revision,) = parse_file(_csv(locale=typed).encode()).revisions
    assert revision.renditions[0].locale == code


@given(texts)
def test_what_was_guarded_comes_back(text: str) -> None:
    assert spreadsheet.unescape_formulas(spreadsheet.escape_formulas(text)) == text


@pytest.mark.slow
@given(files, st.sampled_from([",", ";", "\t"]))
def test_no_cell_begins_a_formula_wherever_a_spreadsheet_cuts(listed: list[RevisionRecord], delimiter: str) -> None:
    """Also with the wrong delimiter, as spreadsheets of other countries read the file."""
    text = to_csv(listed).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        for cell in row:
            assert not cell.lstrip('"').startswith(tuple("=+-@＝＋－＠")), cell
            assert delimiter != "," or not cell.startswith(("\t", "\r")), cell


@pytest.mark.parametrize("sign", SIGNS)
def test_a_beginning_that_is_a_formula_gets_an_apostrophe(sign: str) -> None:
    assert spreadsheet.escape_formulas(f"{sign}1+1") == f"'{sign}1+1"
    assert spreadsheet.escape_formulas(f"'{sign}1") == f"''{sign}1"


@pytest.mark.parametrize(
    "text", ["'Tis better", "a - b", "a=b", "1+1", "mail@here", "", "“No”, she said", "line\nline"]
)
def test_ordinary_words_stay_as_they_are(text: str) -> None:
    assert spreadsheet.escape_formulas(text) == spreadsheet.unescape_formulas(text) == text


def test_an_apostrophe_that_somebody_typed_stays() -> None:
    (wording,) = from_csv(_csv(headline="'Tis a name")).revisions
    assert wording.renditions[0].headline == "'Tis a name"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("before", ["", "sep={}\r\n", "Words of the partner\r\n\r\n"])
def test_a_spreadsheet_may_write_it_in_its_own_way(encoding: str, delimiter: str, before: str) -> None:
    stream = io.StringIO(newline="")
    stream.write(before.format(delimiter))
    csv.writer(stream, delimiter=delimiter).writerows(csv.reader(io.StringIO(to_csv([ONE]).decode("utf-8-sig"))))
    assert parse_file(stream.getvalue().encode(encoding)) == ParsedFile((ONE,))


def test_what_is_not_in_utf_8_is_read_as_windows_1252_and_that_is_said() -> None:
    spanish = replace(ONE, renditions=(RenditionRecord("es", "¿Cuánto cuesta?", "10 €"),))
    parsed = parse_file(to_csv([spanish]).decode("utf-8-sig").encode("cp1252"))
    assert parsed.revisions == (spanish,)
    assert "Windows-1252" in parsed.notes[0]


def test_columns_may_come_in_any_order_in_any_case_and_more_of_them() -> None:
    text = (
        "Headline,BODY,locale,message,theme,frame,claim_strength,Remarks\n"
        "A headline,Words.,en,new-one,reputation,victim,none,from Ana\n"
    )
    found = from_csv(text)
    assert found.ignored == ("remarks",)
    (wording,) = found.revisions
    assert (wording.message, wording.revision, wording.renditions[0].headline) == ("new-one", 1, "A headline")


def test_each_language_is_a_row_and_they_come_together_again() -> None:
    both = replace(ONE, renditions=(*ONE.renditions, RenditionRecord("ar", "‏عنوان", "سطر\n\nسطر آخر")))
    assert to_csv([both]).count(b'"their-good-name"') == 2
    assert parse_file(to_csv([both])).revisions == (both,)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"message": "no blanks"}, "“message” must be a key"),
        ({"message": "new"}, "is the address of another page"),
        ({"theme": ""}, "“theme” must be a key"),
        ({"frame": "Victim!"}, "“frame” must be one of"),
        ({"matched_set": "no blanks"}, "“matched_set” must be a key"),
        ({"matched_set": "x" * 51}, "“matched_set” has 51 characters. The limit is 50"),
        ({"claim_strength": "proven"}, "“claim_strength” must be one of"),
        ({"revision": "two"}, "“revision” must be a number"),
        ({"revision": "9" * 5000}, "“revision” must be a number"),
        ({"revision": "0"}, "“revision” must be a number"),
        ({"locale": "English"}, "“locale” must be the code"),
        ({"locale": ""}, "“locale” must be the code"),
        ({"headline": "x" * 161}, "“headline” has 161 characters. The limit is 160"),
        ({"body": "x" * 1201}, "“body” has 1,201 characters"),
        ({"note": "x" * 501}, "“note” has 501"),
        ({"sources": "\n".join(f"source {n}" for n in range(31))}, "has 31 sources"),
    ],
)
def test_a_row_that_cannot_be_taken_is_named_with_its_number(change: dict[str, str], reason: str) -> None:
    found = from_csv(_csv(**change))
    assert not found.revisions
    assert [refusal.where for refusal in found.rejected_rows] == ["row 2"]
    assert reason in found.rejected_rows[0].reason


def test_rows_of_one_revision_agree() -> None:
    rows = _csv() + _csv(locale="es", frame="user").splitlines(keepends=True)[1]
    (refusal,) = from_csv(rows).rejected_rows
    assert (refusal.where, "differs in frame" in refusal.reason) == ("row 3", True)


def test_a_language_stands_there_once() -> None:
    rows = _csv() + _csv(headline="Another").splitlines(keepends=True)[1]
    (refusal,) = from_csv(rows).rejected_rows
    assert refusal == records.RejectedRow("row 3", "This version already has a text in “en”.")


def test_rows_are_counted_as_a_spreadsheet_counts_them() -> None:
    """Row numbers count empty rows, and not the lines within a cell."""
    rows = _csv(body='"one\n\ntwo"') + ",,,\n" + _csv(message="other", frame="bad").splitlines(keepends=True)[1]
    (refusal,) = from_csv(rows).rejected_rows
    assert refusal.where == "row 4"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n", "is empty"),
        (b"frame\n\x81", "CSV UTF-8"),
        ("frame\nä".encode("latin-1"), "CSV UTF-8"),
        (b"a,b,c\n1,2,3\n", "line 1: the column message is missing. The columns are: a, b, c."),
        (HEADER + b",headline\n", "line 1, column headline: two columns have this name."),
        (HEADER + b'\n"a"b,c\n', "line 2, column message: the quotation mark"),
        (HEADER + b"\na,b,victim,none,en,Head,Body\na,b,user,none,en\n", "line 3: 5 columns, but the header has 7."),
        (HEADER + b"\na,b,victim,none,en,Head,Body, and more\n", "line 2: 8 columns, but the header has 7."),
        (
            HEADER + b"\na,b,victim,none,en,Head,Bo\x1b[2Jdy\n",
            "line 2, column body: there is a control character (U+001B)",
        ),
        (b"{", "is not valid JSON (line 1)"),
        (b"[" * 100_000, "is not valid JSON"),
        (b"[]", "contains no messages"),
        (b'{"format": "second-thought messages", "version": 2, "messages": []}', "version 2"),
        (b"x" * 101, "The limit is 100"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        parse_file(data, max_bytes=100 if data.startswith(b"x") else reader.MAX_BYTES)
    assert reason in str(refused.value)


def test_so_many_rows_and_no_more() -> None:
    head, row = _csv().splitlines(keepends=True)
    with pytest.raises(UnreadableFile, match="The limit is 20,000"):
        from_csv(head + row * reader.MAX_ROWS)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"words": []}, "“words” must contain"),
        ({"words": {"en": "text"}}, "“words” must contain"),
        ({"words": {"en": {"headline": 1}}}, "“words” must contain"),
        ({"sources": "one"}, "“sources” is not a list"),
        ({"revision": True}, "“revision” is not a number"),
        ({"frame": None}, "“frame” is not text"),
        ({"matched_set": ["a-set"]}, "“matched_set” is not text"),
        ({"note": "\ud800"}, "a character that cannot be shown"),
    ],
)
def test_an_entry_of_json_with_another_shape_is_named(change: dict[str, object], reason: str) -> None:
    told = json.loads(to_json([ONE]))
    told["messages"].append({**told["messages"][0], "message": "other", **change})
    found = reader.from_json(json.dumps(told))
    assert found.revisions == (ONE,)
    assert [refusal.where for refusal in found.rejected_rows] == ["entry 2"]
    assert reason in found.rejected_rows[0].reason


def test_the_same_revision_stands_in_json_once() -> None:
    found = parse_file(to_json([ONE, ONE]))
    assert [(r.where, "is also in entry 1" in r.reason) for r in found.rejected_rows] == [("entry 2", True)]


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_whatever_is_sent_is_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(UnreadableFile):
        assert isinstance(parse_file(data), ParsedFile)


def _csv(**change: str) -> str:
    told = {
        "message": "their-good-name",
        "revision": "1",
        "theme": "reputation",
        "frame": "victim",
        "claim_strength": "reported",
        "sources": "Thorn 2025",
        "note": "",
        "locale": "en",
        "headline": "A headline",
        "body": "Words.",
    } | change
    cells = [f'"{value}"' if "\n" in value and not value.startswith('"') else value for value in told.values()]
    return ",".join(told) + "\n" + ",".join(cells) + "\n"
