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
from messages.text.lint import EMBED, ArmWords, Form, Help, Lists, Remark, Words
from messages.text.translatable import Said

_LISTS = Path(__file__).with_name("lint.toml")


def on_revision(revision: Revision) -> dict[str, tuple[Remark, ...]]:
    """Remarks by locale, for the narrowest place that a message can stand in."""
    return {rendition.locale: on_rendition(rendition) for rendition in revision.renditions.all()}


def on_rendition(rendition: Rendition) -> tuple[Remark, ...]:
    """Remarks on the words of one language."""
    return _about(words_of(rendition.revision, rendition), tuple(settings.NEVER_NAME))


def on_writing(words: Words, form: Form) -> tuple[Remark, ...]:
    """Remarks on words that are being written, for the place that they are written for."""
    return lint.about_words(words, form=form, lists=_lists(), never_name=tuple(settings.NEVER_NAME))


def on_help(today: date) -> tuple[Remark, ...]:
    """Remarks on the directory of help links."""
    links = HelpLink.objects.shown().values_list("name", "lane", "verified_on")
    return lint.about_help([Help(*link) for link in links], today=today)


def on_arms(revisions: Mapping[str, Revision]) -> dict[str, tuple[Remark, ...]]:
    """Remarks on the arms side by side, given by name, for each locale that all of them have."""
    by_locale = {
        name: {rendition.locale: words_of(revision, rendition) for rendition in revision.renditions.all()}
        for name, revision in revisions.items()
    }
    shared = set.intersection(*map(set, by_locale.values())) if by_locale else set()
    remarks = {
        locale: lint.about_arms([ArmWords(name, words[locale]) for name, words in by_locale.items()])
        for locale in sorted(shared)
    }
    return {locale: said for locale, said in remarks.items() if said}


def in_the_way(rendition: Rendition) -> dict[str, str]:
    """What must change before review, one entry per field: {"renditions.en.body": "..."}."""
    fields: dict[str, list[str]] = {}
    for remark in musts(on_rendition(rendition)):
        field = "sources" if remark.where == "claim" else f"renditions.{rendition.locale}.{remark.where}"
        fields.setdefault(field, []).append(remark.sentence)
    return {field: " ".join(dict.fromkeys(sentences)) for field, sentences in fields.items()}


def musts(remarks: Iterable[Remark]) -> list[Remark]:
    """Those that stand in the way of review."""
    return [remark for remark in remarks if remark.severity == lint.MUST]


def in_language(sentence: str) -> str:
    """What the lint said, in the reader's language."""
    if not isinstance(sentence, Said):
        return sentence
    gaps = {name: in_language(gap) if isinstance(gap, str) else gap for name, gap in sentence.gaps.items()}
    return gettext(sentence.template).format(**gaps)


def reasons() -> Iterator[str]:
    """Why the lists of words stop at something, each reason once."""
    yield from dict.fromkeys(phrase.why for phrase in _lists().phrases)


def words_of(revision: Revision, rendition: Rendition) -> Words:
    """One rendition as the lint reads it."""
    return Words(
        headline=rendition.headline,
        body=rendition.body,
        locale=rendition.locale,
        claim_strength=revision.claim_strength,
        sources=tuple(map(str, revision.sources)),
    )


@lru_cache(maxsize=4096)
def _about(words: Words, never_name: tuple[str, ...]) -> tuple[Remark, ...]:
    """Kept, because approved words never change and a page may list thousands."""
    return lint.about_words(words, form=EMBED, lists=_lists(), never_name=never_name)


@lru_cache(maxsize=1)
def _lists() -> Lists:
    return lint.lists_from(_LISTS.read_text(encoding="utf-8"))
