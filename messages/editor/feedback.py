"""What stands beside the words while they are written: a reviewer's remarks, their length and how hard they read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Case, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messages.editor.save import Claims
from messages.models import Frame, Message, Rendition, Revision
from messages.text import lint, lint_stored
from messages.text.lint import EMBED, HOSTED_PAGE, ArmWords, Form, Remark, Words
from messages.text.readability import Reading, reading_of, words_of

FORMS: dict[str, Form] = {"page": HOSTED_PAGE, "embed": EMBED}
_BESIDE_MOST = 100


@dataclass(frozen=True, slots=True)
class Said:
    """All that is said of the words as they stand."""

    musts: tuple[Remark, ...]
    shoulds: tuple[Remark, ...]
    arms: tuple[Remark, ...]
    help: tuple[Remark, ...]
    words: int
    words_most: int
    headline: int
    headline_most: int
    reading: Reading | None

    @property
    def nothing(self) -> bool:
        return not (self.musts or self.shoulds or self.arms)


def about(typed: Mapping[str, str], locale: str, claims: Claims, *, place: str) -> Said:
    """`typed` is the form as it was sent, finished or not."""
    form = FORMS.get(place, HOSTED_PAGE)
    words = Words(typed.get("headline", ""), typed.get("body", ""), locale, claims.strength, claims.sources)
    remarks = lint_stored.on_writing(words, form)
    musts = lint_stored.musts(remarks)
    return Said(
        musts=tuple(musts),
        shoulds=tuple(remark for remark in remarks if remark not in musts),
        arms=_beside(words, typed.get("beside", "")),
        help=lint_stored.on_help(timezone.localdate()),
        words=len(words_of(words.text)),
        words_most=form.words,
        headline=len(words.headline),
        headline_most=form.headline_characters,
        reading=reading_of(words.text, words.language),
    )


def neighbours(locale: str, *, but: Message | None = None) -> list[Message]:
    """Messages that these words may be compared with in a trial: the control first."""
    written = Rendition.objects.filter(locale=locale).values("revision__message")
    messages = Message.objects.filter(pk__in=written).select_related("theme")
    if but:
        messages = messages.exclude(pk=but.pk)
    return list(messages.order_by(Case(When(frame=Frame.NEUTRAL, then=0), default=1), "theme__name")[:_BESIDE_MOST])


def _beside(words: Words, key: str) -> tuple[Remark, ...]:
    """Whether the words are about as long and as easy as those they will be compared with."""
    other = (
        Rendition.objects.filter(revision__message__key=key, locale=words.locale)
        .exclude(revision__state=Revision.State.WITHDRAWN)
        .select_related("revision__message__theme")
        .order_by("-revision__number")
        .first()
        if key
        else None
    )
    if other is None or not words.headline.strip() or not words.body.strip():
        return ()
    name = other.revision.message.theme.name
    return lint.about_arms(
        [ArmWords(str(_("This text")), words), ArmWords(name, lint_stored.words_of(other.revision, other))]
    )
