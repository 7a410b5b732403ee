"""Words for numbers and verdicts: short, in natural frequencies, the same on every page and in every file.

Functions of values in the reader's language; of Django they use translation and number formats alone.
"""

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
    """A verdict as a heading; empty for an unknown one."""
    return str(_VERDICT_NAMES.get(verdict, ""))


def number(value: float, decimals: int = 0) -> str:
    """Format a number in the reader's language with a true minus sign: 1234.5 is "1,234.5" or "1 234,5"."""
    return _localize(f"{value:.{decimals}f}")


def compact_number(value: float) -> str:
    """Format a number without trailing zeros: 2.0 is "2"."""
    return _localize(f"{value:g}")


def _localize(text: str) -> str:
    return number_format(text, use_l10n=True, force_grouping=True).replace("-", "−")


def signed_number(value: float, decimals: int) -> str:
    """Format a number with its sign, a plus included; what rounds to zero is +0."""
    shown = round(value, decimals) + 0.0
    return ("+" if shown >= 0 else "") + number(shown, decimals)


def percent(share: float) -> str:
    """Format a share: 0.95 is "95%"."""
    return gettext("%(number)s%%") % {"number": number(share * 100)}


@dataclass(frozen=True, slots=True)
class PeopleScale:
    """The round number of people that rates refer to: 100, or more for a rare outcome."""

    base: int

    @property
    def people(self) -> str:
        return number(self.base)

    def count(self, share: float) -> str:
        """Format a share as whole people: 0.437 of 100 is "44"."""
        return number(round(share * self.base))

    def signed(self, share: float) -> str:
        """Format a difference with its sign and one decimal: 0.0912 of 100 is "+9.1"."""
        return signed_number(share * self.base, 1)


def choose_scale(rates: Sequence[float]) -> PeopleScale:
    """Choose 100 people, or more if the largest rate is too small to show in whole people."""
    largest = max((rate for rate in rates if rate > 0), default=1.0)
    for base in (100, 1_000, 10_000):
        if largest * base >= 5:
            return PeopleScale(base)
    return PeopleScale(100_000)


def translate_outcome(outcome: Outcome) -> Outcome:
    """An outcome with name and phrase in the reader's language."""
    return replace(outcome, name=gettext(outcome.name), phrase=outcome_phrase(outcome, 100))


def outcome_phrase(outcome: Outcome, people: int) -> str:
    """What a number of people did, such as "turned back", in the plural form that the number takes."""
    return ngettext(outcome.phrase, outcome.phrase, people)


def translate_reason(text: str) -> str:
    """Translate a stored reason why there is no number, if a translation exists."""
    return gettext(text) if text else ""


def range_text(low: str, high: str) -> str:
    """Format the ends of an interval: "6 to 12"."""
    return gettext("%(low)s to %(high)s") % {"low": low, "high": high}


def interval_text(low: float, high: float, scale: PeopleScale) -> str:
    """Format an interval in whole people; with decimals where those would coincide or lose a sign."""
    ends = [low * scale.base, high * scale.base]
    for decimals in (0, 1, 2):
        shown = [f"{round(end, decimals) + 0.0:.{decimals}f}" for end in ends]
        signs_show = all(float(text) != 0.0 or end == 0.0 for text, end in zip(shown, ends, strict=True))
        if shown[0] != shown[1] and signs_show:
            break
    return range_text(*map(_localize, shown))


def difference_phrase(effect: float, scale: PeopleScale) -> str:
    """Format a difference: "9 more", "3 fewer", "less than 1 more"."""
    size = round(abs(effect) * scale.base)
    if not size:
        return gettext("less than 1 more") if effect >= 0 else gettext("less than 1 fewer")
    words = gettext("%(number)s more") if effect >= 0 else gettext("%(number)s fewer")
    return words % {"number": number(size)}


def small_counts_note() -> str:
    """Explain why small counts are suppressed."""
    return gettext("Small counts are hidden so that nobody can be found in them.")


def hidden_count_text(least: int) -> str:
    """Text in place of a suppressed count."""
    return gettext("fewer than %(least)s") % {"least": least}


def count_text(value: int | None, least: int) -> str:
    """Format a count with thousands separators, or the text in place of a suppressed one."""
    return hidden_count_text(least) if value is None else number(value)


def hidden_reason(least: int) -> str:
    """Explain why a number is suppressed."""
    why = gettext(
        "In one of the groups %(few)s people did it, or %(few)s did not, or it would tell of so few beside other "
        "numbers."
    ) % {"few": hidden_count_text(least)}
    return f"{why} {small_counts_note()}"


def hidden_comparison_sentence(treated: str, control: str) -> str:
    """Describe a comparison with a suppressed count."""
    return gettext(
        "We cannot tell yet how %(treated)s compares with %(control)s: a count is too small to be shown."
    ) % {"treated": treated, "control": control}


def not_compared_sentence(treated: str, control: str, why: str) -> str:
    """Describe a comparison without an estimate."""
    values = {"treated": treated, "control": control, "why": translate_reason(why)}
    return gettext("The comparison of %(treated)s with %(control)s cannot be made yet: %(why)s") % values


def hidden_note(least: int) -> str:
    """Explain the text in place of a suppressed count."""
    few = hidden_count_text(least)
    values = {"few": few[:1].upper() + few[1:]}
    return (
        gettext(
            "“%(few)s” stands where so few people did it, or so few did not, or the number would tell of so few beside "
            "others."
        )
        % values
    )


def people_text(value: int | None) -> str:
    """Format a number of people, or the text in place of a suppressed one."""
    if value is None:
        return gettext("only a few people")
    return ngettext("%(number)s person", "%(number)s people", value) % {"number": number(value)}


def exposure_sentence(value: int | None) -> str:
    """State how many people have seen a message, in one sentence."""
    if value is None:
        return gettext("Only a few people have seen a message so far.")
    words = ngettext(
        "%(number)s person has seen a message so far.", "%(number)s people have seen a message so far.", value
    )
    return words % {"number": number(value)}


def earlier_look_sentence(look: int, shown: int, least: int) -> str:
    """Explain why a look shows the numbers of an earlier one."""
    return gettext(
        "Since look %(shown)s, %(few)s people were added to one of the groups, so look %(look)s still shows what "
        "look %(shown)s showed."
    ) % {"look": look, "shown": shown, "few": hidden_count_text(least)}


def coarse_count(value: int, least: int) -> str:
    """Format a count for a log or a terminal, to one figure: exact ones beside each other disclose a small one."""
    if value < least:
        return hidden_count_text(least) if value else number(value)
    return f"about {number(to_one_figure(value))}"


def to_one_figure(value: float) -> int:
    """Round to one significant figure: 37 to 40, 1,234 to 1,000."""
    whole = max(round(value), 1)
    step: int = 10 ** (len(str(whole)) - 1)
    return round(whole / step) * step


def to_two_figures(value: int) -> int:
    """Round a sample size up to two figures, because it is a plan and not a measurement."""
    step: int = 10 ** max(len(str(value)) - 2, 0)
    return ceil(value / step) * step


@dataclass(frozen=True, slots=True)
class PeopleRange:
    """How many more people in all it takes to tell, and the middle half of what may come; None where not known."""

    likely: int
    low: int | None = None
    high: int | None = None


def people_range(likely: int, low: int | None, high: int | None, *, arms: int) -> PeopleRange:
    """People in all from means per arm."""
    return PeopleRange(likely * arms, low and low * arms, high and high * arms)


def more_people_sentence(more: PeopleRange) -> str:
    """State how many more people in all would tell, and how far that may change."""
    values = {"more": number(to_two_figures(more.likely))}
    if more.low is None or more.low == more.high:
        return gettext("About %(more)s more people in all would tell, if it stays like this.") % values
    if more.high is None:
        return (
            gettext(
                "About %(more)s more people in all would tell, if it stays like this; in one of four such cases no "
                "number of the plan does."
            )
            % values
        )
    values |= {"low": number(to_two_figures(more.low)), "high": number(to_two_figures(more.high))}
    return (
        gettext(
            "About %(more)s more people in all would tell, if it stays like this; in half of such cases it takes "
            "%(low)s to %(high)s."
        )
        % values
    )


_FRAME_PHRASES = {
    "neutral": gettext_lazy("the neutral text"),
    "victim": gettext_lazy("the message about harm to the victim"),
    "user": gettext_lazy("the message about harm to you"),
    "both": gettext_lazy("the message with both harms"),
}


def arm_phrase(name: str, frame: str = "", *, unique: bool = False) -> str:
    """Name an arm inside a sentence: by its frame if no other arm has that frame, else by its quoted name."""
    if unique and frame in _FRAME_PHRASES:
        return str(_FRAME_PHRASES[frame])
    return gettext("“%(name)s”") % {"name": name}


@dataclass(frozen=True, slots=True)
class ComparisonNumbers:
    """The numbers in one comparison's sentence; shares from 0 to 1."""

    treated: str  # from arm_phrase
    control: str
    phrase: str  # the outcome, such as "turned back"
    higher_is_better: bool
    treated_rate: float
    effect: float
    low: float
    high: float
    verdict: str
    smallest_difference: float | None
    more: PeopleRange | None
    population: str = ""  # whom the rate refers to; by default people who saw the message


def comparison_sentence(numbers: ComparisonNumbers, scale: PeopleScale) -> str:
    """Describe one comparison in one sentence, whatever its verdict."""
    if numbers.verdict == "withheld":
        return gettext(
            "The comparison of %(treated)s with %(control)s is withheld, because it could mislead: the reason stands "
            "at the top of the results."
        ) % {"treated": numbers.treated, "control": numbers.control}
    of = gettext("Of %(people)s %(who)s %(treated)s, %(count)s %(phrase)s") % {
        "people": scale.people,
        "who": numbers.population or gettext("people who saw"),
        "treated": numbers.treated,
        "count": scale.count(numbers.treated_rate),
        "phrase": numbers.phrase,
    }
    known = {
        "of": of,
        "control": numbers.control,
        "interval": interval_text(numbers.low, numbers.high, scale),
        "gap": difference_phrase(numbers.effect, scale),
        "people": scale.people,
    }
    sentence = _sentence_template(numbers, scale, known) % known
    return f"{sentence} {more_people_sentence(numbers.more)}" if numbers.more else sentence


def _sentence_template(numbers: ComparisonNumbers, scale: PeopleScale, known: dict[str, str]) -> str:
    """The sentence for a verdict, with placeholders. Adds to `known` what it needs."""
    if numbers.verdict in ("better", "worse"):
        sentence = gettext("%(of)s; %(gap)s than with %(control)s (%(interval)s).")
        if numbers.verdict == "worse":
            sentence += " " + (
                gettext("This arm did worse.") if numbers.higher_is_better else gettext("That is worse.")
            )
        return sentence
    if numbers.verdict == "no-meaningful-difference":
        known["small"] = compact_number(
            (numbers.smallest_difference or max(abs(numbers.low), abs(numbers.high))) * scale.base
        )
        return gettext(
            "%(of)s, about as many as with %(control)s: any difference is smaller than %(small)s in %(people)s "
            "(%(interval)s)."
        )
    if numbers.low > 0 or numbers.high < 0:
        return gettext(
            "%(of)s; it looks like %(gap)s than with %(control)s (%(interval)s), but not surely enough among several "
            "questions. We cannot tell yet."
        )
    return gettext("%(of)s. We cannot tell yet whether that is more or fewer than with %(control)s (%(interval)s).")


def ordinal_sentence(numbers: ComparisonNumbers) -> str:
    """Describe one comparison of ratings. `effect`, `low` and `high` are shares of higher answers minus a half."""
    if numbers.verdict == "withheld":
        return comparison_sentence(numbers, PeopleScale(100))
    known = {
        "wins": number(round((0.5 + numbers.effect) * 100)),
        "treated": numbers.treated,
        "control": numbers.control,
        "ends": interval_text(0.5 + numbers.low, 0.5 + numbers.high, PeopleScale(100)),
    }
    if numbers.verdict == "no-meaningful-difference":
        return (
            gettext(
                "In %(wins)s of 100 pairs, one person from each message, the one with %(treated)s answers higher than "
                "the one with %(control)s (%(ends)s): as good as even."
            )
            % known
        )
    sentences = [
        gettext(
            "In %(wins)s of 100 pairs, one person from each message, the one with %(treated)s answers higher than the "
            "one with %(control)s (%(ends)s; 50 would be no difference)."
        )
        % known
    ]
    if numbers.verdict == "worse":
        sentences.append(gettext("That is worse."))
    elif numbers.verdict != "better":
        sentences.append(gettext("We cannot tell yet."))
        if numbers.more:
            more = {"more": number(to_two_figures(numbers.more.likely))}
            sentences.append(gettext("About %(more)s more answers in all would tell.") % more)
    return " ".join(sentences)


_TERM_NAMES = {
    "victim": gettext_lazy("Harm to the victim, with or without the other"),
    "user": gettext_lazy("Harm to you, with or without the other"),
    "interaction": gettext_lazy("Both together, beyond their sum"),
    "both-minus-victim": gettext_lazy("Harm to you, on top of harm to the victim"),
}


def term_name(term: str) -> str:
    """The question of one contrast of the factorial."""
    return str(_TERM_NAMES[term])


def contrast_sentence(
    term: str, verdict: str, effect: float | None, low: float | None, high: float | None, scale: PeopleScale
) -> str:
    """Describe one contrast of the factorial in a sentence."""
    if verdict == "withheld" or effect is None or low is None or high is None:
        return gettext("Withheld, because the split is broken.")
    values = {"effect": scale.signed(effect), "people": scale.people, "interval": interval_text(low, high, scale)}
    effect_text = gettext("%(effect)s in %(people)s (%(interval)s)") % values
    if term == "interaction":
        return _interaction_template(verdict) % {"numbers": effect_text}
    values = {"question": term_name(term), "numbers": effect_text, "verdict": verdict_name(verdict)}
    return gettext("%(question)s: %(numbers)s. %(verdict)s.") % values


def _interaction_template(verdict: str) -> str:
    if verdict == "better":
        return gettext("Together they do more than their sum: %(numbers)s.")
    if verdict == "worse":
        return gettext("Together they do less than their sum, so one takes away from the other: %(numbers)s.")
    if verdict == "no-meaningful-difference":
        return gettext("Together they add up, neither cancels the other: %(numbers)s.")
    return gettext("We cannot tell yet whether together they do more or less than their sum: %(numbers)s.")


def tipping_sentence(tips_at: int | None, *, was_significant: bool) -> str:
    """State how many people would have to change their outcome to turn one comparison."""
    if tips_at is None:
        return gettext("Nothing that this message’s people could have done would turn it.")
    sentence = (
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
    return sentence % {"number": number(tips_at)}


MANY_NETWORKS = 100


def one_network_sentence(move: float, networks: int | None, scale: PeopleScale) -> str:
    """State how far one network could have moved a difference, and how many it would take to turn the verdict."""
    if not move:
        return ""
    moved = gettext("One network could have moved it by at most %(number)s of %(people)s people.") % {
        "number": number(move * scale.base, 1),
        "people": scale.people,
    }
    if networks is None:
        return moved
    if networks == 1:
        return f"{moved} " + gettext("That could turn the answer, so it is not given yet.")
    if networks > MANY_NETWORKS:
        return f"{moved} " + gettext("More than 100 hostile networks would be needed to turn the answer.")
    needed = ngettext(
        "About %(number)s hostile network would be needed to turn the answer.",
        "About %(number)s hostile networks would be needed to turn the answer.",
        networks,
    )
    return f"{moved} " + needed % {"number": number(networks)}


def p_value(p: float) -> str:
    """Format a p-value with three decimals, or as "below 0.001"."""
    return gettext("below %(number)s") % {"number": number(0.001, 3)} if p < 0.001 else number(p, 3)
