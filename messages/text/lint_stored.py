"""What the lint says of the words that are stored, and of the help that stands beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext

from messages.models import HelpLink, Rendition, Revision
from messages.text import lint
from messages.text.lint import EMBED_LIMITS, ArmText, HelpLinkStatus, LintText, Remark, TextLimits, WordLists
from messages.text.translatable import Translatable

_LISTS = Path(__file__).with_name("lint.toml")


def lint_revision(revision: Revision) -> dict[str, tuple[Remark, ...]]:
    """Remarks by locale, for the narrowest place that a message can stand in."""
    return {rendition.locale: lint_rendition(rendition) for rendition in revision.renditions.all()}


def lint_rendition(rendition: Rendition) -> tuple[Remark, ...]:
    """Remarks on the words of one language."""
    return _about(lint_text_of(rendition.revision, rendition), tuple(settings.NEVER_NAME))


def lint_unsaved_text(words: LintText, form: TextLimits) -> tuple[Remark, ...]:
    """Remarks on words that are being written, for the place that they are written for."""
    return lint.check_text(words, limits=form, word_lists=_lists(), never_name=tuple(settings.NEVER_NAME))


def lint_help_directory(today: date) -> tuple[Remark, ...]:
    """Remarks on the directory of help links."""
    links = HelpLink.objects.active().values_list("name", "lane", "verified_on")
    return lint.check_help_links([HelpLinkStatus(*link) for link in links], today=today)


def lint_arm_revisions(revisions: Mapping[str, Revision]) -> dict[str, tuple[Remark, ...]]:
    """Remarks on the arms side by side, given by name, for each locale that all of them have."""
    by_locale = {
        name: {rendition.locale: lint_text_of(revision, rendition) for rendition in revision.renditions.all()}
        for name, revision in revisions.items()
    }
    shared = set.intersection(*map(set, by_locale.values())) if by_locale else set()
    remarks = {
        locale: lint.check_arms([ArmText(name, words[locale]) for name, words in by_locale.items()])
        for locale in sorted(shared)
    }
    return {locale: said for locale, said in remarks.items() if said}


def blocking_errors(rendition: Rendition) -> dict[str, str]:
    """What must change before review, one entry per field: {"renditions.en.body": "..."}."""
    fields: dict[str, list[str]] = {}
    for remark in blocking_remarks(lint_rendition(rendition)):
        field = "sources" if remark.where == "claim" else f"renditions.{rendition.locale}.{remark.where}"
        fields.setdefault(field, []).append(remark.sentence)
    return {field: " ".join(dict.fromkeys(sentences)) for field, sentences in fields.items()}


def blocking_remarks(remarks: Iterable[Remark]) -> list[Remark]:
    """Those that stand in the way of review."""
    return [remark for remark in remarks if remark.severity == lint.MUST]


def translate_sentence(sentence: str) -> str:
    """What the lint said, in the reader's language."""
    if not isinstance(sentence, Translatable):
        return sentence
    gaps = {name: translate_sentence(gap) if isinstance(gap, str) else gap for name, gap in sentence.params.items()}
    return gettext(sentence.template).format(**gaps)


def reasons() -> Iterator[str]:
    """Why the lists of words stop at something, each reason once."""
    yield from dict.fromkeys(phrase.why for phrase in _lists().phrases)


def lint_text_of(revision: Revision, rendition: Rendition) -> LintText:
    """One rendition as the lint reads it."""
    return LintText(
        headline=rendition.headline,
        body=rendition.body,
        locale=rendition.locale,
        claim_strength=revision.claim_strength,
        sources=tuple(map(str, revision.sources)),
    )


@lru_cache(maxsize=4096)
def _about(words: LintText, never_name: tuple[str, ...]) -> tuple[Remark, ...]:
    """Kept, because approved words never change and a page may list thousands."""
    return lint.check_text(words, limits=EMBED_LIMITS, word_lists=_lists(), never_name=never_name)


@lru_cache(maxsize=1)
def _lists() -> WordLists:
    return lint.parse_word_lists(_LISTS.read_text(encoding="utf-8"))
