"""Save edited text: in place while it is the author's own draft, otherwise as a new revision.

The editor sends what the writer saw when they began. If somebody else saved in between, nothing is written, and
`EditConflict` holds the current revision, so that the writer can compare.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Literal

from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.text import slugify

from messages.models import Message, OverwrittenWords, Rendition, Revision, Theme
from messages.review.authorship import record_writing
from messages.text.slugs import RESERVED_MESSAGE_KEYS, unused_key

SaveTarget = Literal["here", "beside", "new"]
_MAX_STEM_LENGTH = 44  # of 50, because a number may follow


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of a revision, which are the same in all its languages."""

    strength: str
    sources: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class EditedText:
    """The text of one language, and the claims of its revision."""

    headline: str
    body: str
    claims: Claims

    @property
    def digest(self) -> str:
        parts = [self.headline, self.body, self.claims.strength, *self.claims.sources, self.claims.note]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class EditBaseline:
    """What a writer saw when they began: the revision, the digest of its text ("" for none), and the newest number."""

    base: int
    digest: str
    newest: int
    force_new_revision: bool = False  # even where the text could be saved in place


@dataclass(frozen=True, slots=True)
class SaveResult:
    """Where the text was saved; `target` is None if it was unchanged."""

    revision: Revision
    target: SaveTarget | None


class EditConflict(Exception):
    """Somebody else saved meanwhile; nothing was written."""

    def __init__(self, current_revision: Revision) -> None:
        super().__init__(f"{current_revision} was saved meanwhile.")
        self.current_revision = current_revision


def text_in(revision: Revision, locale: str) -> EditedText | None:
    """The text of a revision in one language; None if it has none."""
    rendition = revision.renditions.filter(locale=locale).first()
    return EditedText(rendition.headline, rendition.body, claims_of(revision)) if rendition else None


def claims_of(revision: Revision) -> Claims:
    """The claims of a revision."""
    return Claims(revision.claim_strength, tuple(map(str, revision.sources)), revision.note)


def original_of(revision: Revision) -> Rendition | None:
    """The rendition that was written first, from which the others are translated."""
    return revision.renditions.order_by("pk").first()


def current_baseline(revision: Revision, locale: str) -> EditBaseline:
    """The baseline of a writer who opens the editor now."""
    text = text_in(revision, locale)
    return EditBaseline(revision.number, text.digest if text else "", _newest_number(revision.message))


def save_target(base: Revision, locale: str, text: EditedText, *, by: AbstractUser) -> SaveTarget:
    """Where to save: the text of others, and text that was submitted or reviewed, is never overwritten."""
    rendition = base.renditions.filter(locale=locale).first()
    same_claims = text.claims == claims_of(base)
    if rendition is None:
        return "beside" if same_claims and base.state != Revision.State.WITHDRAWN else "new"
    if rendition.state != Revision.State.DRAFT or _writer_of(rendition) != by.pk:
        return "new"
    return "here" if same_claims or _claims_are_own_draft(base, by) else "new"


@transaction.atomic
def save(message: Message, locale: str, text: EditedText, *, baseline: EditBaseline, by: AbstractUser) -> SaveResult:
    """Save the text, or raise EditConflict and write nothing."""
    Message.objects.select_for_update(no_key=True).get(pk=message.pk)  # saves of one message take turns
    base = _lock_revisions(message).get(number=baseline.base)
    current = text_in(base, locale)
    if (current.digest if current else "") != baseline.digest:
        raise EditConflict(base)
    if text == current and not baseline.force_new_revision:
        return SaveResult(base, None)
    target: SaveTarget = "new" if baseline.force_new_revision else save_target(base, locale, text, by=by)
    if target == "new" and _newest_number(message) > baseline.newest:
        base = _newest_with_same_text(message, locale, baseline)
        target = "new" if baseline.force_new_revision else save_target(base, locale, text, by=by)
    if target == "here":
        _update_text(base, locale, text, by=by)
        _record(base, locale, by=by)
        return SaveResult(base, "here")
    if target == "beside":
        _add_rendition(base, locale, text, by=by)
        _record(base, locale, by=by)
        return SaveResult(base, "beside")
    return SaveResult(_new_revision(message, base, locale, text, by=by), "new")


@transaction.atomic
def create(theme: Theme, frame: str, locale: str, text: EditedText, *, by: AbstractUser) -> Revision:
    """Create a message with its first revision."""
    key = _unused_key(slugify(text.headline)[:_MAX_STEM_LENGTH].strip("-") or theme.key[:_MAX_STEM_LENGTH])
    message = Message.objects.create(key=key, theme=theme, frame=frame)
    return _new_revision(message, None, locale, text, by=by)


def get_or_create_theme(name: str, frame: str) -> Theme:
    """The theme with this name, created if staff have not used it before."""
    key = slugify(name)[:50] or hashlib.sha256(name.encode()).hexdigest()[:12]
    return Theme.objects.get_or_create(key=key, defaults={"name": name, "frame": frame, "line": ""})[0]


def _lock_revisions(message: Message) -> QuerySet[Revision]:
    """Lock the revisions, so that a review in progress ends first and its outcome is seen."""
    return message.revisions.select_for_update(no_key=True)


def _writer_of(rendition: Rendition) -> int | None:
    """The author; renditions from before authors were stored belong to the author of their revision."""
    return rendition.author_id or rendition.revision.author_id


def _claims_are_own_draft(revision: Revision, by: AbstractUser) -> bool:
    """Whether the claims may change in target: an approval in any language covers them."""
    return revision.author_id == by.pk and not revision.renditions.exclude(state=Revision.State.DRAFT).exists()


def _newest_number(message: Message) -> int:
    newest: int | None = message.revisions.aggregate(newest=Max("number"))["newest"]
    return newest or 0


def _newest_with_same_text(message: Message, locale: str, baseline: EditBaseline) -> Revision:
    """The newest revision, provided that it changed other languages only; raises EditConflict otherwise."""
    newer = _lock_revisions(message).filter(number__gt=baseline.newest).order_by("-number")[0]
    current = text_in(newer, locale)
    if (current.digest if current else "") != baseline.digest:
        raise EditConflict(newer)
    return newer


def _update_text(revision: Revision, locale: str, text: EditedText, *, by: AbstractUser) -> None:
    rendition = revision.renditions.get(locale=locale)
    OverwrittenWords.objects.create(
        revision=revision,
        author_id=by.pk,
        headline=rendition.headline,
        body=rendition.body,
        claim_strength=revision.claim_strength,
        sources=revision.sources,
        newest_revision=Revision.objects.aggregate(newest=Max("pk"))["newest"],
    )
    revision.renditions.filter(pk=rendition.pk).update(headline=text.headline, body=text.body)
    _set_claims(revision, text.claims)
    revision.save(update_fields=["claim_strength", "sources", "note"])


def _new_revision(
    message: Message, base: Revision | None, locale: str, text: EditedText, *, by: AbstractUser
) -> Revision:
    """Add a revision with the new text, and copy the other languages with their authors."""
    revision = Revision(message=message, number=_newest_number(message) + 1, author_id=by.pk)
    _set_claims(revision, text.claims)
    revision.save()
    rows = list(base.renditions.order_by("pk")) if base else []
    for row in rows:
        if row.locale == locale:
            _add_rendition(revision, locale, text, by=by)
        else:
            Rendition.objects.create(
                revision=revision, locale=row.locale, headline=row.headline, body=row.body, author_id=_writer_of(row)
            )
    if locale not in {row.locale for row in rows}:
        _add_rendition(revision, locale, text, by=by)
    _record(revision, locale, by=by)
    if base is not None and _what_is_approved(claims_of(base)) != _what_is_approved(text.claims):
        for other in revision.renditions.exclude(locale=locale).select_related("revision__message__theme"):
            record_writing(other, by=by, took_over=True)
    return revision


def _add_rendition(revision: Revision, locale: str, text: EditedText, *, by: AbstractUser) -> None:
    Rendition.objects.create(revision=revision, locale=locale, headline=text.headline, body=text.body, author_id=by.pk)


def _set_claims(revision: Revision, claims: Claims) -> None:
    revision.claim_strength = claims.strength
    revision.sources = list(claims.sources)
    revision.note = claims.note


def _unused_key(stem: str) -> str:
    taken = set(Message.objects.filter(key__startswith=stem).values_list("key", flat=True))
    return unused_key(stem, taken | RESERVED_MESSAGE_KEYS)


def _what_is_approved(claims: Claims) -> tuple[str, tuple[str, ...]]:
    """The claims without the note for colleagues, which no approval is of."""
    return claims.strength, claims.sources


def _record(revision: Revision, locale: str, *, by: AbstractUser) -> None:
    record_writing(revision.renditions.select_related("revision__message__theme").get(locale=locale), by=by)
