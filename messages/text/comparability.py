"""Say in what arms differ beside their appeal: a trial of texts that differ in more measures that as well.

What is compared: length, ease, where the buttons stand on a phone, and whether a text names the subject, cites a
source, offers a way out or another step, or has a sentence about its reader. The last is the appeal itself of texts
about the cost to the reader, so it is compared among the others alone. The words are listed in `lint.toml`.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce

from messages.text.lint import SHOULD, LintText, Remark, WordLists, default_word_lists
from messages.text.page_layout import LINE_HEIGHT, PHONE_WIDTH, button_position
from messages.text.readability import Readability, measure_readability, split_sentences, split_words
from messages.text.translatable import Translatable

MAX_LENGTH_DIFFERENCE = 0.10  # as a share of the shorter arm's words
MAX_GRADE_DIFFERENCE, MAX_EASE_DIFFERENCE = 1.0, 10.0  # ten points of ease are about one grade
MAX_LINES_APART = 1.5  # one line more or less comes from the fonts of phones
_ABOUT_THE_READER = frozenset({"user", "both"})  # frames whose appeal is the reader


@dataclass(frozen=True, slots=True)
class ComparedText:
    """The text of one arm in the language that is compared, and its frame; empty if that is not known."""

    name: str
    words: LintText
    frame: str = ""


@dataclass(frozen=True, slots=True)
class TextFacts:
    """What texts are compared by; None where a language has no formula or no list."""

    words: int
    characters: int
    readability: Readability | None
    button_position: float
    names_subject: bool | None
    cites_source: bool | None
    offers_way_out: bool | None
    suggests_step: bool | None
    speaks_of_reader: bool | None


@lru_cache(maxsize=1024)  # approved text never changes
def measure_text(text: LintText) -> TextFacts:
    """The facts of one text, by the word lists of `lint.toml`."""
    lists = default_word_lists()

    def says(name: str) -> bool | None:
        pattern = lists.marks.get((text.language, name))
        return None if pattern is None else bool(pattern.search(text.text))

    return TextFacts(
        words=len(split_words(text.text)),
        characters=len(" ".join(text.text.split())),
        readability=measure_readability(text.text, text.language),
        button_position=button_position(text.headline, text.body),
        names_subject=says("subject"),
        cites_source=says("source"),
        offers_way_out=says("way-out"),
        suggests_step=says("step"),
        speaks_of_reader=_speaks_of_reader(text, lists),
    )


def _speaks_of_reader(text: LintText, lists: WordLists) -> bool | None:
    """Whether a sentence is about the reader; what it says that they can do is none."""
    reader, choice = (lists.marks.get((text.language, name)) for name in ("reader", "choice"))
    if reader is None or choice is None:
        return None
    return any(reader.search(choice.sub("", sentence)) for sentence in split_sentences(text.text))


def check_arms(arms: Sequence[ComparedText]) -> tuple[Remark, ...]:
    """One remark for each difference between the arms beside their appeal."""
    if len(arms) < 2:
        return ()
    facts = [(arm, measure_text(arm.words)) for arm in arms]
    return tuple(remark for rule in _RULES for remark in rule(facts))


_Facts = Sequence[tuple[ComparedText, TextFacts]]


def _check_length(arms: _Facts) -> Iterator[Remark]:
    by_length = sorted(arms, key=lambda pair: pair[1].words)
    (shortest, short), (longest, long) = by_length[0], by_length[-1]
    if long.words > short.words * (1 + MAX_LENGTH_DIFFERENCE):
        sentence = Translatable(
            "The lengths differ: “{longest}” has {long} words and “{shortest}” has {short}. That alone "
            "could change the result.",
            longest=longest.name,
            long=long.words,
            shortest=shortest.name,
            short=short.words,
        )
        yield Remark("arms-length", SHOULD, sentence, "arms")


def _check_ease(arms: _Facts) -> Iterator[Remark]:
    measured = [(facts.readability, arm.name) for arm, facts in arms if facts.readability]
    if not measured:
        return
    (low, first), (high, second) = (choose(measured, key=lambda pair: pair[0].value) for choose in (min, max))
    names = {"first": first, "low": f"{low.value:g}", "second": second, "high": f"{high.value:g}"}
    if low.higher_is_easier and high.value - low.value > MAX_EASE_DIFFERENCE:
        sentence = Translatable(
            "Reading levels differ: “{second}” has a reading ease of {high} and “{first}” of {low}. That "
            "alone could change the result.",
            **names,
        )
        yield Remark("arms-grade", SHOULD, sentence, "arms")
    elif not low.higher_is_easier and high.value - low.value > MAX_GRADE_DIFFERENCE:
        sentence = Translatable(
            "Reading levels differ: “{second}” reads at grade {high} and “{first}” at grade {low}. That "
            "alone could change the result.",
            **names,
        )
        yield Remark("arms-grade", SHOULD, sentence, "arms")


def _check_buttons(arms: _Facts) -> Iterator[Remark]:
    by_position = sorted(arms, key=lambda pair: pair[1].button_position)
    (higher, high), (lower, low) = by_position[0], by_position[-1]
    apart = low.button_position - high.button_position
    if apart > MAX_LINES_APART * LINE_HEIGHT:
        sentence = Translatable(
            "On a phone {width} pixels wide, the buttons are about {apart} pixels lower under “{lower}” "
            "than under “{higher}”.",
            width=PHONE_WIDTH,
            apart=round(apart),
            lower=lower.name,
            higher=higher.name,
        )
        yield Remark("arms-buttons", SHOULD, sentence, "arms")


# Code, the fact, and the sentence for arms of which some have it.
_MARKS: tuple[tuple[str, Callable[[TextFacts], bool | None], Callable[[str, str], Translatable]], ...] = (
    (
        "arms-subject",
        lambda facts: facts.names_subject,
        lambda some, others: Translatable(
            "“{some}” says that it is about fakes or nudes, and “{others}” does not.", some=some, others=others
        ),
    ),
    (
        "arms-source",
        lambda facts: facts.cites_source,
        lambda some, others: Translatable(
            "“{some}” cites a source, and “{others}” does not.", some=some, others=others
        ),
    ),
    (
        "arms-way-out",
        lambda facts: facts.offers_way_out,
        lambda some, others: Translatable(
            "“{some}” offers a way out, such as “You can stop here”, and “{others}” does not.", some=some, others=others
        ),
    ),
    (
        "arms-step",
        lambda facts: facts.suggests_step,
        lambda some, others: Translatable(
            "“{some}” suggests another step, such as a call or help, and “{others}” does not.", some=some, others=others
        ),
    ),
)


def _check_marks(arms: _Facts) -> Iterator[Remark]:
    for code, fact, describe in _MARKS:
        yield from _check_mark(code, fact, describe, arms)


def _check_reader(arms: _Facts) -> Iterator[Remark]:
    others = [(arm, facts) for arm, facts in arms if arm.frame and arm.frame not in _ABOUT_THE_READER]
    yield from _check_mark(
        "arms-reader",
        lambda facts: facts.speaks_of_reader,
        lambda some, others: Translatable(
            "“{some}” has a sentence about the reader, and “{others}” does not.", some=some, others=others
        ),
        others,
    )


def _check_mark(
    code: str, fact: Callable[[TextFacts], bool | None], describe: Callable[[str, str], Translatable], arms: _Facts
) -> Iterator[Remark]:
    with_it = [arm.name for arm, facts in arms if fact(facts) is True]
    without = [arm.name for arm, facts in arms if fact(facts) is False]
    if with_it and without:
        yield Remark(code, SHOULD, describe(_names(with_it), _names(without)), "arms")


def _names(names: Collection[str]) -> str:
    """The names as they stand between the quotation marks of a sentence."""
    return reduce(lambda first, other: Translatable("{first}”, “{other}", first=first, other=other), names)


_RULES = (_check_length, _check_ease, _check_buttons, _check_marks, _check_reader)
