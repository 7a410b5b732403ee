"""Words become a revision: in place while they are their author's own draft, as a new revision in every other case.

Who saves says what they saw when they began. If somebody saved other words in between, nothing is written, and
`Overtaken` holds what is there now, so that a person can compare.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Literal

from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.text import slugify

from messages.audit import log
from messages.models import Message, Rendition, Revision, Theme

SaveTarget = Literal["here", "beside", "new"]
_KEY_LENGTH = 44  # of 50: a number may follow
_NOT_A_KEY = {"new", "export", "import"}  # these are pages beside the messages


@dataclass(frozen=True, slots=True)
class Claims:
    """What a revision rests on, the same in each of its languages."""

    strength: str
    sources: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class EditedText:
    """The words of one language, and what they rest on."""

    headline: str
    body: str
    claims: Claims

    @property
    def digest(self) -> str:
        parts = [self.headline, self.body, self.claims.strength, *self.claims.sources, self.claims.note]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class EditBaseline:
    """What a writer saw when they began: the revision, its words' digest ("" for none), and the newest revision."""

    base: int
    digest: str
    newest: int
    force_new_revision: bool = False  # save as a new revision, whatever the place


@dataclass(frozen=True, slots=True)
class SaveResult:
    """Where the words stand now; `place` is None if they were there already."""

    revision: Revision
    target: SaveTarget | None


class EditConflict(Exception):
    """Somebody saved other words meanwhile; nothing was written."""

    def __init__(self, theirs: Revision) -> None:
        super().__init__(f"{theirs} was saved meanwhile.")
        self.current_revision = theirs


def text_in(revision: Revision, locale: str) -> EditedText | None:
    """The words of a revision in one language, if it has them."""
    rendition = revision.renditions.filter(locale=locale).first()
    return EditedText(rendition.headline, rendition.body, claims_of(revision)) if rendition else None


def claims_of(revision: Revision) -> Claims:
    """What a revision says that it rests on."""
    return Claims(revision.claim_strength, tuple(map(str, revision.sources)), revision.note)


def original_of(revision: Revision) -> Rendition | None:
    """The words that the other languages are translated from: those that came first."""
    return revision.renditions.order_by("pk").first()


def current_baseline(revision: Revision, locale: str) -> EditBaseline:
    """What somebody sees who opens these words now."""
    writing = text_in(revision, locale)
    return EditBaseline(revision.number, writing.digest if writing else "", _newest(revision.message))


def save_target(base: Revision, locale: str, writing: EditedText, *, by: AbstractUser) -> SaveTarget:
    """Where changed words go. What others wrote, and what was submitted or decided about, stays as it is."""
    rendition = base.renditions.filter(locale=locale).first()
    same_claims = writing.claims == claims_of(base)
    if rendition is None:
        return "beside" if same_claims and base.state != Revision.State.WITHDRAWN else "new"
    if rendition.state != Revision.State.DRAFT or _writer_of(rendition) != by.pk:
        return "new"
    return "here" if same_claims or _claims_are_own_draft(base, by) else "new"


@transaction.atomic
def save(message: Message, locale: str, writing: EditedText, *, baseline: EditBaseline, by: AbstractUser) -> SaveResult:
    """Write the words down, or raise `Overtaken` and write nothing."""
    Message.objects.select_for_update(no_key=True).get(pk=message.pk)  # one at a time
    base = _locked(message).get(number=baseline.base)
    there = text_in(base, locale)
    if (there.digest if there else "") != baseline.digest:
        raise EditConflict(base)
    if writing == there and not baseline.force_new_revision:
        return SaveResult(base, None)
    place: SaveTarget = "new" if baseline.force_new_revision else save_target(base, locale, writing, by=by)
    if place == "new" and _newest(message) > baseline.newest:
        base = _newer_with_the_same_words(message, locale, baseline)
        place = "new" if baseline.force_new_revision else save_target(base, locale, writing, by=by)
    if place == "here":
        _change(base, locale, writing)
        return SaveResult(base, "here")
    if place == "beside":
        _add(base, locale, writing, by=by)
        _record(log.Action.WORDS_TRANSLATE, base, locale, by=by)
        return SaveResult(base, "beside")
    return SaveResult(_new_revision(message, base, locale, writing, by=by), "new")


@transaction.atomic
def create(theme: Theme, frame: str, locale: str, writing: EditedText, *, by: AbstractUser) -> Revision:
    """A new message with its first revision."""
    key = _free_key(slugify(writing.headline)[:_KEY_LENGTH].strip("-") or theme.key[:_KEY_LENGTH])
    message = Message.objects.create(key=key, theme=theme, frame=frame)
    return _new_revision(message, None, locale, writing, by=by)


def get_or_create_theme(name: str, frame: str) -> Theme:
    """A theme that staff add; the same name is the same theme."""
    key = slugify(name)[:50] or hashlib.sha256(name.encode()).hexdigest()[:12]
    return Theme.objects.get_or_create(key=key, defaults={"name": name, "frame": frame, "line": ""})[0]


def _locked(message: Message) -> QuerySet[Revision]:
    """A review that is under way ends first, and its outcome is seen."""
    return message.revisions.select_for_update(no_key=True)


def _writer_of(rendition: Rendition) -> int | None:
    """Words from before there were authors of languages are by the author of their revision."""
    return rendition.author_id or rendition.revision.author_id


def _claims_are_own_draft(revision: Revision, by: AbstractUser) -> bool:
    """Claims are part of what is approved in each language."""
    return revision.author_id == by.pk and not revision.renditions.exclude(state=Revision.State.DRAFT).exists()


def _newest(message: Message) -> int:
    newest: int | None = message.revisions.aggregate(newest=Max("number"))["newest"]
    return newest or 0


def _newer_with_the_same_words(message: Message, locale: str, seen: EditBaseline) -> Revision:
    """Go on from a newer revision if it changed other languages only; its words in this one would be lost else."""
    newer = _locked(message).filter(number__gt=seen.newest).order_by("-number")[0]
    there = text_in(newer, locale)
    if (there.digest if there else "") != seen.digest:
        raise EditConflict(newer)
    return newer


def _change(revision: Revision, locale: str, writing: EditedText) -> None:
    revision.renditions.filter(locale=locale).update(headline=writing.headline, body=writing.body)
    _set_claims(revision, writing.claims)
    revision.save(update_fields=["claim_strength", "sources", "note"])


def _new_revision(
    message: Message, base: Revision | None, locale: str, writing: EditedText, *, by: AbstractUser
) -> Revision:
    """The other languages come along as they are, under the name of whoever wrote them."""
    revision = Revision(message=message, number=_newest(message) + 1, author_id=by.pk)
    _set_claims(revision, writing.claims)
    revision.save()
    rows = list(base.renditions.order_by("pk")) if base else []
    for row in rows:
        if row.locale == locale:
            _add(revision, locale, writing, by=by)
        else:
            Rendition.objects.create(
                revision=revision, locale=row.locale, headline=row.headline, body=row.body, author_id=_writer_of(row)
            )
    if locale not in {row.locale for row in rows}:
        _add(revision, locale, writing, by=by)
    _record(log.Action.WORDS_WRITE, revision, locale, by=by)
    return revision


def _add(revision: Revision, locale: str, writing: EditedText, *, by: AbstractUser) -> None:
    Rendition.objects.create(
        revision=revision, locale=locale, headline=writing.headline, body=writing.body, author_id=by.pk
    )


def _set_claims(revision: Revision, claims: Claims) -> None:
    revision.claim_strength = claims.strength
    revision.sources = list(claims.sources)
    revision.note = claims.note


def _free_key(wanted: str) -> str:
    taken = set(Message.objects.filter(key__startswith=wanted).values_list("key", flat=True)) | _NOT_A_KEY
    if wanted not in taken:
        return wanted
    return next(key for number in range(2, len(taken) + 3) if (key := f"{wanted}-{number}") not in taken)


def _record(action: log.Action, revision: Revision, locale: str, *, by: AbstractUser) -> None:
    message = revision.message
    log.record(
        action,
        by=by,
        kind=log.ObjectKind.MESSAGE,
        ref=message.key,
        label=message.theme.name,
        revision=revision.number,
        locale=locale,
        words=revision.renditions.get(locale=locale).words_digest(),
    )
