"""Each term that a page explains is in the glossary, and each row of the glossary is translated."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.utils import translation

from campaign.i18n import catalogs
from messages import glossary

TEMPLATES = {path: path.read_text(encoding="utf-8") for path in (settings.BASE_DIR / "templates").rglob("*.html")}
BLOCK = re.compile(r"\{% explain ([^%]*) %\}(.*?)\{% endexplain %\}", re.DOTALL)
PASSED_ON = re.compile(r'term="([^"]*)"')  # to a template that explains it
SENTENCE = re.compile(
    r'\{% translate "([^"]*)" %\}|\{% blocktranslate[^%]*%\}(.*?)\{% endblocktranslate %\}', re.DOTALL
)
MARKED = [
    (path.name, re.findall(r'"([^"]*)"', terms), content)
    for path, text in TEMPLATES.items()
    for terms, content in BLOCK.findall(text)
]


def test_each_term_that_a_template_marks_is_in_the_glossary() -> None:
    marked = {term for _, terms, _ in MARKED for term in terms}
    marked |= {term for text in TEMPLATES.values() for term in PASSED_ON.findall(text)}
    assert marked - glossary.entries().keys() == set()
    assert {"control", "guardrail", "interval", "look", "exploratory", "holdout", "stratum", "period", "set"} <= marked


@pytest.mark.parametrize("language", ["en", *catalogs.STAFF_TRANSLATIONS])
def test_a_sentence_has_as_many_brackets_as_terms_in_each_language(language: str) -> None:
    with translation.override(language):
        for name, terms, content in MARKED:
            sentences = [translation.gettext(_msgid(one, two)) for one, two in SENTENCE.findall(content)]
            brackets = sum(sentence.count("[") for sentence in sentences)
            assert brackets == len(terms) if brackets else len(terms) <= 1, f"{name}: {content}"
            assert all(sentence.count("[") == sentence.count("]") for sentence in sentences), name


def _msgid(translated: str, block: str) -> str:
    return translated or re.sub(r"\{\{ (\w+) \}\}", r"%(\1)s", block)


@pytest.mark.parametrize("language", catalogs.STAFF_TRANSLATIONS)
def test_each_row_is_translated_for_readers_of_staff_pages(language: str) -> None:
    catalog = catalogs.read_catalog(language)
    rows = {text: catalog.get(text, glossary.CONTEXT) for text in glossary.translatable_strings()}
    assert [text for text, message in rows.items() if message is None or not message.string] == []


def test_the_english_page_is_the_file_itself() -> None:
    with translation.override("en"):
        assert glossary.source() == glossary.FILE.read_text(encoding="utf-8").rstrip("\n")


def test_any_word_of_a_row_leads_to_it() -> None:
    assert glossary.entries()["relative lift"] is glossary.entries()["ratio"]
    assert glossary.entries()["assignment"].explanation == "The rule that picks a unit's arm. See assignment."
