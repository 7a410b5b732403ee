"""The starter library: data files under `library/` loaded as approved words. Loading twice changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from messages.models import HelpLink, Message, Rendition, Revision, Theme
from messages.review import workflow

LIBRARY = Path(__file__).parent
_LOCALE = "en"


@dataclass(frozen=True, slots=True)
class LoadCounts:
    """How many rows a load added."""

    themes: int
    messages: int
    revisions: int
    help_links: int


@transaction.atomic
def load(*, now: datetime) -> LoadCounts:
    """Add what is not there yet; words that staff have changed or withdrawn are left alone."""
    themes = _add_themes()
    sources = {source["key"]: _citation(source) for source in _read("sources")}
    messages = revisions = 0
    for entry in _read("messages"):
        message, is_new = Message.objects.get_or_create(
            key=entry["key"], defaults={"theme": Theme.objects.get(key=entry["theme"]), "frame": entry["frame"]}
        )
        messages += is_new
        for number, words in enumerate(entry["revisions"], start=1):
            if not message.revisions.filter(number=number).exists():
                _add_revision(message, number, entry, words, sources, now=now)
                revisions += 1
    return LoadCounts(themes=themes, messages=messages, revisions=revisions, help_links=_add_help_links())


def _read(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((LIBRARY / f"{name}.json").read_text(encoding="utf-8"))
    return rows


def _add_themes() -> int:
    added = 0
    for row in _read("themes"):
        fields = {name: row[name] for name in ("number", "name", "frame", "line")}
        note = row.get("content_note", "")
        added += Theme.objects.get_or_create(key=row["key"], defaults=fields | {"content_note": note})[1]
        # A library that was loaded before there were notes gets them, too.
        Theme.objects.filter(key=row["key"], content_note="").exclude(content_note=note).update(content_note=note)
    return added


def theme_words() -> Iterator[str]:
    """The names and notes of the starter themes, which staff pages show in the reader's language."""
    for row in _read("themes"):
        yield row["name"]
        if row.get("content_note"):
            yield row["content_note"]


def _add_help_links() -> int:
    added = 0
    for row in _read("helplinks"):
        added += HelpLink.objects.get_or_create(key=row["key"], defaults={k: v for k, v in row.items() if k != "key"})[
            1
        ]
    return added


def _add_revision(
    message: Message,
    number: int,
    entry: dict[str, Any],
    words: dict[str, Any],
    sources: dict[str, str],
    *,
    now: datetime,
) -> None:
    revision = Revision.objects.create(
        message=message,
        number=number,
        claim_strength=entry["claim_strength"],
        sources=[sources[key] for key in entry["sources"]],
        note=entry["note"],
    )
    rendition = Rendition.objects.create(
        revision=revision, locale=_LOCALE, headline=words["headline"], body="\n\n".join(words["body"])
    )
    workflow.submit(rendition, now=now)
    workflow.approve(rendition, by=None, now=now, comment="Starter library")


def _citation(source: dict[str, Any]) -> str:
    return ". ".join(str(source[part]) for part in ("authors", "year", "title", "where") if source.get(part))
