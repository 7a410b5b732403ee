"""Export messages, and import them as drafts, whatever their state was."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from messages.audit import log
from messages.exchange.records import ParsedFile, RejectedRow, RenditionRecord, RevisionRecord, collapse_whitespace
from messages.models import Message, Rendition, Revision, Theme
from messages.review.authorship import record_writing
from messages.text.rendering import normalize_line_endings
from messages.text.translatable import Translatable


class ImportRefused(Exception):
    """Nothing was imported; the message says why, for staff."""


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would do. A plan with rejected rows cannot be applied."""

    themes: tuple[str, ...]
    messages: tuple[str, ...]
    revisions: tuple[RevisionRecord, ...]  # to be added, with the numbers they will get
    unchanged: tuple[RevisionRecord, ...]
    rejected_rows: tuple[RejectedRow, ...]
    ignored: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def can_apply(self) -> bool:
        return bool(self.revisions) and not self.rejected_rows

    @property
    def digest(self) -> str:
        """Identifies what the import would do, so that only the plan that was shown is applied."""
        content = repr((self.themes, self.messages, self.revisions, len(self.unchanged), self.rejected_rows))
        return hashlib.sha256(content.encode()).hexdigest()

    @property
    def revisions_of_new_messages(self) -> tuple[RevisionRecord, ...]:
        return tuple(revision for revision in self.revisions if revision.message in self.messages)

    @property
    def revisions_of_existing_messages(self) -> tuple[RevisionRecord, ...]:
        return tuple(revision for revision in self.revisions if revision.message not in self.messages)


def filter_revisions(*, frame: str = "", state: str = "", locale: str = "") -> QuerySet[Revision]:
    """All revisions, or those with a frame, a state or a language."""
    revisions = Revision.objects.select_related("message__theme").prefetch_related("renditions")
    revisions = revisions.order_by("message__theme__number", "message__key", "number")
    if frame:
        revisions = revisions.filter(message__frame=frame)
    if state:
        revisions = revisions.filter(state=state)
    if locale:
        revisions = revisions.filter(renditions__locale=locale)
    return revisions


def export_revisions(revisions: QuerySet[Revision]) -> Iterator[RevisionRecord]:
    """Each revision as a record of an exchange file, with its text in every language."""
    for revision in revisions:
        message, theme = revision.message, revision.message.theme
        yield RevisionRecord(
            message=message.key,
            revision=revision.number,
            theme=theme.key,
            frame=message.frame,
            matched_set=message.matched_set,
            claim_strength=revision.claim_strength,
            sources=tuple(line for source in revision.sources if (line := collapse_whitespace(str(source)))),
            note=revision.note,
            theme_name=theme.name,
            theme_line=theme.line,
            state=revision.state,
            renditions=tuple(RenditionRecord(r.locale, r.headline, r.body) for r in revision.renditions.all()),
        )


def plan_import(parsed: ParsedFile) -> ImportPlan:
    """Compare the file with the stored messages, and plan what to add."""
    keys = {record.message for record in parsed.revisions}
    messages = {message.key: message for message in Message.objects.select_related("theme").filter(key__in=keys)}
    stored = _stored_revisions(messages)
    themes = set(Theme.objects.values_list("key", flat=True))
    new_themes: dict[str, None] = {}
    first: dict[str, RevisionRecord] = {}
    of_sets = _messages_of_sets(parsed)
    added, unchanged, rejected = [], [], list(parsed.rejected_rows)
    for record in parsed.revisions:
        mismatch = _mismatch(record, messages.get(record.message), first.setdefault(record.message, record))
        if reason := mismatch or _set_conflict(record, of_sets):
            rejected.append(RejectedRow(record.where, reason))
        elif record.message in messages:
            if _content_of(record) in stored[record.message].contents:
                unchanged.append(record)
            else:
                stored[record.message].last_number += 1
                added.append(replace(record, revision=stored[record.message].last_number))
        elif record.theme not in themes and not (record.theme_name.strip() and record.theme_line.strip()):
            reason = Translatable(
                "There is no theme “{theme}” here. To add it, fill in theme_name and theme_line.", theme=record.theme
            )
            rejected.append(RejectedRow(record.where, reason))
        else:
            if record.theme not in themes:
                new_themes[record.theme] = None
            added.append(record)
    return ImportPlan(
        themes=tuple(new_themes),
        messages=tuple(dict.fromkeys(record.message for record in added if record.message not in messages)),
        revisions=tuple(added),
        unchanged=tuple(unchanged),
        rejected_rows=tuple(rejected),
        ignored=parsed.ignored,
        notes=parsed.notes,
    )


def apply_import(parsed: ParsedFile, *, by: User, name: str, agreed_digest: str | None = None) -> ImportPlan:
    """Add all revisions as drafts by `by`, or none. `agreed_digest` identifies the plan that was shown to them."""
    try:
        with transaction.atomic():
            return _apply(plan_import(parsed), by=by, name=name, agreed_digest=agreed_digest)
    except IntegrityError:
        reason = gettext("Someone else added texts at the same moment. Nothing was imported. Try again.")
        raise ImportRefused(reason) from None


def _apply(plan: ImportPlan, *, by: User, name: str, agreed_digest: str | None) -> ImportPlan:
    if agreed_digest is not None and plan.digest != agreed_digest:
        raise ImportRefused(gettext("Something has changed here. Nothing was imported. Check the file again."))
    if plan.rejected_rows:
        raise ImportRefused(gettext("Some rows have errors, so nothing was imported."))
    if not plan.revisions:
        raise ImportRefused(gettext("There is nothing new in this file."))
    for record in plan.revisions:
        theme, _ = Theme.objects.get_or_create(
            key=record.theme,
            defaults={"name": record.theme_name.strip(), "line": record.theme_line.strip(), "frame": record.frame},
        )
        fields = {"theme": theme, "frame": record.frame, "matched_set": record.matched_set}
        message, _ = Message.objects.get_or_create(key=record.message, defaults=fields)
        revision = Revision.objects.create(
            message=message,
            number=record.revision,
            claim_strength=record.claim_strength,
            sources=list(record.sources),
            note=record.note,
            author=by,
        )
        for text in record.renditions:
            record_writing(Rendition.objects.create(revision=revision, author=by, **asdict(text)), by=by)
    log.record(
        log.Action.WORDS_IMPORT,
        by=by,
        kind=log.ObjectKind.MESSAGE,
        ref="import",
        label=name,
        messages=len(plan.messages),
        revisions=len(plan.revisions),
        plan=plan.digest,
    )
    return plan


@dataclass(slots=True)
class _StoredRevisions:
    """The contents of a message's stored revisions, and their highest number."""

    contents: set[object]
    last_number: int


def _stored_revisions(messages: dict[str, Message]) -> dict[str, _StoredRevisions]:
    stored: dict[str, _StoredRevisions] = defaultdict(lambda: _StoredRevisions(set(), 0))
    for record in export_revisions(filter_revisions().filter(message__in=messages.values())):
        of_message = stored[record.message]
        of_message.contents.add(_content_of(record))
        of_message.last_number = max(of_message.last_number, record.revision)
    return stored


def _content_of(record: RevisionRecord) -> object:
    """What makes two revisions the same: text and claims, regardless of a spreadsheet's line endings."""
    normalize = normalize_line_endings
    texts = frozenset(
        (text.locale.lower(), normalize(text.headline), normalize(text.body)) for text in record.renditions
    )
    return (texts, record.claim_strength, record.sources, normalize(record.note))


def _mismatch(record: RevisionRecord, message: Message | None, first: RevisionRecord) -> str:
    """The reason why a record contradicts the stored message or its first record in the file; empty if it does not."""
    if message is not None and (message.theme.key, message.frame) != (record.theme, record.frame):
        return Translatable(
            "Here, “{message}” has the theme “{theme}” and the appeal “{frame}”.",
            message=message.key,
            theme=message.theme.key,
            frame=message.frame,
        )
    # A file from before there were sets names none.
    if message is not None and record.matched_set and message.matched_set != record.matched_set:
        if not message.matched_set:
            return Translatable("Here, “{message}” does not belong to a matched set.", message=message.key)
        return Translatable(
            "Here, “{message}” belongs to the matched set “{set}”.", message=message.key, set=message.matched_set
        )
    if first.matched_set != record.matched_set:
        return Translatable("Its matched set differs from the one this message has in {where}.", where=first.where)
    if (first.theme, first.frame) != (record.theme, record.frame):
        return Translatable("Its theme or appeal differs from the one this message has in {where}.", where=first.where)
    return ""


def _messages_of_sets(parsed: ParsedFile) -> dict[tuple[str, str], str]:
    """The stored message of each matched set that the file names, by set and frame."""
    sets = {record.matched_set for record in parsed.revisions if record.matched_set}
    stored = Message.objects.filter(matched_set__in=sets).values_list("matched_set", "frame", "key")
    return {(matched_set, frame): key for matched_set, frame, key in stored}


def _set_conflict(record: RevisionRecord, of_sets: dict[tuple[str, str], str]) -> str:
    """The reason why a record cannot belong to its matched set, in which each frame has one message; empty if it can.

    A message that joins a set is added to `of_sets`.
    """
    if not record.matched_set:
        return ""
    other = of_sets.setdefault((record.matched_set, record.frame), record.message)
    if other == record.message:
        return ""
    return Translatable(
        "The matched set “{set}” already has a message with the appeal “{frame}”: “{message}”.",
        set=record.matched_set,
        frame=record.frame,
        message=other,
    )
