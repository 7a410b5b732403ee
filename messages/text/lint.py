"""Lint the text of a message: length, readability, claims and word lists.

A "must" remark blocks review; a "should" remark is advice. The rules match patterns, not meaning, so a person still
reads every text. The word lists are in `lint.toml`, which staff may edit.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from messages.text.readability import Readability, has_formula, measure_readability, split_sentences, split_words
from messages.text.rendering import MAX_CHARACTERS
from messages.text.translatable import Translatable

Severity = Literal["must", "should"]
MUST: Severity = "must"
SHOULD: Severity = "should"

LONG_SENTENCE_WORDS, MAX_SENTENCE_WORDS = 20, 30
MAX_WORDS = 160  # about one screen of a phone
_FACTUAL_CLAIMS = {"documented", "linked", "reported"}
_WORD_LISTS_FILE = Path(__file__).with_name("lint.toml")


@dataclass(frozen=True, slots=True)
class Remark:
    """One finding; `where` is headline, body, words (both), claim, help or arms."""

    code: str
    severity: Severity
    sentence: str
    where: str


@dataclass(frozen=True, slots=True)
class TextLimits:
    """The recommended length of a text on one surface."""

    name: str
    headline_limit: int
    word_limit: int


EMBED_LIMITS = TextLimits(Translatable("an embedded message"), headline_limit=80, word_limit=55)
HOSTED_PAGE_LIMITS = TextLimits(Translatable("the hosted page"), headline_limit=110, word_limit=110)


@dataclass(frozen=True, slots=True)
class LintText:
    """The text of one rendition and the claims of its revision. Paragraphs are separated by blank lines."""

    headline: str
    body: str
    locale: str
    claim_strength: str
    sources: tuple[str, ...] = ()

    @property
    def language(self) -> str:
        return self.locale.split("-")[0].lower()

    @property
    def text(self) -> str:
        return f"{self.headline}\n{self.body}"


@dataclass(frozen=True, slots=True)
class Phrase:
    """Wordings to avoid in one language; `fits` are the claim strengths that may use them."""

    language: str
    kind: str
    severity: Severity
    fits: frozenset[str]
    why: str
    instead: str
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None = None

    def find_in(self, text: str) -> str | None:
        """The first wording found in the text, apart from the exceptions in `unless`."""
        match = self.pattern.search(self.unless.sub("", text) if self.unless else text)
        return match[0] if match else None


@dataclass(frozen=True, slots=True)
class WordLists:
    """Phrases to avoid, patterns of hedging words, and by language and name what arms are compared by."""

    phrases: tuple[Phrase, ...]
    hedges: tuple[tuple[str, re.Pattern[str]], ...]
    marks: Mapping[tuple[str, str], re.Pattern[str]] = field(default_factory=dict)


@lru_cache(maxsize=1)
def default_word_lists() -> WordLists:
    """The word lists of `lint.toml`."""
    return parse_word_lists(_WORD_LISTS_FILE.read_text(encoding="utf-8"))


def parse_word_lists(toml: str) -> WordLists:
    """Parse word lists in the format of `lint.toml`."""
    rows = tomllib.loads(toml)
    return WordLists(
        phrases=tuple(_parse_phrase(row) for row in rows["phrase"]),
        hedges=tuple((row["language"], phrase_pattern(row["say"])) for row in rows["hedge"]),
        marks={(row["language"], row["name"]): phrase_pattern(row["say"]) for row in rows.get("mark", ())},
    )


def _parse_phrase(row: dict[str, Any]) -> Phrase:
    if row["severity"] not in (MUST, SHOULD):
        raise ValueError(f"A phrase's severity is “must” or “should”, not “{row['severity']}”.")
    return Phrase(
        language=row["language"],
        kind=row["kind"],
        severity=row["severity"],
        fits=frozenset(row.get("fits", ())),
        why=row["why"],
        instead=row["instead"],
        pattern=phrase_pattern(row["say"]),
        unless=phrase_pattern(row["unless"]) if "unless" in row else None,
    )


def phrase_pattern(wordings: Sequence[str]) -> re.Pattern[str]:
    """Match any of the wordings as whole words, ignoring case; * matches any ending, a space any white space."""
    alternatives = (re.escape(w).replace(r"\*", r"\w*").replace(r"\ ", r"\s+").replace("'", "['’]") for w in wordings)
    return re.compile(rf"(?<!\w)(?:{'|'.join(alternatives)})(?!\w)", re.IGNORECASE)


def check_text(
    words: LintText, *, limits: TextLimits, word_lists: WordLists, never_name: Sequence[str] = ()
) -> tuple[Remark, ...]:
    """All remarks on one text, those that block review first; `never_name` lists names of tools and sites."""
    missing = tuple(
        Remark("empty", MUST, sentence, where)
        for where, text, sentence in (
            ("headline", words.headline, Translatable("The headline is empty.")),
            ("body", words.body, Translatable("The body is empty.")),
        )
        if not text.strip()
    )
    if len(missing) == 2:
        return missing
    if len(words.text) > MAX_CHARACTERS:
        sentence = Translatable(
            "The text has {count} characters. Texts longer than {most} are not checked.",
            count=len(words.text),
            most=MAX_CHARACTERS,
        )
        return (Remark("too-long", MUST, sentence, "words"),)
    rules = (_check_length(words, limits), _check_readability(words), _check_sentences(words))
    remarks = [*missing, *(remark for rule in rules for remark in rule), *_check_claims(words, word_lists)]
    for where, text in (("headline", words.headline), ("body", words.body)):
        remarks += _check_phrases(words, text, where, word_lists)
        remarks += [*_check_patterns(text, where), *_check_names(text, where, never_name)]
    return tuple(sorted(remarks, key=lambda remark: remark.severity != MUST))


def _check_length(words: LintText, limits: TextLimits) -> Iterator[Remark]:
    characters, count = len(words.headline), len(split_words(words.text))
    if characters > limits.headline_limit:
        sentence = Translatable(
            "The headline has {characters} characters. Use up to {most} in {form}.",
            characters=characters,
            most=limits.headline_limit,
            form=limits.name,
        )
        yield Remark("long-headline", SHOULD, sentence, "headline")
    if count > MAX_WORDS:
        sentence = Translatable("The text has {count} words. The limit is {most}.", count=count, most=MAX_WORDS)
        yield Remark("long-text", MUST, sentence, "words")
    elif count > limits.word_limit:
        sentence = Translatable(
            "The text has {count} words. Use up to {most} in {form}.",
            count=count,
            most=limits.word_limit,
            form=limits.name,
        )
        yield Remark("long-text", SHOULD, sentence, "words")


def _check_readability(words: LintText) -> Iterator[Remark]:
    if not has_formula(words.language):
        sentence = Translatable(
            "We have no reading grade for “{locale}”. Ask a speaker to read the text aloud.", locale=words.locale
        )
        yield Remark("no-grade", SHOULD, sentence, "words")
        return
    readability = measure_readability(words.text, words.language)
    if readability is not None and readability.is_harder_than(readability.target):
        severity = MUST if readability.is_harder_than(readability.limit) else SHOULD
        yield Remark("hard-to-read", severity, _readability_sentence(readability), "words")


def _readability_sentence(readability: Readability) -> str:
    numbers = {"value": f"{readability.value:g}", "formula": readability.formula, "wanted": f"{readability.target:g}"}
    if readability.higher_is_easier:
        return Translatable(
            "The reading ease is {value} ({formula}). Aim for {wanted} or more, with shorter words and sentences.",
            **numbers,
        )
    return Translatable(
        "The reading grade is {value} ({formula}). Aim for {wanted} or less, with shorter words and sentences.",
        **numbers,
    )


def _check_sentences(words: LintText) -> Iterator[Remark]:
    for where, text in (("headline", words.headline), ("body", words.body)):
        for sentence in split_sentences(text):
            count = len(split_words(sentence))
            if count > LONG_SENTENCE_WORDS:
                start = " ".join(sentence.split()[:5])
                advice = Translatable(
                    "“{start} …” has {count} words. Write two sentences of up to {most} words.",
                    start=start,
                    count=count,
                    most=LONG_SENTENCE_WORDS,
                )
                yield Remark("long-sentence", MUST if count > MAX_SENTENCE_WORDS else SHOULD, advice, where)


_COUNT = r"(?:two|three|four|five|six|seven|eight|nine|ten|twenty|(?:a )?hundred|\d+)"
_NUMBER = re.compile(
    r"\d+(?:[.,]\d+)*\s?%?|\b(?:percent|per cent|por ciento|pour cent|half of|two thirds of|"
    rf"(?:one|{_COUNT}) in {_COUNT}|\w+ de cada (?:dos|tres|cuatro|cinco|diez|cien)|\w+ sur (?:dix|cent))\b",
    re.IGNORECASE,
)
_AGE = re.compile(r"\b(?:under|over|menor(?:es)? de|moins de)[\s-]+\d+s?\b|\b18\s+(?:años|ans)\b", re.IGNORECASE)


def _check_claims(words: LintText, lists: WordLists) -> Iterator[Remark]:
    claims_a_fact = words.claim_strength in _FACTUAL_CLAIMS
    if claims_a_fact and not words.sources:
        sentence = Translatable("The message makes a claim. Name its source.")
        yield Remark("no-source", MUST, sentence, "claim")
    if number := _NUMBER.search(_AGE.sub("", words.text)):
        figure = number[0].strip()
        if not words.sources:
            sentence = Translatable("“{figure}” is a figure. Name its source.", figure=figure)
            yield Remark("number-without-source", MUST, sentence, "claim")
        elif not claims_a_fact:
            sentence = Translatable(
                "“{figure}” is a figure, but the message says it makes no factual claim. Change one of them.",
                figure=figure,
            )
            yield Remark("number-without-claim", SHOULD, sentence, "claim")
    hedges = [pattern for language, pattern in lists.hedges if language == words.language]
    if words.claim_strength in {"linked", "reported"} and hedges and not any(h.search(words.text) for h in hedges):
        sentence = Translatable("The text does not say how certain this is. Add “can” or “may”.")
        yield Remark("no-hedge", SHOULD, sentence, "words")


def _check_phrases(words: LintText, text: str, where: str, lists: WordLists) -> Iterator[Remark]:
    for phrase in lists.phrases:
        if phrase.language != words.language or words.claim_strength in phrase.fits:
            continue
        if found := phrase.find_in(text):
            sentence = Translatable(
                "“{found}”: {why} Try: “{instead}”", found=found, why=Translatable(phrase.why), instead=phrase.instead
            )
            yield Remark(phrase.kind, phrase.severity, sentence, where)


# Code, severity, pattern, and the sentence for a match.
_PATTERNS: tuple[tuple[str, Severity, re.Pattern[str], Callable[[str], Translatable]], ...] = (
    (
        "address",
        MUST,
        re.compile(
            r"(?:https?://|www\.)\S+|(?<![\w-])[\w-]+\.(?:com|ai|app|io|net|org|me|gg|xyz)\b|(?<!\w)@\w{2,}",
            re.IGNORECASE,
        ),
        lambda found: Translatable(
            "“{found}” is an address. Remove it: only the help links beside the text can be links.",
            found=found.rstrip(".,;:"),
        ),
    ),
    (
        "placeholder",
        MUST,
        re.compile(
            r"(?i:lorem ipsum|your (?:text|headline|words) here)|"
            r"\b(?:TODO|TBD|FIXME|XXX+)\b|\{\{?[^{}\n]*\}\}?|\[[^\[\]]*\]|<(?=[^<>]*(?:here|insert))[^<>]*>"
        ),
        lambda found: Translatable("“{found}” looks like a placeholder that has not been filled in.", found=found),
    ),
    (
        "markup",
        SHOULD,
        re.compile(r"</?\w[^<>]*>|\*\*|(?<!\w)__|^#+\s", re.MULTILINE),
        lambda found: Translatable(
            "“{found}” will be shown as it is, because the text is plain text.", found=found.strip()
        ),
    ),
    (
        "exclamation",
        SHOULD,
        re.compile(r"[!¡]"),
        lambda found: Translatable("An exclamation mark sounds loud. Use a full stop."),
    ),
    (
        "capitals",
        SHOULD,
        re.compile(r"\b[^\W\d_a-zß-öø-ÿ]{4,}\b"),
        lambda found: Translatable("“{found}” in capitals reads like shouting.", found=found),
    ),
)


def _check_patterns(text: str, where: str) -> Iterator[Remark]:
    for code, severity, pattern, describe in _PATTERNS:
        match = pattern.search(text)
        if match and (code != "capitals" or match[0].isupper()):
            yield Remark(code, severity, describe(match[0]), where)


def _check_names(text: str, where: str, never_name: Sequence[str]) -> Iterator[Remark]:
    if never_name and (match := phrase_pattern(never_name).search(text)):
        sentence = Translatable("“{found}” is on the list of names that messages should not spread.", found=match[0])
        yield Remark("tool", MUST, sentence, where)
