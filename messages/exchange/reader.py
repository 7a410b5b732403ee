"""Read revisions from JSON, or from CSV, where each language is a row and a revision's rows agree otherwise."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from messages.exchange import records
from messages.exchange.validation import TextRow, validate_revision
from messages.query_numbers import parse_whole_number
from messages.tables.csv_table import open_table
from messages.tables.decoding import decode
from messages.tables.errors import UnreadableFile
from messages.text.spreadsheet import unescape_formulas
from messages.text.translatable import Translatable

MAX_BYTES = 5_000_000
MAX_ROWS = 20_000
_REQUIRED_FIELDS = ("message", "theme", "frame", "claim_strength")


@dataclass(slots=True)
class _RowGroup:
    """The rows of one revision, and the fields that they share."""

    where: str
    fields: dict[str, str]
    texts: list[TextRow] = field(default_factory=list)


def parse_file(data: bytes, *, max_bytes: int = MAX_BYTES) -> records.ParsedFile:
    """Read a file, in JSON if it begins with a bracket and otherwise in CSV."""
    if len(data) > max_bytes:
        size, most = format(len(data), ","), format(max_bytes, ",")
        raise UnreadableFile("The file has {bytes} bytes. The limit is {most}.", bytes=size, most=most)
    decoded = decode(io.BytesIO(data))
    text = decoded.text.read()
    if not text.strip():
        raise UnreadableFile("The file is empty.")
    try:
        parsed = from_json(text) if text.lstrip()[0] in "{[" else from_csv(text)
    except UnreadableFile as error:
        if not decoded.notes:
            raise
        raise UnreadableFile("{reason} {note}", reason=error.args[0], note=decoded.notes[0]) from None
    return replace(parsed, notes=decoded.notes)


def from_csv(text: str) -> records.ParsedFile:
    """Read rows separated by commas, semicolons or tabs; the first row names the columns, in any order."""
    table = open_table(io.StringIO(text, newline=""), required=(*_REQUIRED_FIELDS, *records.RENDITION_COLUMNS))
    names = table.header.names
    rows = [row for batch in table.batches() for row in zip(batch.numbers, batch.rows, strict=True)]
    if len(rows) >= MAX_ROWS:
        count, most = format(len(rows) + 1, ","), format(MAX_ROWS, ",")
        raise UnreadableFile("The file has {rows} rows. The limit is {most}.", rows=count, most=most)
    groups, rejected = _group_rows(names, rows)
    revisions = []
    for group in groups:
        fields: dict[str, Any] = {**group.fields, "sources": group.fields["sources"].splitlines()}
        fields["revision"] = parse_whole_number(group.fields["revision"]) or 0  # no revision has that number
        texts = [] if len(group.texts) == 1 and not any(group.texts[0][1:]) else group.texts
        revision, errors = validate_revision(fields, texts, group.where)
        rejected += errors
        if revision:
            revisions.append(revision)
    ignored = tuple(name for name in names if name and name not in records.COLUMNS)
    rejected.sort(key=lambda row: int(row.where.rpartition(" ")[2]))
    return records.ParsedFile(tuple(revisions), tuple(rejected), ignored)


def _group_rows(
    names: Sequence[str], rows: Sequence[tuple[int, list[str]]]
) -> tuple[list[_RowGroup], list[records.RejectedRow]]:
    """Collect the rows of each revision, and reject rows that cannot belong to it."""
    groups: dict[tuple[str, str], _RowGroup] = {}
    rejected: list[records.RejectedRow] = []
    for number, cells in rows:
        where = Translatable("row {number}", number=number)
        row = dict(zip(names, map(unescape_formulas, cells), strict=True))
        fields = {name: row.get(name, "") for name in records.REVISION_COLUMNS}
        fields["revision"] = fields["revision"].strip() or "1"
        group = groups.setdefault((fields["message"].strip(), fields["revision"]), _RowGroup(where, fields))
        if differing := [name for name in records.REVISION_COLUMNS if group.fields[name] != fields[name]]:
            reason = Translatable(
                "It belongs to the same version as {where}, but differs in {names}.",
                where=group.where,
                names=", ".join(differing),
            )
            rejected.append(records.RejectedRow(where, reason))
            continue
        group.texts.append(TextRow(where, row["locale"], row["headline"], row["body"]))
    return list(groups.values()), rejected


def from_json(text: str) -> records.ParsedFile:
    """Read what `writer.to_json` writes; unknown fields are ignored."""
    entries = _read_entries(text)
    revisions, rejected, ignored = [], [], set[str]()
    seen: dict[tuple[str, int], str] = {}
    for number, entry in enumerate(entries, start=1):
        where = Translatable("entry {number}", number=number)
        if problem := _shape_problem(entry):
            rejected.append(records.RejectedRow(where, problem))
            continue
        ignored |= set(entry) - set(records.COLUMNS) - {"words"}
        texts = [
            TextRow(where, locale, words.get("headline", ""), words.get("body", ""))
            for locale, words in entry["words"].items()
        ]
        revision, errors = validate_revision(entry, texts, where)
        rejected += errors
        if revision:
            first = seen.setdefault((revision.message, revision.revision), where)
            if first != where:
                reason = Translatable("The same version of this message is also in {where}.", where=first)
                rejected.append(records.RejectedRow(where, reason))
            revisions.append(revision)
    return records.ParsedFile(tuple(revisions), tuple(rejected), tuple(sorted(ignored)))


def _read_entries(text: str) -> list[Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        if isinstance(error, json.JSONDecodeError):
            raise UnreadableFile("The file is not valid JSON (line {number}).", number=error.lineno) from None
        raise UnreadableFile("The file is not valid JSON (nested too deeply, or a number is too long).") from None
    if (
        not isinstance(content, dict)
        or content.get("format") != records.FORMAT
        or not isinstance(content.get("messages"), list)
    ):
        raise UnreadableFile(
            "This JSON contains no messages: “format” must be “{format}”, and “messages” a list.", format=records.FORMAT
        )
    if content.get("version") != records.VERSION:
        found = repr(content.get("version"))
        raise UnreadableFile(
            "This file has format version {found}. Only version {version} can be read here.",
            found=found,
            version=records.VERSION,
        )
    entries: list[Any] = content["messages"]
    if len(entries) > MAX_ROWS:
        count, most = format(len(entries), ","), format(MAX_ROWS, ",")
        raise UnreadableFile("The file has {entries} entries. The limit is {most}.", entries=count, most=most)
    return entries


def _shape_problem(entry: object) -> str:
    """The reason why an entry has the wrong structure; empty if it is right."""
    if not isinstance(entry, dict):
        return Translatable("It is not an object.")
    if missing := [name for name in (*_REQUIRED_FIELDS, "words") if name not in entry]:
        return Translatable("{names} is missing.", names=", ".join(missing))
    for name in records.COLUMNS:
        if name in ("revision", "sources", "locale", "headline", "body") or name not in entry:
            continue
        if not isinstance(entry[name], str):
            return Translatable("“{name}” is not text.", name=name)
    sources, words = entry.get("sources", []), entry["words"]
    if not isinstance(sources, list) or not all(isinstance(source, str) for source in sources):
        return Translatable("“sources” is not a list of texts.")
    if not isinstance(entry.get("revision", 1), int) or isinstance(entry.get("revision"), bool):
        return Translatable("“revision” is not a number.")
    if not isinstance(words, dict) or not all(
        isinstance(w, dict) and all(isinstance(w.get(name, ""), str) for name in ("headline", "body"))
        for w in words.values()
    ):
        return Translatable("“words” must contain a headline and a body for each language.")
    return ""
