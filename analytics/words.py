"""PURE  The words for numbers and verdicts: short, in natural frequencies, the same on every page and in every file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

VERDICT_NAMES = {
    "better": "Better",
    "worse": "Worse",
    "no-meaningful-difference": "No meaningful difference",
    "cannot-tell-yet": "Can’t tell yet",
    "withheld": "Withheld",
}


@dataclass(frozen=True, slots=True)
class Scale:
    """The round number of people that rates are told in: 100, or more where an outcome is rare."""

    base: int

    @property
    def people(self) -> str:
        return f"{self.base:,}"

    def count(self, share: float) -> str:
        """A share as a whole number of people: 0.437 of 100 is "44"."""
        return f"{round(share * self.base):,}"

    def signed(self, share: float) -> str:
        """A difference as one decimal with its sign: 0.0912 of 100 is "+9.1"."""
        value = round(share * self.base, 1)
        return f"{value + 0.0:+.1f}".replace("-", "−")


def scale_for(rates: Sequence[float]) -> Scale:
    """Of 100 people; of 1,000 or 10,000 where the largest rate is so small that whole people would not show it."""
    largest = max((rate for rate in rates if rate > 0), default=1.0)
    for base in (100, 1_000, 10_000):
        if largest * base >= 5:
            return Scale(base)
    return Scale(100_000)


def span(low: float, high: float, scale: Scale) -> str:
    """An interval in whole people, as "6 to 12"; with decimals where whole numbers would coincide or hide a sign."""
    ends = [low * scale.base, high * scale.base]
    for decimals in (0, 1, 2):
        shown = [f"{round(end, decimals) + 0.0:.{decimals}f}" for end in ends]
        signs_show = all(float(text) != 0.0 or end == 0.0 for text, end in zip(shown, ends, strict=True))
        if shown[0] != shown[1] and signs_show:
            break
    return " to ".join(shown).replace("-", "−")


def gap(effect: float, scale: Scale) -> str:
    """The size of a difference as a person says it: "9 more", "3 fewer", "less than 1 more"."""
    size = abs(effect) * scale.base
    way = "more" if effect >= 0 else "fewer"
    return f"{round(size)} {way}" if round(size) else f"less than 1 {way}"


SMALL_COUNTS = "Small counts are hidden so that nobody can be found in them."


def fewer_than(least: int) -> str:
    """What stands in the place of a hidden count."""
    return f"fewer than {least}"


def count(number: int | None, least: int) -> str:
    """A count with its thousands parted, or what stands in the place of a hidden one."""
    return fewer_than(least) if number is None else f"{number:,}"


def hidden_reason(least: int) -> str:
    """Why a number is not there."""
    return f"In one of the groups {fewer_than(least)} people did it, or {fewer_than(least)} did not. {SMALL_COUNTS}"


def hidden_sentence(treated: str, control: str) -> str:
    """What is said of a comparison with a hidden count."""
    return f"We cannot tell yet how {treated} compares with {control}: a count is too small to be shown."


def hidden_note(least: int) -> str:
    """What the words in the place of a hidden count mean, said where they stand."""
    return f"“{fewer_than(least).capitalize()}” stands where so few people did it, or so few did not."


def people(count: int | None) -> str:
    """How many people, unless so few that it is hidden."""
    return "only a few people" if count is None else f"{count:,} {'person' if count == 1 else 'people'}"


def held_sentence(look: int, shown: int, least: int) -> str:
    """Why a look shows the numbers of an earlier one."""
    return (
        f"Since look {shown}, {fewer_than(least)} people were added to one of the groups, so look {look} still shows "
        f"what look {shown} showed."
    )


def many_or_few(count: int, least: int) -> str:
    """A count for a log or a terminal: never a small one."""
    return fewer_than(least) if 0 < count < least else f"{count:,}"


def many(count: int) -> str:
    """A needed sample, rounded up to two figures, because it is a plan and not a measurement."""
    step = 10 ** max(len(str(count)) - 2, 0)
    return f"{ceil(count / step) * step:,}"


_FRAME_PHRASES = {
    "neutral": "the neutral text",
    "victim": "the message about harm to the victim",
    "user": "the message about harm to you",
    "both": "the message with both harms",
}


def arm_phrase(name: str, frame: str = "", *, unique: bool = False) -> str:
    """An arm inside a sentence: by its frame where only one arm has that frame, else by its quoted name."""
    return _FRAME_PHRASES[frame] if unique and frame in _FRAME_PHRASES else f"“{name}”"


@dataclass(frozen=True, slots=True)
class Said:
    """The numbers that one comparison's sentence needs; shares from 0 to 1."""

    treated: str  # as arm_phrase says it
    control: str
    phrase: str  # what people did: "turned back"
    higher_is_better: bool
    treated_rate: float
    effect: float
    low: float
    high: float
    verdict: str
    smallest_difference: float | None
    more_per_arm: int | None
    who: str = "people who saw"


def comparison_sentence(said: Said, scale: Scale) -> str:
    """One plain sentence for one comparison, whichever way it went."""
    of = f"Of {scale.people} {said.who} {said.treated}, {scale.count(said.treated_rate)} {said.phrase}"
    interval = span(said.low, said.high, scale)
    if said.verdict == "withheld":
        return (
            f"The comparison of {said.treated} with {said.control} is withheld: they were not shown as often "
            "as planned, so it could mislead."
        )
    if said.verdict in ("better", "worse"):
        end = "" if said.verdict == "better" else " This arm did worse." if said.higher_is_better else " That is worse."
        return f"{of}; {gap(said.effect, scale)} than with {said.control} ({interval}).{end}"
    if said.verdict == "no-meaningful-difference":
        small = (said.smallest_difference or max(abs(said.low), abs(said.high))) * scale.base
        return (
            f"{of}, about as many as with {said.control}: any difference is smaller than {small:g} "
            f"in {scale.people} ({interval})."
        )
    if said.low > 0 or said.high < 0:
        return (
            f"{of}; it looks like {gap(said.effect, scale)} than with {said.control} ({interval}), "
            "but not surely enough among several questions. We cannot tell yet."
        )
    more = (
        f" About {many(said.more_per_arm)} more people per arm would tell, if it stays like this."
        if said.more_per_arm
        else ""
    )
    return f"{of}. We cannot tell yet whether that is more or fewer than with {said.control} ({interval}).{more}"


def ordered_sentence(said: Said) -> str:
    """One sentence for one comparison of ratings: in how many of 100 pairs one person answers higher.

    `effect`, `low` and `high` are what that share is beyond one half.
    """
    wins = f"In {round((0.5 + said.effect) * 100)} of 100 pairs, one person from each message"
    told = f"{wins}, the one with {said.treated} answers higher than the one with {said.control}"
    ends = span(0.5 + said.low, 0.5 + said.high, Scale(100))
    if said.verdict == "withheld":
        return comparison_sentence(said, Scale(100))
    if said.verdict in ("better", "worse"):
        return f"{told} ({ends}; 50 would be no difference)." + (" That is worse." if said.verdict == "worse" else "")
    if said.verdict == "no-meaningful-difference":
        return f"{told} ({ends}): as good as even."
    more = f" About {many(said.more_per_arm)} more answers per arm would tell." if said.more_per_arm else ""
    return f"{told} ({ends}; 50 would be no difference). We cannot tell yet.{more}"


TERM_NAMES = {
    "victim": "Harm to the victim, with or without the other",
    "user": "Harm to you, with or without the other",
    "interaction": "Both together, beyond their sum",
    "both-minus-victim": "Harm to you, on top of harm to the victim",
}


def contrast_sentence(
    term: str, verdict: str, effect: float | None, low: float | None, high: float | None, scale: Scale
) -> str:
    """One contrast of the factorial in a sentence."""
    if verdict == "withheld" or effect is None or low is None or high is None:
        return "Withheld, because the split is broken."
    numbers = f"{scale.signed(effect)} in {scale.people} ({span(low, high, scale)})"
    if term == "interaction":
        return {
            "better": f"Together they do more than their sum: {numbers}.",
            "worse": f"Together they do less than their sum, so one takes away from the other: {numbers}.",
            "no-meaningful-difference": f"Together they add up, neither cancels the other: {numbers}.",
        }.get(verdict, f"We cannot tell yet whether together they do more or less than their sum: {numbers}.")
    return f"{TERM_NAMES[term]}: {numbers}. {VERDICT_NAMES[verdict]}."


def tipping_sentence(tips_at: int | None, *, was_significant: bool) -> str:
    """How little would turn one comparison, as for a single look."""
    if tips_at is None:
        return "Nothing that this message’s people could have done would turn it."
    many_people = f"{tips_at:,} {'person' if tips_at == 1 else 'people'}"
    if was_significant:
        return f"If {many_people} had done otherwise, it would no longer be significant."
    return f"If {many_people} had done otherwise, it would be significant."


def p_value(p: float) -> str:
    """A p-value for people: three decimals, or "below 0.001"."""
    return "below 0.001" if p < 0.001 else f"{p:.3f}"
