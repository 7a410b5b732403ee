"""Readability, compared with textstat for English, and with formulas and syllables counted by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from messages.text.readability import (
    english_syllables,
    french_syllables,
    measure_readability,
    spanish_syllables,
    split_sentences,
)
from tests.messages.library.test_starter_messages import reading_grade

LIBRARY = Path(__file__).resolve().parents[3] / "messages" / "library"
TEXTS = [
    "\n".join([revision["headline"], *revision["body"]])
    for message in json.loads((LIBRARY / "messages.json").read_text(encoding="utf-8"))
    for revision in message["revisions"]
]
HARD = (
    "Nonconsensual dissemination of synthetic intimate imagery perpetuates considerable psychological devastation. "
    "Institutional interventions consequently necessitate interdisciplinary cooperation between practitioners."
)


def grade(text: str) -> float:
    reading = measure_readability(text, "en")
    assert reading is not None
    return reading.value


@pytest.mark.slow
def test_the_grade_of_every_starter_text_is_that_of_textstat_within_half_a_grade() -> None:
    """textstat uses the CMU pronouncing dictionary, this module counts from the spelling."""
    apart = [abs(grade(text) - reading_grade(text.replace("\n", " "))) for text in TEXTS]
    assert len(apart) == 28
    assert max(apart) < 0.5
    assert sum(apart) / len(apart) < 0.1


def test_a_hard_text_is_as_hard_as_textstat_says() -> None:
    assert grade(HARD) == pytest.approx(reading_grade(HARD), abs=1.5)
    assert grade(HARD) > 20


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        *[("little", 2), ("needed", 2), ("faces", 2), ("played", 1), ("likes", 1), ("someone", 2), ("closeness", 2)],
        *[
            ("being", 2),
            ("idea", 3),
            ("quiet", 2),
            ("people", 2),
            ("made-up", 2),
            ("didn't", 2),
            ("it’s", 1),
            ("18", 2),
        ],
    ],
)
def test_english_syllables_are_counted_from_spelling(word: str, syllables: int) -> None:
    assert english_syllables(word) == syllables


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        *[("persona", 3), ("alguien", 2), ("también", 2), ("país", 2), ("creer", 2), ("caótico", 4), ("quien", 1)],
        *[("guitarra", 3), ("muy", 1), ("vergüenza", 3), ("construía", 3), ("ahora", 3), ("dolió", 2), ("daño", 2)],
    ],
)
def test_spanish_syllables_follow_its_rules_of_diphthongs(word: str, syllables: int) -> None:
    assert spanish_syllables(word) == syllables


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        *[("personne", 2), ("image", 2), ("théâtre", 2), ("créer", 2), ("maïs", 2), ("quelque", 1), ("vie", 1)],
        *[("moment", 2), ("page", 1), ("arrêter", 3), ("réalité", 4), ("année", 2), ("l'image", 2)],
    ],
)
def test_french_syllables_leave_out_a_mute_ending(word: str, syllables: int) -> None:
    assert french_syllables(word) == syllables


def test_the_formulas_are_the_published_ones() -> None:
    """Sixteen words in two sentences, syllables counted by hand: en 24, es 32, fr 16."""
    english = " ".join(["little cat"] * 4 + ["."] + ["little cat"] * 4)
    spanish = " ".join(["casa"] * 8 + ["."] + ["casa"] * 8)
    french = " ".join(["page"] * 8 + ["."] + ["page"] * 8)
    found = [
        measure_readability(text, language) for text, language in ((english, "en"), (spanish, "es"), (french, "fr"))
    ]
    assert [r and r.value for r in found] == [
        round(0.39 * 8 + 11.8 * 24 / 16 - 15.59, 1),  # Flesch-Kincaid
        round(206.835 - 62.3 * 32 / 16 - 8, 1),  # Szigriszt-Pazos
        round(207 - 1.015 * 8 - 73.6 * 16 / 16, 1),  # Kandel-Moles
    ]


def test_a_language_without_a_formula_and_a_text_of_few_words_have_no_figure() -> None:
    assert measure_readability(HARD, "ar") is None
    assert measure_readability("Nonconsensual dissemination.", "en") is None


def test_sentences_end_at_marks_and_at_lines() -> None:
    text = "A headline\nOne here. Is this two? “Yes.” ¿Y esto? هل هذا؟ نعم."
    assert split_sentences(text) == ["A headline", "One here.", "Is this two?", "“Yes.", "¿Y esto?", "هل هذا؟", "نعم."]
