"""Readability of a text, by one published formula for each language.

    en  grade = 0.39 w/s + 11.8 y/w - 15.59     Kincaid, Fishburne, Rogers & Chissom 1975 (Flesch-Kincaid)
    es  ease  = 206.835 - 62.3 y/w - w/s        Szigriszt Pazos 1993, read on the INFLESZ scale (Barrio-Cantalejo 2008)
    fr  ease  = 207 - 1.015 w/s - 73.6 y/w      Kandel & Moles 1958, read on Flesch's scale

with w words, s sentences and y syllables. A grade is a school year: lower is easier. With an ease, higher is easier.
Syllables are counted from the spelling. In English each group of vowels is one, and a silent final e, es or ed none;
in Spanish strong vowels are separate and an accented i or u breaks a diphthong; in French a final e or es after a
consonant is mute. A digit is one syllable. Compared with a pronouncing dictionary, about one English word in a hundred
is off by one. Other languages have no figure.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

MIN_WORDS = 15  # in shorter texts one long word decides the figure

_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_SENTENCE_END = re.compile(r"(?<=[.?!…؟۔])[\"”»’)]*\s+|\n+")


@dataclass(frozen=True, slots=True)
class Readability:
    """One figure; a text should not be harder than `target`, and may not be harder than `limit`."""

    formula: str
    value: float
    target: float
    limit: float
    higher_is_easier: bool

    def is_harder_than(self, limit: float) -> bool:
        return self.value < limit if self.higher_is_easier else self.value > limit


@dataclass(frozen=True, slots=True)
class _Scale:
    formula: str
    constant: float
    per_sentence: float
    per_word: float
    target: float
    limit: float
    higher_is_easier: bool
    count_syllables: Callable[[str], int]


def split_words(text: str) -> list[str]:
    """The words of a text, without punctuation."""
    return _WORD.findall(text)


def split_sentences(text: str) -> list[str]:
    """The sentences of a text; a line break ends one, so a headline without a full stop is a sentence."""
    return [part for part in _SENTENCE_END.split(text) if split_words(part)]


def measure_readability(text: str, language: str) -> Readability | None:
    """The readability of a text; None if the language has no formula, or the text has too few words."""
    scale = _SCALES.get(language)
    words = split_words(text)
    if scale is None or len(words) < MIN_WORDS:
        return None
    per_sentence = len(words) / len(split_sentences(text))
    per_word = sum(map(scale.count_syllables, words)) / len(words)
    value = scale.constant + scale.per_sentence * per_sentence + scale.per_word * per_word
    return Readability(scale.formula, round(value, 1), scale.target, scale.limit, scale.higher_is_easier)


def has_formula(language: str) -> bool:
    """Whether there is a formula for the language."""
    return language in _SCALES


def english_syllables(word: str) -> int:
    """Count vowel groups, without silent endings; some adjacent vowels are two syllables (`being`, `idea`, `quiet`)."""
    parts = re.split(r"-|['’](?:s|ll|d|re|ve|m|t)?", word.lower())
    return sum(map(_english_part_syllables, parts)) + bool(re.search(r"[dst]n['’]t$", word))


# A silent e: at the end, but not in `little`; in -es and -ed, but not in `faces` and `needed`; before a suffix.
_SILENT_E = re.compile(
    r"(?<=[^aeiouy])e(?=(?:ly|ness|ty|ful|less|ment|body|thing|times?|where)$)|(?<=som)e(?=one$)"
    r"|(?<![^aeiouy]l)(?<=[a-z])e$|(?<=[a-z])(?<![sxzcg])(?<!sh)(?<!ch)(?<![^aeiouy]l)e(?=s$)|(?<=[a-z])(?<![td])e(?=d$)"
)
_HIATUS = re.compile(r"[aeiouy]ing|[^aeioucgtslh]ia|iet|[^ctgs]io|yone$|(?<!m)eo(?!p)|[^qg]ua|[dr]eas?$|[^aeiou]sm$")


def _english_part_syllables(word: str) -> int:
    digits = sum(letter.isdigit() for letter in word)
    spoken = _SILENT_E.sub("", word) if re.search(r"[aeiouy].*[aeiouy]", word) else word
    groups = len(re.findall(r"[aeiouy]+", spoken)) + len(_HIATUS.findall(word))
    return max(groups, 1 if word and not digits else 0) + digits


def spanish_syllables(word: str) -> int:
    """Count vowel groups, split between strong vowels and at í or ú; the u of que, qui, gue, gui is silent."""
    spelled = re.sub(r"([qg])u(?=[eiéí])", r"\1", word.lower())
    spelled = re.sub(r"y(?=$|[^a-záéíóúüñ])", "i", spelled)
    return _count_vowel_groups(spelled, "aeiouáéíóúü", re.compile(r"(?=[aeoáéó][aeoáéó]|[íú][aeoáéó]|[aeoáéó][íú])"))


def french_syllables(word: str) -> int:
    """Count vowel groups, split after é and at a diaeresis; a final e or es after a consonant is mute."""
    spelled = re.sub(r"qu|gu(?=[eéèêi])", "g", re.sub(r"^[^\W_]{1,2}['’]", "", word.lower()))
    if len(re.findall(r"[aeiouyàâäéèêëîïôöùûüœæ]+", spelled)) > 1:
        spelled = re.sub(r"(?<=[^aeiouyàâäéèêëîïôöùûüœæ])es?$", "", spelled)
    return _count_vowel_groups(
        spelled, "aeiouyàâäéèêëîïôöùûüœæ", re.compile(r"(?=é(?:[aoiuyâôèœ]|e[rz])|[aeo][ïëéü]|[iu]é)")
    )


def _count_vowel_groups(spelled: str, vowels: str, hiatus: re.Pattern[str]) -> int:
    digits = sum(letter.isdigit() for letter in spelled)
    groups = len(re.findall(f"[{vowels}]+", spelled))
    return max(groups + len(hiatus.findall(spelled)), 0 if digits else 1) + digits


_SCALES = {
    "en": _Scale("Flesch-Kincaid", -15.59, 0.39, 11.8, 7, 9, False, english_syllables),
    "es": _Scale("Szigriszt-Pazos", 206.835, -1.0, -62.3, 65, 55, True, spanish_syllables),
    "fr": _Scale("Kandel-Moles", 207.0, -1.015, -73.6, 70, 60, True, french_syllables),
}
