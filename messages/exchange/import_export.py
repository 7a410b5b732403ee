"""Messages taken out of an installation and brought into one. What comes in are drafts, whatever they were before."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from messages.audit import log
from messages.exchange.formats import ParsedFile, RejectedRow, RenditionRecord, RevisionRecord, collapse_whitespace
from messages.models import Message, Rendition, Revision, Theme
from messages.text.translatable import Translatable


class ImportRefused(Exception):
    """Nothing was imported; the message says why, for a person."""


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would do. With a refusal it does nothing at all."""

    themes: tuple[str, ...]
    messages: tuple[str, ...]
    revisions: tuple[RevisionRecord, ...]  # to be added, each with the number that it gets here
    unchanged: tuple[RevisionRecord, ...]
    rejected_rows: tuple[RejectedRow, ...]
    ignored: tuple[str, ...]

    @property
    def can_apply(self) -> bool:
        return bool(self.revisions) and not self.rejected_rows

    @property
    def digest(self) -> str:
        """Differs if the import would do something else: what was shown is what is done."""
        told = repr((self.themes, self.messages, self.revisions, len(self.unchanged), self.rejected_rows))
        return hashlib.sha256(told.encode()).hexdigest()

    @property
    def revisions_of_new_messages(self) -> tuple[RevisionRecord, ...]:
        return tuple(wording for wording in self.revisions if wording.message in self.messages)

    @property
    def revisions_of_existing_messages(self) -> tuple[RevisionRecord, ...]:
        return tuple(wording for wording in self.revisions if wording.message not in self.messages)


def filter_revisions(*, frame: str = "", state: str = "", locale: str = "") -> QuerySet[Revision]:
    """All revisions, or those of a frame, in a state, or that have words in a language."""
    found = (
        Revision.objects.select_related("message__theme")
        .prefetch_related("renditions")
        .order_by("message__theme__number", "message__key", "number")
    )
    if frame:
        found = found.filter(message__frame=frame)
    if state:
        found = found.filter(state=state)
    if locale:
        found = found.filter(renditions__locale=locale)
    return found


def export_revisions(chosen: QuerySet[Revision]) -> Iterator[RevisionRecord]:
    """Each revision as an exchange file holds it, with its words in every language."""
    for revision in chosen:
        message, theme = revision.message, revision.message.theme
        yield RevisionRecord(
            message=message.key,
            revision=revision.number,
            theme=theme.key,
            frame=message.frame,
            claim_strength=revision.claim_strength,
            sources=tuple(line for source in revision.sources if (line := collapse_whitespace(str(source)))),
            note=revision.note,
            theme_name=theme.name,
            theme_line=theme.line,
            state=revision.state,
            renditions=tuple(RenditionRecord(r.locale, r.headline, r.body) for r in revision.renditions.all()),
        )


def plan_import(read: ParsedFile) -> ImportPlan:
    """What bringing these in would do, as things stand now."""
    here = {
        m.key: m for m in Message.objects.select_related("theme").filter(key__in={w.message for w in read.revisions})
    }
    there = _standing(here)
    themes = set(Theme.objects.values_list("key", flat=True))
    new_themes: dict[str, None] = {}
    first: dict[str, RevisionRecord] = {}
    added, unchanged, refusals = [], [], list(read.rejected_rows)
    for wording in read.revisions:
        if reason := _odd(wording, here.get(wording.message), first.setdefault(wording.message, wording)):
            refusals.append(RejectedRow(wording.where, reason))
        elif wording.message in here:
            if _sameness(wording) in there[wording.message].known:
                unchanged.append(wording)
            else:
                there[wording.message].last += 1
                added.append(replace(wording, revision=there[wording.message].last))
        elif wording.theme not in themes and not (wording.theme_name.strip() and wording.theme_line.strip()):
            reason = Translatable(
                "There is no theme “{theme}” here. With theme_name and theme_line it would be added.",
                theme=wording.theme,
            )
            refusals.append(RejectedRow(wording.where, reason))
        else:
            if wording.theme not in themes:
                new_themes[wording.theme] = None
            added.append(wording)
    return ImportPlan(
        themes=tuple(new_themes),
        messages=tuple(dict.fromkeys(w.message for w in added if w.message not in here)),
        revisions=tuple(added),
        unchanged=tuple(unchanged),
        rejected_rows=tuple(refusals),
        ignored=read.ignored,
    )


def apply_import(read: ParsedFile, *, by: User, name: str, agreed_digest: str | None = None) -> ImportPlan:
    """All of it as drafts of this person, or nothing. `shown` is the digest of the plan that they agreed to."""
    try:
        with transaction.atomic():
            return _bring_in(plan_import(read), by=by, name=name, shown=agreed_digest)
    except IntegrityError:
        raise ImportRefused(
            gettext("Someone added words at the same moment. Nothing was imported; please try again.")
        ) from None


def _bring_in(plan: ImportPlan, *, by: User, name: str, shown: str | None) -> ImportPlan:
    if shown is not None and plan.digest != shown:
        raise ImportRefused(gettext("Something here has changed meanwhile. Nothing was imported; please look again."))
    if plan.rejected_rows:
        raise ImportRefused(gettext("Some rows cannot be taken, so nothing was imported."))
    if not plan.revisions:
        raise ImportRefused(gettext("There is nothing new in this file."))
    for wording in plan.revisions:
        theme, _ = Theme.objects.get_or_create(
            key=wording.theme,
            defaults={"name": wording.theme_name.strip(), "line": wording.theme_line.strip(), "frame": wording.frame},
        )
        message, _ = Message.objects.get_or_create(
            key=wording.message, defaults={"theme": theme, "frame": wording.frame}
        )
        revision = Revision.objects.create(
            message=message,
            number=wording.revision,
            claim_strength=wording.claim_strength,
            sources=list(wording.sources),
            note=wording.note,
            author=by,
        )
        for words in wording.renditions:
            Rendition.objects.create(
                revision=revision, locale=words.locale, headline=words.headline, body=words.body, author=by
            )
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
class _Standing:
    """The revisions that a message has here: which words, and the last number."""

    known: set[object]
    last: int


def _standing(here: dict[str, Message]) -> dict[str, _Standing]:
    found: dict[str, _Standing] = defaultdict(lambda: _Standing(set(), 0))
    for wording in export_revisions(filter_revisions().filter(message__in=here.values())):
        standing = found[wording.message]
        standing.known.add(_sameness(wording))
        standing.last = max(standing.last, wording.revision)
    return found


def _sameness(wording: RevisionRecord) -> object:
    """Equal for wordings that say the same and rest on the same; a spreadsheet's own line ends make no difference."""
    words = frozenset((w.locale, _lines(w.headline), _lines(w.body)) for w in wording.renditions)
    return (words, wording.claim_strength, wording.sources, _lines(wording.note))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _odd(wording: RevisionRecord, message: Message | None, first: RevisionRecord) -> str:
    """Why it cannot belong to the message that it names, if so."""
    if message is not None and (message.theme.key, message.frame) != (wording.theme, wording.frame):
        return Translatable(
            "Here “{message}” has the theme “{theme}” and the frame “{frame}”.",
            message=message.key,
            theme=message.theme.key,
            frame=message.frame,
        )
    if (first.theme, first.frame) != (wording.theme, wording.frame):
        return Translatable("It has another theme or frame than this message has in {where}.", where=first.where)
    return ""
