"""The words for numbers and verdicts: short, in natural frequencies, the same on every page and in every file.

They know of Django its translation alone: functions of values, in the language of whoever reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from django.utils.formats import number_format
from django.utils.translation import gettext, gettext_lazy, ngettext

from campaign.outcomes import Outcome

_VERDICT_NAMES = {
    "better": gettext_lazy("Better"),
    "worse": gettext_lazy("Worse"),
    "no-meaningful-difference": gettext_lazy("No meaningful difference"),
    "cannot-tell-yet": gettext_lazy("Can’t tell yet"),
    "withheld": gettext_lazy("Withheld"),
}


def verdict_name(verdict: str) -> str:
    """A verdict as a heading; empty for none."""
    return str(_VERDICT_NAMES.get(verdict, ""))


def number(value: float, decimals: int = 0) -> str:
    """A number as the reader's language writes it, with a true minus sign: 1234.5 is "1,234.5" or "1 234,5"."""
    return _written(f"{value:.{decimals}f}")


def compact_number(value: float) -> str:
    """A planned number without needless zeros: 2.0 is "2"."""
    return _written(f"{value:g}")


def _written(text: str) -> str:
    return number_format(text, use_l10n=True, force_grouping=True).replace("-", "−")


def signed_number(value: float, decimals: int) -> str:
    """A number with its sign, also where that is a plus; what rounds to nothing is +0."""
    shown = round(value, decimals) + 0.0
    return ("+" if shown >= 0 else "") + number(shown, decimals)


def percent(share: float) -> str:
    """A share of the whole: 0.95 is "95%"."""
    return gettext("%(number)s%%") % {"number": number(share * 100)}


@dataclass(frozen=True, slots=True)
class PeopleScale:
    """The round number of people that rates are told in: 100, or more where an outcome is rare."""

    base: int

    @property
    def people(self) -> str:
        return number(self.base)

    def count(self, share: float) -> str:
        """A share as a whole number of people: 0.437 of 100 is "44"."""
        return number(round(share * self.base))

    def signed(self, share: float) -> str:
        """A difference as one decimal with its sign: 0.0912 of 100 is "+9.1"."""
        return signed_number(share * self.base, 1)


def choose_scale(rates: Sequence[float]) -> PeopleScale:
    """Of 100 people; of 1,000 or 10,000 where the largest rate is so small that whole people would not show it."""
    largest = max((rate for rate in rates if rate > 0), default=1.0)
    for base in (100, 1_000, 10_000):
        if largest * base >= 5:
            return PeopleScale(base)
    return PeopleScale(100_000)


def translate_outcome(outcome: Outcome) -> Outcome:
    """An outcome with its words in the reader's language."""
    return replace(outcome, name=gettext(outcome.name), phrase=outcome_phrase(outcome, 100))


def outcome_phrase(outcome: Outcome, people: int) -> str:
    """What so many people did: "turned back"; the verb of one is another than that of many in most languages."""
    return ngettext(outcome.phrase, outcome.phrase, people)


def translate_reason(text: str) -> str:
    """Why there is no number, as it was stored, in the reader's language where a translation is known."""
    return gettext(text) if text else ""


def range_text(low: str, high: str) -> str:
    """Both ends of an interval: "6 to 12"."""
    return gettext("%(low)s to %(high)s") % {"low": low, "high": high}


def interval_text(low: float, high: float, scale: PeopleScale) -> str:
    """An interval in whole people, as "6 to 12"; with decimals where whole numbers would coincide or hide a sign."""
    ends = [low * scale.base, high * scale.base]
    for decimals in (0, 1, 2):
        shown = [f"{round(end, decimals) + 0.0:.{decimals}f}" for end in ends]
        signs_show = all(float(text) != 0.0 or end == 0.0 for text, end in zip(shown, ends, strict=True))
        if shown[0] != shown[1] and signs_show:
            break
    return range_text(*map(_written, shown))


def difference_phrase(effect: float, scale: PeopleScale) -> str:
    """The size of a difference as a person says it: "9 more", "3 fewer", "less than 1 more"."""
    size = round(abs(effect) * scale.base)
    if not size:
        return gettext("less than 1 more") if effect >= 0 else gettext("less than 1 fewer")
    words = gettext("%(number)s more") if effect >= 0 else gettext("%(number)s fewer")
    return words % {"number": number(size)}


def small_counts_note() -> str:
    """Why small counts are hidden."""
    return gettext("Small counts are hidden so that nobody can be found in them.")


def hidden_count_text(least: int) -> str:
    """What stands in the place of a hidden count."""
    return gettext("fewer than %(least)s") % {"least": least}


def count_text(value: int | None, least: int) -> str:
    """A count with its thousands parted, or what stands in the place of a hidden one."""
    return hidden_count_text(least) if value is None else number(value)


def hidden_reason(least: int) -> str:
    """Why a number is not there."""
    why = gettext("In one of the groups %(few)s people did it, or %(few)s did not.") % {"few": hidden_count_text(least)}
    return f"{why} {small_counts_note()}"


def hidden_comparison_sentence(treated: str, control: str) -> str:
    """What is said of a comparison with a hidden count."""
    return gettext(
        "We cannot tell yet how %(treated)s compares with %(control)s: a count is too small to be shown."
    ) % {"treated": treated, "control": control}


def not_compared_sentence(treated: str, control: str, why: str) -> str:
    """What is said of a comparison that has no estimate."""
    return gettext("The comparison of %(treated)s with %(control)s cannot be made yet: %(why)s") % {
        "treated": treated,
        "control": control,
        "why": translate_reason(why),
    }


def hidden_note(least: int) -> str:
    """What the words in the place of a hidden count mean, said where they stand."""
    few = hidden_count_text(least)
    return gettext("“%(few)s” stands where so few people did it, or so few did not.") % {
        "few": few[:1].upper() + few[1:]
    }


def people_text(value: int | None) -> str:
    """How many people, unless so few that it is hidden."""
    if value is None:
        return gettext("only a few people")
    return ngettext("%(number)s person", "%(number)s people", value) % {"number": number(value)}


def exposure_sentence(value: int | None) -> str:
    """How many people have seen a message, as a sentence of its own."""
    if value is None:
        return gettext("Only a few people have seen a message so far.")
    words = ngettext(
        "%(number)s person has seen a message so far.", "%(number)s people have seen a message so far.", value
    )
    return words % {"number": number(value)}


def earlier_look_sentence(look: int, shown: int, least: int) -> str:
    """Why a look shows the numbers of an earlier one."""
    return gettext(
        "Since look %(shown)s, %(few)s people were added to one of the groups, so look %(look)s still shows what "
        "look %(shown)s showed."
    ) % {"look": look, "shown": shown, "few": hidden_count_text(least)}


def coarse_count(value: int, least: int) -> str:
    """A count for a log or a terminal: never a small one."""
    return hidden_count_text(least) if 0 < value < least else number(value)


def rounded_sample_size(value: int) -> str:
    """A needed sample, rounded up to two figures, because it is a plan and not a measurement."""
    step = 10 ** max(len(str(value)) - 2, 0)
    return number(ceil(value / step) * step)


_FRAME_PHRASES = {
    "neutral": gettext_lazy("the neutral text"),
    "victim": gettext_lazy("the message about harm to the victim"),
    "user": gettext_lazy("the message about harm to you"),
    "both": gettext_lazy("the message with both harms"),
}


def arm_phrase(name: str, frame: str = "", *, unique: bool = False) -> str:
    """An arm inside a sentence: by its frame where only one arm has that frame, else by its quoted name."""
    if unique and frame in _FRAME_PHRASES:
        return str(_FRAME_PHRASES[frame])
    return gettext("“%(name)s”") % {"name": name}


@dataclass(frozen=True, slots=True)
class ComparisonNumbers:
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
    population: str = ""  # of whom the number is said; left out: of people who saw the message


def comparison_sentence(said: ComparisonNumbers, scale: PeopleScale) -> str:
    """One plain sentence for one comparison, whichever way it went."""
    if said.verdict == "withheld":
        return gettext(
            "The comparison of %(treated)s with %(control)s is withheld: they were not shown as often as planned, so "
            "it could mislead."
        ) % {"treated": said.treated, "control": said.control}
    of = gettext("Of %(people)s %(who)s %(treated)s, %(count)s %(phrase)s") % {
        "people": scale.people,
        "who": said.population or gettext("people who saw"),
        "treated": said.treated,
        "count": scale.count(said.treated_rate),
        "phrase": said.phrase,
    }
    known = {
        "of": of,
        "control": said.control,
        "interval": interval_text(said.low, said.high, scale),
        "gap": difference_phrase(said.effect, scale),
        "people": scale.people,
    }
    return _told(said, scale, known) % known


def _told(said: ComparisonNumbers, scale: PeopleScale, known: dict[str, str]) -> str:
    """The sentence with its gaps, by what the verdict allows to say."""
    if said.verdict in ("better", "worse"):
        told = gettext("%(of)s; %(gap)s than with %(control)s (%(interval)s).")
        if said.verdict == "worse":
            told += " " + (gettext("This arm did worse.") if said.higher_is_better else gettext("That is worse."))
        return told
    if said.verdict == "no-meaningful-difference":
        known["small"] = compact_number((said.smallest_difference or max(abs(said.low), abs(said.high))) * scale.base)
        return gettext(
            "%(of)s, about as many as with %(control)s: any difference is smaller than %(small)s in %(people)s "
            "(%(interval)s)."
        )
    if said.low > 0 or said.high < 0:
        return gettext(
            "%(of)s; it looks like %(gap)s than with %(control)s (%(interval)s), but not surely enough among several "
            "questions. We cannot tell yet."
        )
    told = gettext("%(of)s. We cannot tell yet whether that is more or fewer than with %(control)s (%(interval)s).")
    if said.more_per_arm:
        known["more"] = rounded_sample_size(said.more_per_arm)
        told += " " + gettext("About %(more)s more people per arm would tell, if it stays like this.")
    return told


def ordinal_sentence(said: ComparisonNumbers) -> str:
    """One sentence for one comparison of ratings: in how many of 100 pairs one person answers higher.

    `effect`, `low` and `high` are what that share is beyond one half.
    """
    if said.verdict == "withheld":
        return comparison_sentence(said, PeopleScale(100))
    known = {
        "wins": number(round((0.5 + said.effect) * 100)),
        "treated": said.treated,
        "control": said.control,
        "ends": interval_text(0.5 + said.low, 0.5 + said.high, PeopleScale(100)),
    }
    if said.verdict == "no-meaningful-difference":
        return (
            gettext(
                "In %(wins)s of 100 pairs, one person from each message, the one with %(treated)s answers higher than "
                "the one with %(control)s (%(ends)s): as good as even."
            )
            % known
        )
    told = [
        gettext(
            "In %(wins)s of 100 pairs, one person from each message, the one with %(treated)s answers higher than the "
            "one with %(control)s (%(ends)s; 50 would be no difference)."
        )
        % known
    ]
    if said.verdict == "worse":
        told.append(gettext("That is worse."))
    elif said.verdict != "better":
        told.append(gettext("We cannot tell yet."))
        if said.more_per_arm:
            told.append(
                gettext("About %(more)s more answers per arm would tell.")
                % {"more": rounded_sample_size(said.more_per_arm)}
            )
    return " ".join(told)


_TERM_NAMES = {
    "victim": gettext_lazy("Harm to the victim, with or without the other"),
    "user": gettext_lazy("Harm to you, with or without the other"),
    "interaction": gettext_lazy("Both together, beyond their sum"),
    "both-minus-victim": gettext_lazy("Harm to you, on top of harm to the victim"),
}


def term_name(term: str) -> str:
    """What one contrast of the factorial asks."""
    return str(_TERM_NAMES[term])


def contrast_sentence(
    term: str, verdict: str, effect: float | None, low: float | None, high: float | None, scale: PeopleScale
) -> str:
    """One contrast of the factorial in a sentence."""
    if verdict == "withheld" or effect is None or low is None or high is None:
        return gettext("Withheld, because the split is broken.")
    numbers = gettext("%(effect)s in %(people)s (%(interval)s)") % {
        "effect": scale.signed(effect),
        "people": scale.people,
        "interval": interval_text(low, high, scale),
    }
    if term == "interaction":
        return _together(verdict) % {"numbers": numbers}
    return gettext("%(question)s: %(numbers)s. %(verdict)s.") % {
        "question": term_name(term),
        "numbers": numbers,
        "verdict": verdict_name(verdict),
    }


def _together(verdict: str) -> str:
    if verdict == "better":
        return gettext("Together they do more than their sum: %(numbers)s.")
    if verdict == "worse":
        return gettext("Together they do less than their sum, so one takes away from the other: %(numbers)s.")
    if verdict == "no-meaningful-difference":
        return gettext("Together they add up, neither cancels the other: %(numbers)s.")
    return gettext("We cannot tell yet whether together they do more or less than their sum: %(numbers)s.")


def tipping_sentence(tips_at: int | None, *, was_significant: bool) -> str:
    """How little would turn one comparison, as for a single look."""
    if tips_at is None:
        return gettext("Nothing that this message’s people could have done would turn it.")
    told = (
        ngettext(
            "If %(number)s person had done otherwise, it would no longer be significant.",
            "If %(number)s people had done otherwise, it would no longer be significant.",
            tips_at,
        )
        if was_significant
        else ngettext(
            "If %(number)s person had done otherwise, it would be significant.",
            "If %(number)s people had done otherwise, it would be significant.",
            tips_at,
        )
    )
    return told % {"number": number(tips_at)}


def p_value(p: float) -> str:
    """A p-value for people: three decimals, or "below 0.001"."""
    return gettext("below %(number)s") % {"number": number(0.001, 3)} if p < 0.001 else number(p, 3)
