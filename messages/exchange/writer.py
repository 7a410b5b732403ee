"""Write revisions of messages as CSV or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from messages.exchange.records import COLUMNS, FORMAT, VERSION, RenditionRecord, RevisionRecord
from messages.text.spreadsheet import write_csv

_NO_TEXT = RenditionRecord("", "", "")


def to_csv(revisions: Iterable[RevisionRecord]) -> bytes:
    """A row for each rendition; a revision without renditions has one row without text."""
    rows = (
        {
            **_common_fields(revision),
            "sources": "\n".join(revision.sources),
            "locale": rendition.locale,
            "headline": rendition.headline,
            "body": rendition.body,
        }
        for revision in revisions
        for rendition in revision.renditions or (_NO_TEXT,)
    )
    return write_csv(COLUMNS, rows)


def to_json(revisions: Iterable[RevisionRecord]) -> bytes:
    """One object with an entry for each revision."""
    entries = [
        {
            **_common_fields(revision),
            "words": {r.locale: {"headline": r.headline, "body": r.body} for r in revision.renditions},
        }
        for revision in revisions
    ]
    content = {"format": FORMAT, "version": VERSION, "messages": entries}
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def _common_fields(revision: RevisionRecord) -> dict[str, Any]:
    """The fields that all renditions of a revision share, in the order of the file."""
    return {
        "message": revision.message,
        "revision": revision.revision,
        "state": revision.state,
        "theme": revision.theme,
        "theme_name": revision.theme_name,
        "theme_line": revision.theme_line,
        "frame": revision.frame,
        "claim_strength": revision.claim_strength,
        "sources": list(revision.sources),
        "note": revision.note,
    }


WRITERS: Mapping[str, Callable[[Iterable[RevisionRecord]], bytes]] = {"csv": to_csv, "json": to_json}
