"""The readable diff."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.text.word_diff import Part, between

TEXTS = st.text(alphabet="ab c\n.,'é", max_size=40)


@given(before=TEXTS, after=TEXTS)
def test_either_text_can_be_read_off_the_changes(before: str, after: str) -> None:
    parts = between(before, after).parts
    assert "".join(part.text for part in parts if part.kind != "new") == before
    assert "".join(part.text for part in parts if part.kind != "gone") == after


def test_words_change_as_wholes() -> None:
    assert between("You can stop here.", "You could stop here.").parts == (
        Part("same", "You "),
        Part("gone", "can"),
        Part("new", "could"),
        Part("same", " stop here."),
    )


def test_a_lone_blank_between_two_changes_is_part_of_them() -> None:
    assert between("The old text", "A new text").parts[:2] == (Part("gone", "The old"), Part("new", "A new"))


def test_words_are_counted_and_marks_are_not() -> None:
    changes = between("One, two three.", "One two four five!")
    assert (changes.gone, changes.new) == (1, 2)


@pytest.mark.parametrize("text", ["", "The same words.\n\nTwice."])
def test_the_same_text_has_no_changes(text: str) -> None:
    assert between(text, text).none


def test_a_new_paragraph_does_not_touch_the_one_before() -> None:
    changes = between("One.\n\nTwo.", "One.\n\nA new one.\n\nTwo.")
    assert (changes.gone, changes.new) == (0, 3)
