"""The word-by-word comparison of two texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.text.word_diff import DiffPart, diff_words
from tests.campaign.serving.test_bounded_work import steps

TEXTS = st.text(alphabet="ab c\n.,'é", max_size=40)


@given(before=TEXTS, after=TEXTS)
def test_either_text_can_be_read_off_the_changes(before: str, after: str) -> None:
    parts = diff_words(before, after).parts
    assert "".join(part.text for part in parts if part.kind != "new") == before
    assert "".join(part.text for part in parts if part.kind != "gone") == after


def test_words_change_as_wholes() -> None:
    assert diff_words("You can stop here.", "You could stop here.").parts == (
        DiffPart("same", "You "),
        DiffPart("gone", "can"),
        DiffPart("new", "could"),
        DiffPart("same", " stop here."),
    )


def test_a_lone_blank_between_two_changes_is_part_of_them() -> None:
    assert diff_words("The old text", "A new text").parts[:2] == (DiffPart("gone", "The old"), DiffPart("new", "A new"))


def test_words_are_counted_and_marks_are_not() -> None:
    changes = diff_words("One, two three.", "One two four five!")
    assert (changes.removed_count, changes.added_count) == (1, 2)


@pytest.mark.parametrize("text", ["", "The same words.\n\nTwice."])
def test_the_same_text_has_no_changes(text: str) -> None:
    assert diff_words(text, text).is_empty


def test_a_new_paragraph_does_not_touch_the_one_before() -> None:
    changes = diff_words("One.\n\nTwo.", "One.\n\nA new one.\n\nTwo.")
    assert (changes.removed_count, changes.added_count) == (0, 3)


@pytest.mark.parametrize("piece", ["a ", ".,", "a b ", "x"])
def test_words_that_repeat_too_often_are_replaced_as_a_whole(piece: str) -> None:
    before, after = (piece * 1_200)[:1_200], ("c " + piece * 1_200)[:1_100]
    work = steps(lambda: diff_words(before, after))
    assert work < 20_000  # 600 words, each compared with each, were 20 seconds
    assert "".join(part.text for part in diff_words(before, after).parts if part.kind != "new") == before
    assert steps(lambda: diff_words(before, before)) < 20_000
    assert diff_words(before, before).is_empty
