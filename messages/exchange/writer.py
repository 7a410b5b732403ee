"""Write revisions of messages as CSV or JSON."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from messages.exchange.records import COLUMNS, FORMAT, REVISION_COLUMNS, VERSION, RenditionRecord, RevisionRecord
from messages.text.spreadsheet import write_csv

_NO_TEXT = RenditionRecord("", "", "")


def to_csv(revisions: Iterable[RevisionRecord]) -> bytes:
    """A row for each rendition; a revision without renditions has one row without text."""
    rows = (
        {**_common_fields(revision), "sources": "\n".join(revision.sources), **asdict(rendition)}
        for revision in revisions
        for rendition in revision.renditions or (_NO_TEXT,)
    )
    return write_csv(COLUMNS, rows)


def to_json(revisions: Iterable[RevisionRecord]) -> bytes:
    """One object with an entry for each revision."""
    entries = []
    for revision in revisions:
        words = {text.locale: {"headline": text.headline, "body": text.body} for text in revision.renditions}
        entries.append({**_common_fields(revision), "words": words})
    content = {"format": FORMAT, "version": VERSION, "messages": entries}
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def _common_fields(revision: RevisionRecord) -> dict[str, Any]:
    return {name: getattr(revision, name) for name in REVISION_COLUMNS}


WRITERS: Mapping[str, Callable[[Iterable[RevisionRecord]], bytes]] = {"csv": to_csv, "json": to_json}
