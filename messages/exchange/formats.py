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

from messages.text.translatable import Said

FORMAT, VERSION = "second-thought messages", 1
MOST_BYTES = 5_000_000
MOST_ROWS = 20_000
FRAMES = ("neutral", "victim", "user", "both", "other")
STRENGTHS = ("documented", "linked", "reported", "value", "none")
# The most characters that each may have.
LONGEST = {
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
MOST_SOURCES = 30
RESERVED = ("new", "exchange")  # below /messages/ these are pages
HIGHEST = 32_767  # a revision's number
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


class Unreadable(Exception):
    """The file as a whole cannot be read; the message says why, for a person."""


@dataclass(frozen=True, slots=True)
class Words:
    """A wording in one language."""

    locale: str
    headline: str
    body: str


@dataclass(frozen=True, slots=True)
class Wording:
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
    words: tuple[Words, ...] = ()
    where: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What cannot be taken, where it stands in the file, and why."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Read:
    """What a file holds; `ignored` are names of columns or entries that are not known here."""

    wordings: tuple[Wording, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    ignored: tuple[str, ...] = ()


def guarded(text: str) -> str:
    """The text so that no spreadsheet takes it, or a part of it, for a formula."""
    return _TO_GUARD.sub(lambda found: "'" + found[0], text)


def unguarded(text: str) -> str:
    """The text as it was before `guarded`."""
    return _GUARDED.sub(lambda found: found[0][1:], text)


def to_csv(wordings: Iterable[Wording]) -> bytes:
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
        for words in wording.words or (Words("", "", ""),):
            row = {**common, "locale": words.locale, "headline": words.headline, "body": words.body}
            writer.writerow([guarded(row[name]) for name in COLUMNS])
    return b"\xef\xbb\xbf" + stream.getvalue().encode()


def to_json(wordings: Iterable[Wording]) -> bytes:
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
            "words": {words.locale: {"headline": words.headline, "body": words.body} for words in wording.words},
        }
        for wording in wordings
    ]
    told = {"format": FORMAT, "version": VERSION, "messages": listed}
    return (json.dumps(told, ensure_ascii=False, indent=2) + "\n").encode()


WRITERS: Mapping[str, Callable[[Iterable[Wording]], bytes]] = {"csv": to_csv, "json": to_json}


def read(data: bytes, *, most_bytes: int = MOST_BYTES) -> Read:
    """A file of either kind, known by how it begins."""
    if len(data) > most_bytes:
        raise Unreadable(
            Said(
                "The file has {bytes} bytes; {most} is the most here.",
                bytes=_grouped(len(data)),
                most=_grouped(most_bytes),
            )
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(Said("The file is not in UTF-8. In a spreadsheet, save it as “CSV UTF-8”.")) from None
    if not text.strip():
        raise Unreadable(Said("The file is empty."))
    return from_json(text) if text.lstrip()[0] in "{[" else from_csv(text)


def from_csv(text: str) -> Read:
    """Rows of a spreadsheet, parted by commas, semicolons or tabs; the first row names the columns, in any order."""
    text = text.removeprefix("\ufeff").lstrip("\r\n")
    rows = _rows(text, _delimiter_of(text))
    names = [name.strip().lower() for name in rows[0]]
    if missing := [name for name in _NEEDED if name not in names]:
        raise Unreadable(Said("The first row names the columns. These are missing: {names}.", names=", ".join(missing)))
    if twice := sorted({name for name in names if name in COLUMNS and names.count(name) > 1}):
        raise Unreadable(Said("These columns stand there twice: {names}.", names=", ".join(twice)))
    if len(rows) > MOST_ROWS:
        raise Unreadable(
            Said("The file has {rows} rows; {most} is the most.", rows=_grouped(len(rows)), most=_grouped(MOST_ROWS))
        )
    refusals: list[Refusal] = []
    entries: dict[tuple[str, str], _Entry] = {}
    for number, cells in enumerate(rows[1:], start=2):
        where = Said("row {number}", number=number)
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(names):
            said = Said(
                "It has {cells} cells, and the first row names {columns} columns.", cells=len(cells), columns=len(names)
            )
            refusals.append(Refusal(where, said))
            continue
        row = dict(zip(names, map(unguarded, [*cells, *[""] * (len(names) - len(cells))]), strict=True))
        common = {name: row.get(name, "") for name in _OF_A_WORDING}
        common["revision"] = common["revision"].strip() or "1"
        entry = entries.setdefault((common["message"].strip(), common["revision"]), _Entry(where, common))
        if differing := [name for name in _OF_A_WORDING if entry.common[name] != common[name]]:
            said = Said(
                "It belongs to the same revision as {where}, but differs in {names}.",
                where=entry.where,
                names=", ".join(differing),
            )
            refusals.append(Refusal(where, said))
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
    return Read(tuple(wordings), tuple(sorted(refusals, key=_row_of)), ignored)


def from_json(text: str) -> Read:
    """What `to_json` writes; more may stand beside it, and is left out."""
    try:
        told = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        said = Said("The file is not JSON (too deep, or a number too long).")
        if isinstance(error, json.JSONDecodeError):
            said = Said("The file is not JSON (line {line}).", line=error.lineno)
        raise Unreadable(said) from None
    if not isinstance(told, dict) or told.get("format") != FORMAT or not isinstance(told.get("messages"), list):
        raise Unreadable(
            Said("This JSON holds no messages: “format” has to be “{format}”, and “messages” a list.", format=FORMAT)
        )
    if told.get("version") != VERSION:
        raise Unreadable(
            Said(
                "This file is of version {found}; version {version} can be read here.",
                found=repr(told.get("version")),
                version=VERSION,
            )
        )
    if len(told["messages"]) > MOST_ROWS:
        raise Unreadable(
            Said(
                "The file has {entries} entries; {most} is the most.",
                entries=_grouped(len(told["messages"])),
                most=_grouped(MOST_ROWS),
            )
        )
    wordings, refusals, ignored = [], [], set[str]()
    seen: dict[tuple[str, int], str] = {}
    for number, item in enumerate(told["messages"], start=1):
        where = Said("entry {number}", number=number)
        problem = _shape_of(item)
        if problem:
            refusals.append(Refusal(where, problem))
            continue
        ignored |= set(item) - set(COLUMNS) - {"words"}
        words = [(where, locale, w.get("headline", ""), w.get("body", "")) for locale, w in item["words"].items()]
        wording, found = _judged(item, words, where)
        refusals += found
        if wording:
            first = seen.setdefault((wording.message, wording.revision), where)
            if first != where:
                refusals.append(
                    Refusal(where, Said("The same revision of this message stands in {where}, too.", where=first))
                )
            wordings.append(wording)
    return Read(tuple(wordings), tuple(refusals), tuple(sorted(ignored)))


def one_line(text: str) -> str:
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
        raise Unreadable(Said("The file is not CSV: {error}. Is a quotation mark missing?", error=error)) from None


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


def _row_of(refusal: Refusal) -> int:
    return int(refusal.where.rpartition(" ")[2])


def _shape_of(item: object) -> str:
    """What is wrong with the kinds of values of a JSON entry, if anything."""
    if not isinstance(item, dict):
        return Said("It is not an object.")
    if missing := [name for name in ("message", "theme", "frame", "claim_strength", "words") if name not in item]:
        return Said("It lacks {names}.", names=", ".join(missing))
    for name in COLUMNS:
        if name in ("revision", "sources", "locale", "headline", "body") or name not in item:
            continue
        if not isinstance(item[name], str):
            return Said("“{name}” is not a text.", name=name)
    sources, words = item.get("sources", []), item["words"]
    if not isinstance(sources, list) or not all(isinstance(source, str) for source in sources):
        return Said("“sources” is not a list of texts.")
    if not isinstance(item.get("revision", 1), int) or isinstance(item.get("revision"), bool):
        return Said("“revision” is not a number.")
    if not isinstance(words, dict) or not all(
        isinstance(w, dict) and all(isinstance(w.get(name, ""), str) for name in ("headline", "body"))
        for w in words.values()
    ):
        return Said("“words” does not hold a headline and a body for each language.")
    return ""


_Told = Sequence[tuple[str, str, str, str]]  # where, locale, headline, body


def _judged(told: Mapping[str, Any], words: _Told, where: str) -> tuple[Wording | None, list[Refusal]]:
    """The wording, or why it cannot be taken."""
    sources = tuple(line for source in told.get("sources", ()) if (line := one_line(source)))
    wording = Wording(
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
        words=tuple(Words(locale, headline, body) for _, locale, headline, body in words),
        where=where,
    )
    refusals = [Refusal(where, reason) for reason in _of_the_wording(wording)]
    seen: set[str] = set()
    for place, locale, headline, body in words:
        refusals += [Refusal(place, reason) for reason in _of_the_words(locale, headline, body)]
        if locale in seen:
            refusals.append(Refusal(place, Said("This revision has words in “{locale}” already.", locale=locale)))
        seen.add(locale)
    return (None if refusals else wording), refusals


def _of_the_wording(wording: Wording) -> Iterator[str]:
    for name in ("message", "theme"):
        value = getattr(wording, name)
        if not _KEY.fullmatch(value):
            yield Said(
                "“{name}” is a key of letters, digits, hyphens and underscores, such as their-good-name.", name=name
            )
    if wording.message in RESERVED:
        yield Said("“{key}” is the address of another page: choose another key.", key=wording.message)
    for name in ("message", "theme", "theme_name", "theme_line", "note"):
        yield from _of_a_text(name, getattr(wording, name), LONGEST[name])
    if wording.frame not in FRAMES:
        yield Said("“{name}” is one of {names}.", name="frame", names=", ".join(FRAMES))
    if wording.claim_strength not in STRENGTHS:
        yield Said("“{name}” is one of {names}.", name="claim_strength", names=", ".join(STRENGTHS))
    if not 1 <= wording.revision <= HIGHEST:
        yield Said("“revision” is a number from 1 to {most}.", most=_grouped(HIGHEST))
    if len(wording.sources) > MOST_SOURCES:
        yield Said("It names {count} sources; {most} is the most.", count=len(wording.sources), most=MOST_SOURCES)
    for source in wording.sources:
        yield from _of_a_text("sources", source, LONGEST["source"])


def _of_the_words(locale: str, headline: str, body: str) -> Iterator[str]:
    if not _LOCALE.fullmatch(locale) or len(locale) > LONGEST["locale"]:
        yield Said("“locale” is the code of a language, such as en, es or pt-BR.")
    yield from _of_a_text("headline", headline, LONGEST["headline"])
    yield from _of_a_text("body", body, LONGEST["body"])


def _of_a_text(name: str, text: str, longest: int) -> Iterator[str]:
    if len(text) > longest:
        yield Said(
            "“{name}” has {count} characters; {most} is the most.",
            name=name,
            count=_grouped(len(text)),
            most=_grouped(longest),
        )
    if _CONTROL.search(text):
        yield Said("“{name}” holds a sign that cannot be shown.", name=name)
