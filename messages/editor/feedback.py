"""What stands beside the words while they are written: a reviewer's remarks, their length and how hard they read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Case, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messages.editor.save import Claims
from messages.help_links import directory
from messages.models import Frame, Message, Rendition, Revision
from messages.review import message_lint
from messages.text import lint
from messages.text.lint import EMBED_LIMITS, HOSTED_PAGE_LIMITS, ArmText, LintText, Remark, TextLimits
from messages.text.readability import Readability, measure_readability, split_words

LIMITS_BY_SURFACE: dict[str, TextLimits] = {"page": HOSTED_PAGE_LIMITS, "embed": EMBED_LIMITS}
_BESIDE_MOST = 100


@dataclass(frozen=True, slots=True)
class EditorFeedback:
    """All that is said of the words as they stand."""

    musts: tuple[Remark, ...]
    shoulds: tuple[Remark, ...]
    arms: tuple[Remark, ...]
    help: tuple[Remark, ...]
    word_count: int
    word_limit: int
    headline_length: int
    headline_limit: int
    readability: Readability | None

    @property
    def has_no_remarks(self) -> bool:
        return not (self.musts or self.shoulds or self.arms)


def build_feedback(typed: Mapping[str, str], locale: str, claims: Claims, *, surface: str) -> EditorFeedback:
    """`typed` is the form as it was sent, finished or not."""
    form = LIMITS_BY_SURFACE.get(surface, HOSTED_PAGE_LIMITS)
    words = LintText(typed.get("headline", ""), typed.get("body", ""), locale, claims.strength, claims.sources)
    remarks = message_lint.lint_unsaved_text(words, form)
    musts = message_lint.blocking_remarks(remarks)
    return EditorFeedback(
        musts=tuple(musts),
        shoulds=tuple(remark for remark in remarks if remark not in musts),
        arms=_beside(words, typed.get("beside", "")),
        help=directory.lint_help_directory(timezone.localdate()),
        word_count=len(split_words(words.text)),
        word_limit=form.word_limit,
        headline_length=len(words.headline),
        headline_limit=form.headline_limit,
        readability=measure_readability(words.text, words.language),
    )


def comparison_candidates(locale: str, *, exclude: Message | None = None) -> list[Message]:
    """Messages that these words may be compared with in a trial: the control first."""
    written = Rendition.objects.filter(locale=locale).values("revision__message")
    messages = Message.objects.filter(pk__in=written).select_related("theme")
    if exclude:
        messages = messages.exclude(pk=exclude.pk)
    return list(messages.order_by(Case(When(frame=Frame.NEUTRAL, then=0), default=1), "theme__name")[:_BESIDE_MOST])


def _beside(words: LintText, key: str) -> tuple[Remark, ...]:
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
    return lint.check_arms(
        [ArmText(str(_("This text")), words), ArmText(name, message_lint.lint_text_of(other.revision, other))]
    )
