"""Validate the revisions of an exchange file against the limits of the models."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.db.models import Field, Model

from messages.exchange import records
from messages.i18n.languages import code_of
from messages.models import ClaimStrength, Frame, Message, Rendition, Revision, Theme
from messages.text.slugs import RESERVED_MESSAGE_KEYS
from messages.text.translatable import Translatable

MAX_REVISION_NUMBER = 32_767  # of a PositiveSmallIntegerField
MAX_SOURCES, MAX_SOURCE_LENGTH = 30, 1_000


def max_length(model: type[Model], field: str) -> int:
    """The most characters that a field of a model takes."""
    model_field = model._meta.get_field(field)
    assert isinstance(model_field, Field)
    assert model_field.max_length is not None
    return model_field.max_length


MAX_LENGTHS = {
    "message": max_length(Message, "key"),
    "theme": max_length(Theme, "key"),
    "matched_set": max_length(Message, "matched_set"),
    "theme_name": max_length(Theme, "name"),
    "theme_line": max_length(Theme, "line"),
    "note": max_length(Revision, "note"),
    "locale": max_length(Rendition, "locale"),
    "headline": max_length(Rendition, "headline"),
    "body": max_length(Rendition, "body"),
}
_KEY = re.compile(r"[-a-zA-Z0-9_]+")
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class TextRow(NamedTuple):
    """The text of a revision in one language, and the row or entry of the file."""

    where: str
    locale: str
    headline: str
    body: str


def validate_revision(
    fields: Mapping[str, Any], texts: Sequence[TextRow], where: str
) -> tuple[records.RevisionRecord | None, list[records.RejectedRow]]:
    """The revision, or the reasons why it cannot be imported."""
    values = {name: fields[name] for name in records.REVISION_COLUMNS if name in fields}
    values |= {name: fields[name].strip() for name in ("message", "theme", "frame", "claim_strength")}
    values["matched_set"] = fields.get("matched_set", "").strip()
    values["sources"] = tuple(filter(None, map(records.collapse_whitespace, fields.get("sources", ()))))
    texts = [text._replace(locale=code_of(text.locale) or text.locale) for text in texts]
    revision = records.RevisionRecord(
        **values,
        renditions=tuple(records.RenditionRecord(text.locale, text.headline, text.body) for text in texts),
        where=where,
    )
    rejected = [records.RejectedRow(where, reason) for reason in _revision_errors(revision)]
    seen: set[str] = set()
    for text in texts:
        rejected += [records.RejectedRow(text.where, reason) for reason in _text_errors(text)]
        if text.locale in seen:
            reason = Translatable("This version already has a text in “{locale}”.", locale=text.locale)
            rejected.append(records.RejectedRow(text.where, reason))
        seen.add(text.locale)
    return (None if rejected else revision), rejected


def _revision_errors(revision: records.RevisionRecord) -> Iterator[str]:
    for name in ("message", "theme", *(["matched_set"] if revision.matched_set else [])):
        if not _KEY.fullmatch(getattr(revision, name)):
            yield Translatable(
                "“{name}” must be a key of letters, digits, hyphens and underscores, such as their-good-name.",
                name=name,
            )
    if revision.message in RESERVED_MESSAGE_KEYS:
        yield Translatable("“{key}” is the address of another page. Choose another key.", key=revision.message)
    for name in ("message", "theme", "matched_set", "theme_name", "theme_line", "note"):
        yield from _field_errors(name, getattr(revision, name), MAX_LENGTHS[name])
    if revision.frame not in Frame.values:
        yield Translatable("“{name}” must be one of {names}.", name="frame", names=", ".join(Frame.values))
    if revision.claim_strength not in ClaimStrength.values:
        yield Translatable(
            "“{name}” must be one of {names}.", name="claim_strength", names=", ".join(ClaimStrength.values)
        )
    if not 1 <= revision.revision <= MAX_REVISION_NUMBER:
        yield Translatable("“revision” must be a number from 1 to {most}.", most=format(MAX_REVISION_NUMBER, ","))
    if len(revision.sources) > MAX_SOURCES:
        yield Translatable(
            "It has {count} sources. The limit is {most}.", count=len(revision.sources), most=MAX_SOURCES
        )
    for source in revision.sources:
        yield from _field_errors("sources", source, MAX_SOURCE_LENGTH)


def _text_errors(text: TextRow) -> Iterator[str]:
    if code_of(text.locale) is None:
        yield Translatable("“locale” must be the code of a language, such as en, es or pt-BR.")
    yield from _field_errors("headline", text.headline, MAX_LENGTHS["headline"])
    yield from _field_errors("body", text.body, MAX_LENGTHS["body"])


def _field_errors(name: str, text: str, limit: int) -> Iterator[str]:
    if len(text) > limit:
        yield Translatable(
            "“{name}” has {count} characters. The limit is {most}.",
            name=name,
            count=format(len(text), ","),
            most=format(limit, ","),
        )
    if _CONTROL_CHARACTERS.search(text):
        yield Translatable("“{name}” contains a character that cannot be shown.", name=name)
