"""Names between the quotation marks of a sentence are joined by the marks of the reader's language."""

import pytest
from django.utils import translation

from messages.i18n.quoted_names import join_quoted
from messages.i18n.sentence_translation import translate_sentence
from messages.text.comparability import _names


@pytest.mark.parametrize(("language", "told"), [("en", "one”, “two”, “three"), ("es", "one», «two», «three")])
def test_names_are_joined_by_the_marks_of_the_language(language: str, told: str) -> None:
    with translation.override(language):
        assert join_quoted(["one", "two", "three"]) == told
        assert translate_sentence(_names(["one", "two", "three"])) == told


def test_one_name_stands_alone_and_keeps_its_braces() -> None:
    assert join_quoted(["{one}"]) == "{one}"
    assert join_quoted(["{one}", "{two}"]) == "{one}”, “{two}"
