"""Messages as CSV and as JSON: written, and read back to the very same words. Knows neither Django nor the database.

A file holds wordings: one revision of a message each, with its words in every language. In CSV each language of a
wording is a row. A spreadsheet takes a cell that begins with one of = + - @ for a formula, so such a cell gets an
apostrophe in front; so does such a beginning after a semicolon, a tab, a line's end or a quotation mark, because a
spreadsheet that expects another separator would cut there. Reading takes exactly these apostrophes away again.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from messages.text.translatable import Translatable

FORMAT, VERSION = "second-thought messages", 1
MAX_BYTES = 5_000_000
MAX_ROWS = 20_000
FRAMES = ("neutral", "victim", "user", "both", "other")
STRENGTHS = ("documented", "linked", "reported", "value", "none")
# The most characters that each may have.
MAX_LENGTHS = {
    "message": 50,
    "theme": 50,
    "theme_name": 120,
    "theme_line": 300,
    "note": 500,
    "source": 1_000,
    "locale": 8,
    "headline": 160,
    "body": 1_200,
}
MAX_SOURCES = 30
RESERVED = ("new", "exchange")  # below /messages/ these are pages
MAX_REVISION_NUMBER = 32_767  # a revision's number
COLUMNS = (
    "message",
    "revision",
    "state",
    "theme",
    "theme_name",
    "theme_line",
    "frame",
    "claim_strength",
    "sources",
    "note",
    "locale",
    "headline",
    "body",
)
_NEEDED = ("message", "theme", "frame", "claim_strength", "locale", "headline", "body")
_OF_A_WORDING = tuple(name for name in COLUMNS if name not in ("locale", "headline", "body"))
_DELIMITERS = (",", ";", "\t")
_KEY = re.compile(r"[-a-zA-Z0-9_]+")
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,4})?")
_SIGNS = "=+\\-@＝＋－＠"
_RISKY = rf"(?:\A(?P<first>'*)(?=[{_SIGNS}\t\r])|(?<=[;\t\r\n\"])(?P<later>'*)(?=[{_SIGNS}]))"
_TO_GUARD = re.compile(_RISKY)
_GUARDED = re.compile(_RISKY.replace("'*", "'+"))
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class UnreadableFile(Exception):
    """The file as a whole cannot be read; the message says why, for a person."""


@dataclass(frozen=True, slots=True)
class RenditionRecord:
    """A wording in one language."""

    locale: str
    headline: str
    body: str


@dataclass(frozen=True, slots=True)
class RevisionRecord:
    """One revision of a message. `state` is told and never taken over: who imports does not approve."""

    message: str
    revision: int
    theme: str
    frame: str
    claim_strength: str
    sources: tuple[str, ...] = ()
    note: str = ""
    theme_name: str = ""
    theme_line: str = ""
    state: str = ""
    renditions: tuple[RenditionRecord, ...] = ()
    where: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """What cannot be taken, where it stands in the file, and why."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """What a file holds; `ignored` are names of columns or entries that are not known here."""

    revisions: tuple[RevisionRecord, ...] = ()
    rejected_rows: tuple[RejectedRow, ...] = ()
    ignored: tuple[str, ...] = ()


def escape_formulas(text: str) -> str:
    """The text so that no spreadsheet takes it, or a part of it, for a formula."""
    return _TO_GUARD.sub(lambda found: "'" + found[0], text)


def unescape_formulas(text: str) -> str:
    """The text as it was before `guarded`."""
    return _GUARDED.sub(lambda found: found[0][1:], text)


def to_csv(wordings: Iterable[RevisionRecord]) -> bytes:
    """UTF-8 with the mark by which spreadsheets know it, commas, and everything in quotation marks."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for wording in wordings:
        common = {
            "message": wording.message,
            "revision": str(wording.revision),
            "state": wording.state,
            "theme": wording.theme,
            "theme_name": wording.theme_name,
            "theme_line": wording.theme_line,
            "frame": wording.frame,
            "claim_strength": wording.claim_strength,
            "sources": "\n".join(wording.sources),
            "note": wording.note,
        }
        for words in wording.renditions or (RenditionRecord("", "", ""),):
            row = {**common, "locale": words.locale, "headline": words.headline, "body": words.body}
            writer.writerow([escape_formulas(row[name]) for name in COLUMNS])
    return b"\xef\xbb\xbf" + stream.getvalue().encode()


def to_json(wordings: Iterable[RevisionRecord]) -> bytes:
    """One object, readable, with the words as they are."""
    listed = [
        {
            "message": wording.message,
            "revision": wording.revision,
            "state": wording.state,
            "theme": wording.theme,
            "theme_name": wording.theme_name,
            "theme_line": wording.theme_line,
            "frame": wording.frame,
            "claim_strength": wording.claim_strength,
            "sources": list(wording.sources),
            "note": wording.note,
            "words": {words.locale: {"headline": words.headline, "body": words.body} for words in wording.renditions},
        }
        for wording in wordings
    ]
    told = {"format": FORMAT, "version": VERSION, "messages": listed}
    return (json.dumps(told, ensure_ascii=False, indent=2) + "\n").encode()


WRITERS: Mapping[str, Callable[[Iterable[RevisionRecord]], bytes]] = {"csv": to_csv, "json": to_json}


def parse_file(data: bytes, *, max_bytes: int = MAX_BYTES) -> ParsedFile:
    """A file of either kind, known by how it begins."""
    if len(data) > max_bytes:
        raise UnreadableFile(
            Translatable(
                "The file has {bytes} bytes; {most} is the most here.",
                bytes=_grouped(len(data)),
                most=_grouped(max_bytes),
            )
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableFile(
            Translatable("The file is not in UTF-8. In a spreadsheet, save it as “CSV UTF-8”.")
        ) from None
    if not text.strip():
        raise UnreadableFile(Translatable("The file is empty."))
    return from_json(text) if text.lstrip()[0] in "{[" else from_csv(text)


def from_csv(text: str) -> ParsedFile:
    """Rows of a spreadsheet, parted by commas, semicolons or tabs; the first row names the columns, in any order."""
    text = text.removeprefix("\ufeff").lstrip("\r\n")
    rows = _rows(text, _delimiter_of(text))
    names = [name.strip().lower() for name in rows[0]]
    if missing := [name for name in _NEEDED if name not in names]:
        raise UnreadableFile(
            Translatable("The first row names the columns. These are missing: {names}.", names=", ".join(missing))
        )
    if twice := sorted({name for name in names if name in COLUMNS and names.count(name) > 1}):
        raise UnreadableFile(Translatable("These columns stand there twice: {names}.", names=", ".join(twice)))
    if len(rows) > MAX_ROWS:
        raise UnreadableFile(
            Translatable(
                "The file has {rows} rows; {most} is the most.", rows=_grouped(len(rows)), most=_grouped(MAX_ROWS)
            )
        )
    refusals: list[RejectedRow] = []
    entries: dict[tuple[str, str], _Entry] = {}
    for number, cells in enumerate(rows[1:], start=2):
        where = Translatable("row {number}", number=number)
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(names):
            said = Translatable(
                "It has {cells} cells, and the first row names {columns} columns.", cells=len(cells), columns=len(names)
            )
            refusals.append(RejectedRow(where, said))
            continue
        row = dict(zip(names, map(unescape_formulas, [*cells, *[""] * (len(names) - len(cells))]), strict=True))
        common = {name: row.get(name, "") for name in _OF_A_WORDING}
        common["revision"] = common["revision"].strip() or "1"
        entry = entries.setdefault((common["message"].strip(), common["revision"]), _Entry(where, common))
        if differing := [name for name in _OF_A_WORDING if entry.common[name] != common[name]]:
            said = Translatable(
                "It belongs to the same revision as {where}, but differs in {names}.",
                where=entry.where,
                names=", ".join(differing),
            )
            refusals.append(RejectedRow(where, said))
            continue
        entry.rows.append((where, row))
    wordings = []
    for entry in entries.values():
        told: dict[str, Any] = {**entry.common, "sources": entry.common["sources"].splitlines()}
        told["revision"] = _number(told["revision"])
        words = [(w, r["locale"], r["headline"], r["body"]) for w, r in entry.rows]
        if len(words) == 1 and not any(words[0][1:]):
            words = []
        wording, found = _judged(told, words, entry.where)
        refusals += found
        if wording:
            wordings.append(wording)
    ignored = tuple(name for name in names if name and name not in COLUMNS)
    return ParsedFile(tuple(wordings), tuple(sorted(refusals, key=_row_of)), ignored)


def from_json(text: str) -> ParsedFile:
    """What `to_json` writes; more may stand beside it, and is left out."""
    try:
        told = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        said = Translatable("The file is not JSON (too deep, or a number too long).")
        if isinstance(error, json.JSONDecodeError):
            said = Translatable("The file is not JSON (line {line}).", line=error.lineno)
        raise UnreadableFile(said) from None
    if not isinstance(told, dict) or told.get("format") != FORMAT or not isinstance(told.get("messages"), list):
        raise UnreadableFile(
            Translatable(
                "This JSON holds no messages: “format” has to be “{format}”, and “messages” a list.", format=FORMAT
            )
        )
    if told.get("version") != VERSION:
        raise UnreadableFile(
            Translatable(
                "This file is of version {found}; version {version} can be read here.",
                found=repr(told.get("version")),
                version=VERSION,
            )
        )
    if len(told["messages"]) > MAX_ROWS:
        raise UnreadableFile(
            Translatable(
                "The file has {entries} entries; {most} is the most.",
                entries=_grouped(len(told["messages"])),
                most=_grouped(MAX_ROWS),
            )
        )
    wordings, refusals, ignored = [], [], set[str]()
    seen: dict[tuple[str, int], str] = {}
    for number, item in enumerate(told["messages"], start=1):
        where = Translatable("entry {number}", number=number)
        problem = _shape_of(item)
        if problem:
            refusals.append(RejectedRow(where, problem))
            continue
        ignored |= set(item) - set(COLUMNS) - {"words"}
        words = [(where, locale, w.get("headline", ""), w.get("body", "")) for locale, w in item["words"].items()]
        wording, found = _judged(item, words, where)
        refusals += found
        if wording:
            first = seen.setdefault((wording.message, wording.revision), where)
            if first != where:
                refusals.append(
                    RejectedRow(
                        where, Translatable("The same revision of this message stands in {where}, too.", where=first)
                    )
                )
            wordings.append(wording)
    return ParsedFile(tuple(wordings), tuple(refusals), tuple(sorted(ignored)))


def collapse_whitespace(text: str) -> str:
    """A source, in one line: that is how it stands in a cell."""
    return " ".join(text.split())


@dataclass(slots=True)
class _Entry:
    """The rows of one revision."""

    where: str
    common: dict[str, str]
    rows: list[tuple[str, dict[str, str]]] = field(default_factory=list)


def _rows(text: str, delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise UnreadableFile(
            Translatable("The file is not CSV: {error}. Is a quotation mark missing?", error=error)
        ) from None


def _delimiter_of(text: str) -> str:
    """The one that finds the most names we know in the first row."""
    first = text.splitlines()[0]

    def known(delimiter: str) -> int:
        return sum(cell.strip().strip('"').lower() in COLUMNS for cell in first.split(delimiter))

    return max(_DELIMITERS, key=known)


def _grouped(number: int) -> str:
    return f"{number:,}"


def _number(text: str) -> int:
    """A revision's number; 0, which no revision has, if it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _row_of(refusal: RejectedRow) -> int:
    return int(refusal.where.rpartition(" ")[2])


def _shape_of(item: object) -> str:
    """What is wrong with the kinds of values of a JSON entry, if anything."""
    if not isinstance(item, dict):
        return Translatable("It is not an object.")
    if missing := [name for name in ("message", "theme", "frame", "claim_strength", "words") if name not in item]:
        return Translatable("It lacks {names}.", names=", ".join(missing))
    for name in COLUMNS:
        if name in ("revision", "sources", "locale", "headline", "body") or name not in item:
            continue
        if not isinstance(item[name], str):
            return Translatable("“{name}” is not a text.", name=name)
    sources, words = item.get("sources", []), item["words"]
    if not isinstance(sources, list) or not all(isinstance(source, str) for source in sources):
        return Translatable("“sources” is not a list of texts.")
    if not isinstance(item.get("revision", 1), int) or isinstance(item.get("revision"), bool):
        return Translatable("“revision” is not a number.")
    if not isinstance(words, dict) or not all(
        isinstance(w, dict) and all(isinstance(w.get(name, ""), str) for name in ("headline", "body"))
        for w in words.values()
    ):
        return Translatable("“words” does not hold a headline and a body for each language.")
    return ""


_Told = Sequence[tuple[str, str, str, str]]  # where, locale, headline, body


def _judged(told: Mapping[str, Any], words: _Told, where: str) -> tuple[RevisionRecord | None, list[RejectedRow]]:
    """The wording, or why it cannot be taken."""
    sources = tuple(line for source in told.get("sources", ()) if (line := collapse_whitespace(source)))
    wording = RevisionRecord(
        message=told["message"].strip(),
        revision=told.get("revision", 1),
        theme=told["theme"].strip(),
        frame=told["frame"].strip(),
        claim_strength=told["claim_strength"].strip(),
        sources=sources,
        note=told.get("note", ""),
        theme_name=told.get("theme_name", ""),
        theme_line=told.get("theme_line", ""),
        state=told.get("state", ""),
        renditions=tuple(RenditionRecord(locale, headline, body) for _, locale, headline, body in words),
        where=where,
    )
    refusals = [RejectedRow(where, reason) for reason in _of_the_wording(wording)]
    seen: set[str] = set()
    for place, locale, headline, body in words:
        refusals += [RejectedRow(place, reason) for reason in _of_the_words(locale, headline, body)]
        if locale in seen:
            refusals.append(
                RejectedRow(place, Translatable("This revision has words in “{locale}” already.", locale=locale))
            )
        seen.add(locale)
    return (None if refusals else wording), refusals


def _of_the_wording(wording: RevisionRecord) -> Iterator[str]:
    for name in ("message", "theme"):
        value = getattr(wording, name)
        if not _KEY.fullmatch(value):
            yield Translatable(
                "“{name}” is a key of letters, digits, hyphens and underscores, such as their-good-name.", name=name
            )
    if wording.message in RESERVED:
        yield Translatable("“{key}” is the address of another page: choose another key.", key=wording.message)
    for name in ("message", "theme", "theme_name", "theme_line", "note"):
        yield from _of_a_text(name, getattr(wording, name), MAX_LENGTHS[name])
    if wording.frame not in FRAMES:
        yield Translatable("“{name}” is one of {names}.", name="frame", names=", ".join(FRAMES))
    if wording.claim_strength not in STRENGTHS:
        yield Translatable("“{name}” is one of {names}.", name="claim_strength", names=", ".join(STRENGTHS))
    if not 1 <= wording.revision <= MAX_REVISION_NUMBER:
        yield Translatable("“revision” is a number from 1 to {most}.", most=_grouped(MAX_REVISION_NUMBER))
    if len(wording.sources) > MAX_SOURCES:
        yield Translatable(
            "It names {count} sources; {most} is the most.", count=len(wording.sources), most=MAX_SOURCES
        )
    for source in wording.sources:
        yield from _of_a_text("sources", source, MAX_LENGTHS["source"])


def _of_the_words(locale: str, headline: str, body: str) -> Iterator[str]:
    if not _LOCALE.fullmatch(locale) or len(locale) > MAX_LENGTHS["locale"]:
        yield Translatable("“locale” is the code of a language, such as en, es or pt-BR.")
    yield from _of_a_text("headline", headline, MAX_LENGTHS["headline"])
    yield from _of_a_text("body", body, MAX_LENGTHS["body"])


def _of_a_text(name: str, text: str, longest: int) -> Iterator[str]:
    if len(text) > longest:
        yield Translatable(
            "“{name}” has {count} characters; {most} is the most.",
            name=name,
            count=_grouped(len(text)),
            most=_grouped(longest),
        )
    if _CONTROL.search(text):
        yield Translatable("“{name}” holds a sign that cannot be shown.", name=name)
