"""What a reviewer would say about words, before one is asked: kind, short, and never about the person who wrote them.

A remark that says "must" names something that may not be shown; "should" is advice, and the writer decides. The rules
see patterns, not meaning: a text without remarks may still be unkind or untrue, and a person still has to read it.
Which words are looked for stands in `library/lint.toml`, where anyone can read and mend it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from messages.text.readability import Reading, has_formula, reading_of, sentences_of, words_of
from messages.text.translatable import Said

Severity = Literal["must", "should"]
MUST: Severity = "must"
SHOULD: Severity = "should"

LONG_SENTENCE, LONGEST_SENTENCE = 20, 30  # words
STALE_AFTER = 180  # days since someone last opened a help link
MOST_WORDS = 160  # in any place: about as much as a phone shows at once
ARMS_APART = 0.25  # of the shorter arm's words
LANES = {
    "affected": Said("There is no help link for the person shown."),
    "self": Said("There is no help link for the person who wants to stop."),
}
_CLAIMS = {"documented", "linked", "reported"}


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing a reviewer would say, and where: headline, body, words (both), claim, help or arms."""

    code: str
    severity: Severity
    sentence: str
    where: str


@dataclass(frozen=True, slots=True)
class Form:
    """How much reads well where the words stand."""

    name: str
    headline_characters: int
    words: int


EMBED = Form(Said("an embed"), headline_characters=80, words=55)
HOSTED_PAGE = Form(Said("the hosted page"), headline_characters=110, words=110)


@dataclass(frozen=True, slots=True)
class Words:
    """One rendition, and what its message says it rests on. The body is plain paragraphs parted by blank lines."""

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
class Help:
    """A help link that will stand beside the words."""

    name: str
    lane: str
    verified_on: date | None


@dataclass(frozen=True, slots=True)
class ArmWords:
    """The words of one arm in the language that is compared."""

    name: str
    words: Words


@dataclass(frozen=True, slots=True)
class Phrase:
    """Wordings to stop at in one language, why, and what to say instead; `fits` are claims strong enough for them."""

    language: str
    kind: str
    severity: Severity
    fits: frozenset[str]
    why: str
    instead: str
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None = None

    def found_in(self, text: str) -> str | None:
        """The wording as it stands in the text, unless only where the list lets it pass."""
        found = self.pattern.search(self.unless.sub("", text) if self.unless else text)
        return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Lists:
    """The word lists by language."""

    phrases: tuple[Phrase, ...]
    hedges: tuple[tuple[str, re.Pattern[str]], ...]


def lists_from(toml: str) -> Lists:
    """The word lists of `library/lint.toml`."""
    rows = tomllib.loads(toml)
    return Lists(
        phrases=tuple(_phrase(row) for row in rows["phrase"]),
        hedges=tuple((row["language"], any_of(row["say"])) for row in rows["hedge"]),
    )


def _phrase(row: dict[str, Any]) -> Phrase:
    if row["severity"] not in (MUST, SHOULD):
        raise ValueError(f"A phrase's severity is “must” or “should”, not “{row['severity']}”.")
    return Phrase(
        language=row["language"],
        kind=row["kind"],
        severity=row["severity"],
        fits=frozenset(row.get("fits", ())),
        why=row["why"],
        instead=row["instead"],
        pattern=any_of(row["say"]),
        unless=any_of(row["unless"]) if "unless" in row else None,
    )


def any_of(wordings: Sequence[str]) -> re.Pattern[str]:
    """Any of these as whole words, in any case; * stands for any ending, a blank for any white space."""
    spelled = (re.escape(w).replace(r"\*", r"\w*").replace(r"\ ", r"\s+").replace("'", "['’]") for w in wordings)
    return re.compile(rf"(?<!\w)(?:{'|'.join(spelled)})(?!\w)", re.IGNORECASE)


def about_words(words: Words, *, form: Form, lists: Lists, never_name: Sequence[str] = ()) -> tuple[Remark, ...]:
    """Everything to say about one rendition; `never_name` are tools and sites that may not be named."""
    missing = tuple(
        Remark("empty", MUST, said, where)
        for where, text, said in (
            ("headline", words.headline, Said("The headline is still empty.")),
            ("body", words.body, Said("The body is still empty.")),
        )
        if not text.strip()
    )
    if len(missing) == 2:
        return missing
    rules = (_length(words, form), _reading(words), _sentences(words), _claim(words, lists))
    found = [*missing, *(remark for rule in rules for remark in rule)]
    for where, text in (("headline", words.headline), ("body", words.body)):
        found += [*_phrases(words, text, where, lists), *_marks(text, where), *_names(text, where, never_name)]
    return tuple(sorted(found, key=lambda remark: remark.severity != MUST))


def _length(words: Words, form: Form) -> Iterator[Remark]:
    characters, count = len(words.headline), len(words_of(words.text))
    if characters > form.headline_characters:
        said = Said(
            "The headline has {characters} characters; up to {most} read well in {form}.",
            characters=characters,
            most=form.headline_characters,
            form=form.name,
        )
        yield Remark("long-headline", SHOULD, said, "headline")
    if count > MOST_WORDS:
        said = Said("The text has {count} words; {most} is the most anywhere.", count=count, most=MOST_WORDS)
        yield Remark("long-text", MUST, said, "words")
    elif count > form.words:
        said = Said(
            "The text has {count} words; up to {most} read well in {form}.",
            count=count,
            most=form.words,
            form=form.name,
        )
        yield Remark("long-text", SHOULD, said, "words")


def _reading(words: Words) -> Iterator[Remark]:
    if not has_formula(words.language):
        sentence = Said(
            "We know no reading grade for “{locale}”. Please let a speaker read it aloud.", locale=words.locale
        )
        yield Remark("no-grade", SHOULD, sentence, "words")
        return
    reading = reading_of(words.text, words.language)
    if reading is not None and reading.is_harder_than(reading.wanted):
        severity = MUST if reading.is_harder_than(reading.bound) else SHOULD
        yield Remark("hard-to-read", severity, _reading_sentence(reading), "words")


def _reading_sentence(reading: Reading) -> str:
    numbers = {"value": f"{reading.value:g}", "formula": reading.formula, "wanted": f"{reading.wanted:g}"}
    if reading.higher_is_easier:
        return Said(
            "The reading ease is {value} ({formula}); {wanted} or more is wanted. Shorter words and sentences help.",
            **numbers,
        )
    return Said(
        "The reading grade is {value} ({formula}); {wanted} or less is wanted. Shorter words and sentences help.",
        **numbers,
    )


def _sentences(words: Words) -> Iterator[Remark]:
    for where, text in (("headline", words.headline), ("body", words.body)):
        for sentence in sentences_of(text):
            count = len(words_of(sentence))
            if count > LONG_SENTENCE:
                start = " ".join(sentence.split()[:5])
                said = Said(
                    "“{start} …” has {count} words. Two sentences of up to {most} read better.",
                    start=start,
                    count=count,
                    most=LONG_SENTENCE,
                )
                yield Remark("long-sentence", MUST if count > LONGEST_SENTENCE else SHOULD, said, where)


_COUNT = r"(?:two|three|four|five|six|seven|eight|nine|ten|twenty|(?:a )?hundred|\d+)"
_NUMBER = re.compile(
    r"\d+(?:[.,]\d+)*\s?%?|\b(?:percent|per cent|por ciento|pour cent|half of|two thirds of|"
    rf"(?:one|{_COUNT}) in {_COUNT}|\w+ de cada (?:dos|tres|cuatro|cinco|diez|cien)|\w+ sur (?:dix|cent))\b",
    re.IGNORECASE,
)
_AGE = re.compile(r"\b(?:under|over|menor(?:es)? de|moins de)[\s-]+\d+s?\b|\b18\s+(?:años|ans)\b", re.IGNORECASE)


def _claim(words: Words, lists: Lists) -> Iterator[Remark]:
    claims = words.claim_strength in _CLAIMS
    if claims and not words.sources:
        said = Said("The message claims something. Please name what that rests on.")
        yield Remark("no-source", MUST, said, "claim")
    if number := _NUMBER.search(_AGE.sub("", words.text)):
        figure = number[0].strip()
        if not words.sources:
            said = Said("“{figure}” is a figure. Please name its source.", figure=figure)
            yield Remark("number-without-source", MUST, said, "claim")
        elif not claims:
            said = Said(
                "“{figure}” is a figure, yet the message says it claims no fact. One of them should change.",
                figure=figure,
            )
            yield Remark("number-without-claim", SHOULD, said, "claim")
    hedges = [pattern for language, pattern in lists.hedges if language == words.language]
    if words.claim_strength in {"linked", "reported"} and hedges and not any(h.search(words.text) for h in hedges):
        said = Said("Nothing says how sure this is. A “can”, a “may” or “one therapist reports” would.")
        yield Remark("no-hedge", SHOULD, said, "words")


def _phrases(words: Words, text: str, where: str, lists: Lists) -> Iterator[Remark]:
    for phrase in lists.phrases:
        if phrase.language != words.language or words.claim_strength in phrase.fits:
            continue
        if found := phrase.found_in(text):
            said = Said(
                "“{found}”: {why} Perhaps: “{instead}”", found=found, why=Said(phrase.why), instead=phrase.instead
            )
            yield Remark(phrase.kind, phrase.severity, said, where)


_MARKS: tuple[tuple[str, Severity, re.Pattern[str], Callable[[str], Said]], ...] = (
    (
        "address",
        MUST,
        re.compile(
            r"(?:https?://|www\.)\S+|\b[\w-]+\.(?:com|ai|app|io|net|org|me|gg|xyz)\b|(?<!\w)@\w{2,}", re.IGNORECASE
        ),
        lambda found: Said(
            "“{found}” leads somewhere. Help links stand beside the words; no other address does.",
            found=found.rstrip(".,;:"),
        ),
    ),
    (
        "placeholder",
        MUST,
        re.compile(
            r"(?i:lorem ipsum|your (?:text|headline|words) here)|"
            r"\b(?:TODO|TBD|FIXME|XXX+)\b|\{\{?.*?\}?\}|\[[^\]]*\]|<[^>]*(?:here|insert)[^>]*>"
        ),
        lambda found: Said("“{found}” looks like a place still to be filled.", found=found),
    ),
    (
        "markup",
        SHOULD,
        re.compile(r"</?\w[^>]*>|\*\*|(?<!\w)__|^#+\s", re.MULTILINE),
        lambda found: Said("“{found}” is shown as it stands: the words are plain text.", found=found.strip()),
    ),
    (
        "exclamation",
        SHOULD,
        re.compile(r"[!¡]"),
        lambda found: Said("An exclamation mark raises the voice. A full stop is calmer."),
    ),
    (
        "capitals",
        SHOULD,
        re.compile(r"\b[^\W\d_a-zß-öø-ÿ]{4,}\b"),
        lambda found: Said("“{found}” in capitals reads as shouting.", found=found),
    ),
)


def _marks(text: str, where: str) -> Iterator[Remark]:
    for code, severity, pattern, say in _MARKS:
        found = pattern.search(text)
        if found and (code != "capitals" or found[0].isupper()):
            yield Remark(code, severity, say(found[0]), where)


def _names(text: str, where: str, never_name: Sequence[str]) -> Iterator[Remark]:
    if never_name and (found := any_of(never_name).search(text)):
        said = Said("“{found}” is on the list of names that no message should spread.", found=found[0])
        yield Remark("tool", MUST, said, where)


def is_fresh(verified_on: date | None, *, today: date) -> bool:
    """Whether someone opened a help link lately enough. The one place that says what that is."""
    return verified_on is not None and (today - verified_on).days <= STALE_AFTER


def about_help(links: Sequence[Help], *, today: date) -> tuple[Remark, ...]:
    """What is missing or stale among the help links that stand beside the words."""
    found = [
        Remark("no-help", MUST, said, "help")
        for lane, said in LANES.items()
        if not any(link.lane == lane for link in links)
    ]
    if unchecked := [f"“{link.name}”" for link in links if link.verified_on is None]:
        said = Said("Nobody has said yet that they opened these and they work: {links}.", links=", ".join(unchecked))
        found.append(Remark("unchecked-help", MUST, said, "help"))
    for link in links:
        if link.verified_on and not is_fresh(link.verified_on, today=today):
            said = Said(
                "“{link}” was last checked {days} days ago; {most} is the most.",
                link=link.name,
                days=(today - link.verified_on).days,
                most=STALE_AFTER,
            )
            found.append(Remark("stale-help", MUST, said, "help"))
    return tuple(found)


def about_arms(arms: Sequence[ArmWords]) -> tuple[Remark, ...]:
    """Whether arms are alike in length and ease, so that a trial compares what they say and not how long they are."""
    if len(arms) < 2:
        return ()
    found = []
    by_length = sorted(arms, key=lambda arm: len(words_of(arm.words.text)))
    short, long = (len(words_of(arm.words.text)) for arm in (by_length[0], by_length[-1]))
    if long > short * (1 + ARMS_APART):
        said = Said(
            "“{longest}” has {long} words and “{shortest}” {short}. More than a quarter apart, the trial may measure "
            "length.",
            longest=by_length[-1].name,
            long=long,
            shortest=by_length[0].name,
            short=short,
        )
        found.append(Remark("arms-length", SHOULD, said, "arms"))
    graded = [(r.value, arm.name) for arm in arms if (r := reading_of(arm.words.text, arm.words.language))]
    if graded and arms[0].words.language == "en":
        (low, easy), (high, hard) = min(graded), max(graded)
        if high - low > 1:
            said = Said(
                "“{hard}” reads at grade {high} and “{easy}” at {low}. More than one grade apart, the trial may "
                "measure ease.",
                hard=hard,
                high=format(high, "g"),
                easy=easy,
                low=format(low, "g"),
            )
            found.append(Remark("arms-grade", SHOULD, said, "arms"))
    return tuple(found)
