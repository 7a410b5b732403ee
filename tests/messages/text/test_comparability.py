"""In what arms differ beside their appeal: each difference on arms that have it, and on arms that are alike."""

import pytest

from messages.text.comparability import ComparedText, check_arms
from messages.text.lint import LintText
from tests.messages.text.test_lint import words

ALIKE = "The person shown may feel hurt.\n\nYou can stop here."


def arm(name: str, body: str, locale: str = "en", frame: str = "victim") -> ComparedText:
    return ComparedText(name, LintText("A text on fake nudes.", body, locale, "none"), frame)


def codes(*arms: ComparedText) -> list[str]:
    return [remark.code for remark in check_arms(arms)]


def test_arms_more_than_a_tenth_apart_are_named() -> None:
    assert codes(arm("Short", words(40)), arm("Long", words(44))) == []  # with the headline 45 and 49 words
    (remark,) = check_arms([arm("Short", words(40)), arm("Middle", words(42)), arm("Long", words(45))])
    assert "“Long” has 50 words and “Short” has 45." in remark.sentence


def test_arms_more_than_a_grade_apart_are_named() -> None:
    easy, hard = words(40), words(40, per_sentence=10)  # five more words per sentence are 1.95 grades
    (remark,) = check_arms([arm("Easy", easy), arm("Hard", hard)])
    assert remark.code == "arms-grade"
    assert "“Hard” reads at grade" in remark.sentence
    assert codes(arm("Easy", easy), arm("Alike", words(40, per_sentence=6))) == []


def test_arms_more_than_ten_points_of_ease_apart_are_named_in_spanish() -> None:
    assert codes(arm("Fácil", words(40), "es"), arm("Difícil", words(40, per_sentence=20), "es")) == ["arms-grade"]


def test_buttons_that_stand_two_lines_lower_are_named_with_the_distance() -> None:
    """Four short paragraphs take more room than one, in as many words."""
    together = words(40)
    apart = together.replace(". ", ".\n\n")
    found = {remark.code: remark.sentence for remark in check_arms([arm("One", together), arm("Many", apart)])}
    assert "pixels lower under “Many” than under “One”" in found["arms-buttons"]


@pytest.mark.parametrize(
    ("code", "other"),
    [
        ("arms-source", "One therapist says it may hurt.\n\nYou can stop here."),
        ("arms-way-out", "The person shown may feel hurt.\n\nIt is all up here."),
        ("arms-step", "The person shown may call soon.\n\nYou can stop here."),
        ("arms-reader", "It says nothing bad about you here.\n\nYou can stop here."),
    ],
)
def test_what_one_arm_says_beside_its_appeal_is_named(code: str, other: str) -> None:
    assert codes(arm("One", ALIKE), arm("Other", other)) == [code]
    assert codes(arm("One", ALIKE), arm("Other", ALIKE)) == []


def test_arms_of_which_some_name_the_subject_are_named() -> None:
    silent = ComparedText("Silent", LintText("A text on this picture.", ALIKE, "en", "none"), "user")
    (remark,) = check_arms([arm("Open", ALIKE), arm("Open too", ALIKE), silent])
    assert remark.sentence == "“Open”, “Open too” says that it is about fakes or nudes, and “Silent” does not."


def test_a_sentence_about_the_reader_is_the_appeal_of_a_text_about_the_reader() -> None:
    about_you = "It may leave you feeling more alone.\n\nYou can stop here."
    assert codes(arm("Victim", ALIKE), arm("User", about_you, frame="user")) == []
    assert codes(arm("Victim", ALIKE), arm("Victim too", about_you)) == ["arms-reader"]


def test_spanish_and_arabic_are_compared_by_words_of_their_own() -> None:
    spanish = arm("Uno", "Esto puede doler. Puedes parar.", "es"), arm("Dos", "Según un terapeuta. Puedes parar.", "es")
    assert codes(*spanish) == ["arms-source"]
    arabic = arm("أ", "هذا نص عن صورة مزيفة.", "ar"), arm("ب", "هذا نص عن صورة أخرى.", "ar")
    assert "arms-subject" in codes(*arabic)


def test_one_arm_has_nothing_to_differ_from() -> None:
    assert check_arms([arm("Only", words(40))]) == ()
