"""Load the starter library from the data files of this folder. Loading it again changes nothing."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Q

from messages.audit import log
from messages.help_links import directory
from messages.library.matched_sets import compose_messages
from messages.models import HelpLink, Message, Rendition, Revision, Theme
from messages.review import workflow

LIBRARY = Path(__file__).parent
_LOCALE = "en"


@dataclass(frozen=True, slots=True)
class LoadCounts:
    """The numbers of rows that were added."""

    themes: int
    messages: int
    revisions: int
    help_links: int


@transaction.atomic
def load(*, now: datetime) -> LoadCounts:
    """Add what is missing: a text whose words have changed becomes a new revision beside those of before.

    A message that staff have changed or withdrawn is left alone, and with it the other texts of its matched set.
    """
    themes = _add_themes()
    sources = {source["key"]: _citation(source) for source in _read("sources")}
    in_staffs_hands = _messages_in_staffs_hands()
    messages = revisions = 0
    for entry in (*_read("messages"), *compose_messages()):
        fields = {"frame": entry["frame"], "matched_set": entry.get("matched_set", "")}
        message, is_new = Message.objects.get_or_create(
            key=entry["key"], defaults={"theme": Theme.objects.get(key=entry["theme"]), **fields}
        )
        messages += is_new
        if message.key in in_staffs_hands or message.matched_set in in_staffs_hands:
            continue
        there = {(r.headline, r.body) for r in Rendition.objects.filter(revision__message=message, locale=_LOCALE)}
        number = max(message.revisions.values_list("number", flat=True), default=0)
        for text in entry["revisions"]:
            if (text["headline"], _body(text)) not in there:
                number += 1
                cited = [sources[key] for key in entry["sources"]]
                _add_revision(message, number, entry, text, cited, now=now)
                revisions += 1
    return LoadCounts(themes=themes, messages=messages, revisions=revisions, help_links=_add_help_links())


def _messages_in_staffs_hands() -> set[str]:
    """The keys of messages that staff have written or withdrawn something of, and of their matched sets."""
    by_staff = Q(author__isnull=False) | Q(state=Revision.State.WITHDRAWN) | Q(revision__author__isnull=False)
    changed = Rendition.objects.filter(by_staff).values_list("revision__message__key", "revision__message__matched_set")
    return {key for keys in changed for key in keys if key}


def _body(text: dict[str, Any]) -> str:
    return "\n\n".join(text["body"])


def _read(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((LIBRARY / f"{name}.json").read_text(encoding="utf-8"))
    return rows


def _add_themes() -> int:
    added = 0
    for row in _read("themes"):
        fields = {name: row[name] for name in ("number", "name", "frame", "line")}
        note = row.get("content_note", "")
        added += Theme.objects.get_or_create(key=row["key"], defaults=fields | {"content_note": note})[1]
        # Libraries that were loaded before content notes existed get them here.
        Theme.objects.filter(key=row["key"], content_note="").exclude(content_note=note).update(content_note=note)
    return added


def theme_words() -> Iterator[str]:
    """The names and content notes of the starter themes, to be translated."""
    for row in _read("themes"):
        yield row["name"]
        if row.get("content_note"):
            yield row["content_note"]


def _add_help_links() -> int:
    added = 0
    for row in _read("helplinks"):
        link, is_new = HelpLink.objects.get_or_create(key=row.pop("key"), defaults=row)
        if is_new:
            directory.record_addition(link, by=log.STARTER_LIBRARY)
            added += 1
    return added


def _add_revision(
    message: Message, number: int, entry: dict[str, Any], text: dict[str, Any], sources: list[str], *, now: datetime
) -> None:
    claim, note = entry["claim_strength"], entry["note"]
    revision = Revision.objects.create(message=message, number=number, claim_strength=claim, sources=sources, note=note)
    rendition = Rendition.objects.create(revision=revision, locale=_LOCALE, headline=text["headline"], body=_body(text))
    workflow.submit(rendition, now=now)
    workflow.approve(rendition, by=None, now=now, comment="Starter library")


def _citation(source: dict[str, Any]) -> str:
    return ". ".join(str(source[part]) for part in ("authors", "year", "title", "where") if source.get(part))
