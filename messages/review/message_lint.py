"""Lint the text of stored messages, with this installation's word lists and forbidden names."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from django.conf import settings

from messages.models import Rendition, Revision
from messages.text import comparability, lint
from messages.text.comparability import ComparedText
from messages.text.lint import EMBED_LIMITS, LintText, Remark, TextLimits


def lint_revision(revision: Revision) -> dict[str, tuple[Remark, ...]]:
    """Remarks on each rendition of a revision, by locale."""
    return {rendition.locale: lint_rendition(rendition) for rendition in revision.renditions.all()}


def lint_rendition(rendition: Rendition) -> tuple[Remark, ...]:
    """Remarks on one rendition, within the limits of the smallest surface."""
    return _lint(lint_text_of(rendition.revision, rendition), tuple(settings.NEVER_NAME))


def lint_unsaved_text(text: LintText, limits: TextLimits) -> tuple[Remark, ...]:
    """Remarks on a text that is being written."""
    never_name = tuple(settings.NEVER_NAME)
    return lint.check_text(text, limits=limits, word_lists=lint.default_word_lists(), never_name=never_name)


def lint_arm_revisions(revisions: Mapping[str, Revision]) -> dict[str, tuple[Remark, ...]]:
    """In what named arms differ beside their appeal, for each locale that all of them have."""
    by_locale = {
        name: {rendition.locale: lint_text_of(revision, rendition) for rendition in revision.renditions.all()}
        for name, revision in revisions.items()
    }
    shared = set.intersection(*map(set, by_locale.values())) if by_locale else set()
    remarks = {
        locale: comparability.check_arms(
            [ComparedText(name, texts[locale], revisions[name].message.frame) for name, texts in by_locale.items()]
        )
        for locale in sorted(shared)
    }
    return {locale: of_locale for locale, of_locale in remarks.items() if of_locale}


def blocking_errors(rendition: Rendition) -> dict[str, str]:
    """What blocks review, as one message per API field: {"renditions.en.body": "..."}."""
    fields: dict[str, list[str]] = {}
    for remark in blocking_remarks(lint_rendition(rendition)):
        field = "sources" if remark.where == "claim" else f"renditions.{rendition.locale}.{remark.where}"
        fields.setdefault(field, []).append(remark.sentence)
    return {field: " ".join(dict.fromkeys(sentences)) for field, sentences in fields.items()}


def blocking_remarks(remarks: Iterable[Remark]) -> list[Remark]:
    """The remarks that block review."""
    return [remark for remark in remarks if remark.severity == lint.MUST]


def lint_text_of(revision: Revision, rendition: Rendition) -> LintText:
    """The lint's input for one rendition."""
    return LintText(
        headline=rendition.headline,
        body=rendition.body,
        locale=rendition.locale,
        claim_strength=revision.claim_strength,
        sources=tuple(map(str, revision.sources)),
    )


@lru_cache(maxsize=4096)  # approved text never changes, and a library page may list thousands
def _lint(text: LintText, never_name: tuple[str, ...]) -> tuple[Remark, ...]:
    return lint.check_text(text, limits=EMBED_LIMITS, word_lists=lint.default_word_lists(), never_name=never_name)
