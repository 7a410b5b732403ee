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

from messages.text.readability import Readability, has_formula, measure_readability, split_sentences, split_words
from messages.text.translatable import Translatable

Severity = Literal["must", "should"]
MUST: Severity = "must"
SHOULD: Severity = "should"

LONG_SENTENCE_WORDS, MAX_SENTENCE_WORDS = 20, 30  # words
STALE_AFTER_DAYS = 180  # days since someone last opened a help link
MAX_WORDS = 160  # in any place: about as much as a phone shows at once
MAX_LENGTH_DIFFERENCE = 0.25  # of the shorter arm's words
MISSING_LANE_SENTENCES = {
    "affected": Translatable("There is no help link for the person shown."),
    "self": Translatable("There is no help link for the person who wants to stop."),
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
class TextLimits:
    """How much reads well where the words stand."""

    name: str
    headline_limit: int
    word_limit: int


EMBED_LIMITS = TextLimits(Translatable("an embed"), headline_limit=80, word_limit=55)
HOSTED_PAGE_LIMITS = TextLimits(Translatable("the hosted page"), headline_limit=110, word_limit=110)


@dataclass(frozen=True, slots=True)
class LintText:
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
class HelpLinkStatus:
    """A help link that will stand beside the words."""

    name: str
    lane: str
    verified_on: date | None


@dataclass(frozen=True, slots=True)
class ArmText:
    """The words of one arm in the language that is compared."""

    name: str
    words: LintText


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

    def find_in(self, text: str) -> str | None:
        """The wording as it stands in the text, unless only where the list lets it pass."""
        found = self.pattern.search(self.unless.sub("", text) if self.unless else text)
        return found[0] if found else None


@dataclass(frozen=True, slots=True)
class WordLists:
    """The word lists by language."""

    phrases: tuple[Phrase, ...]
    hedges: tuple[tuple[str, re.Pattern[str]], ...]


def parse_word_lists(toml: str) -> WordLists:
    """The word lists of `library/lint.toml`."""
    rows = tomllib.loads(toml)
    return WordLists(
        phrases=tuple(_phrase(row) for row in rows["phrase"]),
        hedges=tuple((row["language"], phrase_pattern(row["say"])) for row in rows["hedge"]),
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
        pattern=phrase_pattern(row["say"]),
        unless=phrase_pattern(row["unless"]) if "unless" in row else None,
    )


def phrase_pattern(wordings: Sequence[str]) -> re.Pattern[str]:
    """Any of these as whole words, in any case; * stands for any ending, a blank for any white space."""
    spelled = (re.escape(w).replace(r"\*", r"\w*").replace(r"\ ", r"\s+").replace("'", "['’]") for w in wordings)
    return re.compile(rf"(?<!\w)(?:{'|'.join(spelled)})(?!\w)", re.IGNORECASE)


def check_text(
    words: LintText, *, limits: TextLimits, word_lists: WordLists, never_name: Sequence[str] = ()
) -> tuple[Remark, ...]:
    """Everything to say about one rendition; `never_name` are tools and sites that may not be named."""
    missing = tuple(
        Remark("empty", MUST, said, where)
        for where, text, said in (
            ("headline", words.headline, Translatable("The headline is still empty.")),
            ("body", words.body, Translatable("The body is still empty.")),
        )
        if not text.strip()
    )
    if len(missing) == 2:
        return missing
    rules = (_length(words, limits), _reading(words), _sentences(words), _claim(words, word_lists))
    found = [*missing, *(remark for rule in rules for remark in rule)]
    for where, text in (("headline", words.headline), ("body", words.body)):
        found += [*_phrases(words, text, where, word_lists), *_marks(text, where), *_names(text, where, never_name)]
    return tuple(sorted(found, key=lambda remark: remark.severity != MUST))


def _length(words: LintText, form: TextLimits) -> Iterator[Remark]:
    characters, count = len(words.headline), len(split_words(words.text))
    if characters > form.headline_limit:
        said = Translatable(
            "The headline has {characters} characters; up to {most} read well in {form}.",
            characters=characters,
            most=form.headline_limit,
            form=form.name,
        )
        yield Remark("long-headline", SHOULD, said, "headline")
    if count > MAX_WORDS:
        said = Translatable("The text has {count} words; {most} is the most anywhere.", count=count, most=MAX_WORDS)
        yield Remark("long-text", MUST, said, "words")
    elif count > form.word_limit:
        said = Translatable(
            "The text has {count} words; up to {most} read well in {form}.",
            count=count,
            most=form.word_limit,
            form=form.name,
        )
        yield Remark("long-text", SHOULD, said, "words")


def _reading(words: LintText) -> Iterator[Remark]:
    if not has_formula(words.language):
        sentence = Translatable(
            "We know no reading grade for “{locale}”. Please let a speaker read it aloud.", locale=words.locale
        )
        yield Remark("no-grade", SHOULD, sentence, "words")
        return
    reading = measure_readability(words.text, words.language)
    if reading is not None and reading.is_harder_than(reading.target):
        severity = MUST if reading.is_harder_than(reading.limit) else SHOULD
        yield Remark("hard-to-read", severity, _reading_sentence(reading), "words")


def _reading_sentence(reading: Readability) -> str:
    numbers = {"value": f"{reading.value:g}", "formula": reading.formula, "wanted": f"{reading.target:g}"}
    if reading.higher_is_easier:
        return Translatable(
            "The reading ease is {value} ({formula}); {wanted} or more is wanted. Shorter words and sentences help.",
            **numbers,
        )
    return Translatable(
        "The reading grade is {value} ({formula}); {wanted} or less is wanted. Shorter words and sentences help.",
        **numbers,
    )


def _sentences(words: LintText) -> Iterator[Remark]:
    for where, text in (("headline", words.headline), ("body", words.body)):
        for sentence in split_sentences(text):
            count = len(split_words(sentence))
            if count > LONG_SENTENCE_WORDS:
                start = " ".join(sentence.split()[:5])
                said = Translatable(
                    "“{start} …” has {count} words. Two sentences of up to {most} read better.",
                    start=start,
                    count=count,
                    most=LONG_SENTENCE_WORDS,
                )
                yield Remark("long-sentence", MUST if count > MAX_SENTENCE_WORDS else SHOULD, said, where)


_COUNT = r"(?:two|three|four|five|six|seven|eight|nine|ten|twenty|(?:a )?hundred|\d+)"
_NUMBER = re.compile(
    r"\d+(?:[.,]\d+)*\s?%?|\b(?:percent|per cent|por ciento|pour cent|half of|two thirds of|"
    rf"(?:one|{_COUNT}) in {_COUNT}|\w+ de cada (?:dos|tres|cuatro|cinco|diez|cien)|\w+ sur (?:dix|cent))\b",
    re.IGNORECASE,
)
_AGE = re.compile(r"\b(?:under|over|menor(?:es)? de|moins de)[\s-]+\d+s?\b|\b18\s+(?:años|ans)\b", re.IGNORECASE)


def _claim(words: LintText, lists: WordLists) -> Iterator[Remark]:
    claims = words.claim_strength in _CLAIMS
    if claims and not words.sources:
        said = Translatable("The message claims something. Please name what that rests on.")
        yield Remark("no-source", MUST, said, "claim")
    if number := _NUMBER.search(_AGE.sub("", words.text)):
        figure = number[0].strip()
        if not words.sources:
            said = Translatable("“{figure}” is a figure. Please name its source.", figure=figure)
            yield Remark("number-without-source", MUST, said, "claim")
        elif not claims:
            said = Translatable(
                "“{figure}” is a figure, yet the message says it claims no fact. One of them should change.",
                figure=figure,
            )
            yield Remark("number-without-claim", SHOULD, said, "claim")
    hedges = [pattern for language, pattern in lists.hedges if language == words.language]
    if words.claim_strength in {"linked", "reported"} and hedges and not any(h.search(words.text) for h in hedges):
        said = Translatable("Nothing says how sure this is. A “can”, a “may” or “one therapist reports” would.")
        yield Remark("no-hedge", SHOULD, said, "words")


def _phrases(words: LintText, text: str, where: str, lists: WordLists) -> Iterator[Remark]:
    for phrase in lists.phrases:
        if phrase.language != words.language or words.claim_strength in phrase.fits:
            continue
        if found := phrase.find_in(text):
            said = Translatable(
                "“{found}”: {why} Perhaps: “{instead}”",
                found=found,
                why=Translatable(phrase.why),
                instead=phrase.instead,
            )
            yield Remark(phrase.kind, phrase.severity, said, where)


_MARKS: tuple[tuple[str, Severity, re.Pattern[str], Callable[[str], Translatable]], ...] = (
    (
        "address",
        MUST,
        re.compile(
            r"(?:https?://|www\.)\S+|\b[\w-]+\.(?:com|ai|app|io|net|org|me|gg|xyz)\b|(?<!\w)@\w{2,}", re.IGNORECASE
        ),
        lambda found: Translatable(
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
        lambda found: Translatable("“{found}” looks like a place still to be filled.", found=found),
    ),
    (
        "markup",
        SHOULD,
        re.compile(r"</?\w[^>]*>|\*\*|(?<!\w)__|^#+\s", re.MULTILINE),
        lambda found: Translatable("“{found}” is shown as it stands: the words are plain text.", found=found.strip()),
    ),
    (
        "exclamation",
        SHOULD,
        re.compile(r"[!¡]"),
        lambda found: Translatable("An exclamation mark raises the voice. A full stop is calmer."),
    ),
    (
        "capitals",
        SHOULD,
        re.compile(r"\b[^\W\d_a-zß-öø-ÿ]{4,}\b"),
        lambda found: Translatable("“{found}” in capitals reads as shouting.", found=found),
    ),
)


def _marks(text: str, where: str) -> Iterator[Remark]:
    for code, severity, pattern, say in _MARKS:
        found = pattern.search(text)
        if found and (code != "capitals" or found[0].isupper()):
            yield Remark(code, severity, say(found[0]), where)


def _names(text: str, where: str, never_name: Sequence[str]) -> Iterator[Remark]:
    if never_name and (found := phrase_pattern(never_name).search(text)):
        said = Translatable("“{found}” is on the list of names that no message should spread.", found=found[0])
        yield Remark("tool", MUST, said, where)


def is_check_fresh(verified_on: date | None, *, today: date) -> bool:
    """Whether someone opened a help link lately enough. The one place that says what that is."""
    return verified_on is not None and (today - verified_on).days <= STALE_AFTER_DAYS


def check_help_links(links: Sequence[HelpLinkStatus], *, today: date) -> tuple[Remark, ...]:
    """What is missing or stale among the help links that stand beside the words."""
    found = [
        Remark("no-help", MUST, said, "help")
        for lane, said in MISSING_LANE_SENTENCES.items()
        if not any(link.lane == lane for link in links)
    ]
    if unchecked := [f"“{link.name}”" for link in links if link.verified_on is None]:
        said = Translatable(
            "Nobody has said yet that they opened these and they work: {links}.", links=", ".join(unchecked)
        )
        found.append(Remark("unchecked-help", MUST, said, "help"))
    for link in links:
        if link.verified_on and not is_check_fresh(link.verified_on, today=today):
            said = Translatable(
                "“{link}” was last checked {days} days ago; {most} is the most.",
                link=link.name,
                days=(today - link.verified_on).days,
                most=STALE_AFTER_DAYS,
            )
            found.append(Remark("stale-help", MUST, said, "help"))
    return tuple(found)


def check_arms(arms: Sequence[ArmText]) -> tuple[Remark, ...]:
    """Whether arms are alike in length and ease, so that a trial compares what they say and not how long they are."""
    if len(arms) < 2:
        return ()
    found = []
    by_length = sorted(arms, key=lambda arm: len(split_words(arm.words.text)))
    short, long = (len(split_words(arm.words.text)) for arm in (by_length[0], by_length[-1]))
    if long > short * (1 + MAX_LENGTH_DIFFERENCE):
        said = Translatable(
            "“{longest}” has {long} words and “{shortest}” {short}. More than a quarter apart, the trial may measure "
            "length.",
            longest=by_length[-1].name,
            long=long,
            shortest=by_length[0].name,
            short=short,
        )
        found.append(Remark("arms-length", SHOULD, said, "arms"))
    graded = [(r.value, arm.name) for arm in arms if (r := measure_readability(arm.words.text, arm.words.language))]
    if graded and arms[0].words.language == "en":
        (low, easy), (high, hard) = min(graded), max(graded)
        if high - low > 1:
            said = Translatable(
                "“{hard}” reads at grade {high} and “{easy}” at {low}. More than one grade apart, the trial may "
                "measure ease.",
                hard=hard,
                high=format(high, "g"),
                easy=easy,
                low=format(low, "g"),
            )
            found.append(Remark("arms-grade", SHOULD, said, "arms"))
    return tuple(found)
