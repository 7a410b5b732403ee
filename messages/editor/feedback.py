"""Live feedback in the editor: remarks of the lint, length and readability."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Case, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messages.editor.save import Claims
from messages.help_links import directory
from messages.models import Frame, Message, Rendition, Revision
from messages.review import message_lint
from messages.text.comparability import ComparedText, check_arms
from messages.text.lint import EMBED_LIMITS, HOSTED_PAGE_LIMITS, LintText, Remark, TextLimits
from messages.text.readability import Readability, measure_readability, split_words
from messages.text.rendering import MAX_CHARACTERS

LIMITS_BY_SURFACE: dict[str, TextLimits] = {"page": HOSTED_PAGE_LIMITS, "embed": EMBED_LIMITS}
_MAX_CANDIDATES = 100


@dataclass(frozen=True, slots=True)
class EditorFeedback:
    """The feedback on a text as it stands."""

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
    """Lint the form as it was sent, finished or not."""
    limits = LIMITS_BY_SURFACE.get(surface, HOSTED_PAGE_LIMITS)
    text = LintText(typed.get("headline", ""), typed.get("body", ""), locale, claims.strength, claims.sources)
    is_read = len(text.text) <= MAX_CHARACTERS
    remarks = message_lint.lint_unsaved_text(text, limits)
    musts = message_lint.blocking_remarks(remarks)
    return EditorFeedback(
        musts=tuple(musts),
        shoulds=tuple(remark for remark in remarks if remark not in musts),
        arms=_compare_with(text, typed.get("beside", "")) if is_read else (),
        help=directory.lint_help_directory(timezone.localdate()),
        word_count=len(split_words(text.text)),
        word_limit=limits.word_limit,
        headline_length=len(text.headline),
        headline_limit=limits.headline_limit,
        readability=measure_readability(text.text, text.language) if is_read else None,
    )


def comparison_candidates(locale: str, *, exclude: Message | None = None) -> list[Message]:
    """Messages in this language that the text may be compared with in a campaign, neutral ones first."""
    in_locale = Rendition.objects.filter(locale=locale).values("revision__message")
    messages = Message.objects.filter(pk__in=in_locale).select_related("theme")
    if exclude:
        messages = messages.exclude(pk=exclude.pk)
    return list(messages.order_by(Case(When(frame=Frame.NEUTRAL, then=0), default=1), "theme__name")[:_MAX_CANDIDATES])


def _compare_with(text: LintText, key: str) -> tuple[Remark, ...]:
    """In what the text differs from the message with this key."""
    if not key or not text.headline.strip() or not text.body.strip():
        return ()
    renditions = Rendition.objects.filter(revision__message__key=key, locale=text.locale)
    renditions = renditions.exclude(revision__state=Revision.State.WITHDRAWN).order_by("-revision__number")
    other = renditions.select_related("revision__message__theme").first()
    if other is None:
        return ()
    name = str(_(other.revision.message.theme.name))
    return check_arms(
        [ComparedText(str(_("This text")), text), ComparedText(name, message_lint.lint_text_of(other.revision, other))]
    )
