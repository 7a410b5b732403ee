"""Which sentence is said of a comparison: that of the first rule that holds. docs/statistics.md lists the rules.

Rules look at the verdict, the interval and the p-values, never at a rounded number.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Literal, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, ngettext

from analytics.wording.numbers import (
    PeopleScale,
    compact_number,
    decimals_needed,
    difference_phrase,
    interval_in,
    interval_text,
    number,
    to_two_figures,
)
from analytics.wording.people import PeopleRange, more_people_sentence
from campaign.outcomes import Outcome

Groups = Literal["", "placements", "strata"]
CLAIMS = ("better", "worse", "higher", "lower")
"""The verdicts that call a difference, with a good direction or without one."""

_VERDICT_NAMES = {
    "better": gettext_lazy("Better"),
    "worse": gettext_lazy("Worse"),
    "higher": gettext_lazy("Higher"),
    "lower": gettext_lazy("Lower"),
    "no-meaningful-difference": gettext_lazy("No meaningful difference"),
    "cannot-tell-yet": gettext_lazy("Can’t tell yet"),
    "withheld": gettext_lazy("Withheld"),
}

_FRAME_PHRASES = {
    "neutral": gettext_lazy("the neutral text"),
    "victim": gettext_lazy("the message about harm to the victim"),
    "user": gettext_lazy("the message about harm to the person making it"),
    "both": gettext_lazy("the message with both harms"),
}


def verdict_name(verdict: str) -> str:
    """A verdict as a heading; empty for an unknown one."""
    return str(_VERDICT_NAMES.get(verdict, ""))


def arm_phrase(name: str, frame: str = "", *, unique: bool = False) -> str:
    """Name an arm inside a sentence: by its frame if no other arm has that frame, else by its quoted name."""
    if unique and frame in _FRAME_PHRASES:
        return str(_FRAME_PHRASES[frame])
    return gettext("“%(name)s”") % {"name": name}


def translate_outcome(outcome: Outcome) -> Outcome:
    """An outcome with name and phrase in the reader's language."""
    return replace(outcome, name=gettext(outcome.name), phrase=outcome_phrase(outcome, 100))


def outcome_phrase(outcome: Outcome, people: int) -> str:
    """What a number of people did, such as "turned back", in the plural form that the number takes."""
    return ngettext(outcome.phrase, outcome.phrase, people)


def translate_reason(text: str) -> str:
    """Translate a stored reason why there is no number, if a translation exists."""
    return gettext(text) if text else ""


def hidden_comparison_sentence(treated: str, control: str) -> str:
    """Describe a comparison with a suppressed count."""
    return gettext(
        "We cannot tell yet how %(treated)s compares with %(control)s, because a count is too small to be shown."
    ) % {"treated": treated, "control": control}


def not_compared_sentence(treated: str, control: str, why: str) -> str:
    """Describe a comparison without an estimate."""
    values = {"treated": treated, "control": control, "why": translate_reason(why)}
    return gettext("The comparison of %(treated)s with %(control)s cannot be made yet: %(why)s") % values


def is_shown(low: float, high: float, p_adjusted: float | None, level: float) -> bool:
    """Whether both the interval and the corrected p-value exclude that there is no difference."""
    return (low > 0 or high < 0) and p_adjusted is not None and p_adjusted < 1 - level


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict and what it rests on: an interval around zero or not, p-values, and why it is held, if it is."""

    verdict: str
    effect: float
    low: float
    high: float
    level: float
    p_value: float | None
    p_adjusted: float | None
    smallest_difference: float | None
    reason: str = ""

    @property
    def is_claim(self) -> bool:
        return self.verdict in CLAIMS

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0

    @property
    def is_less_than_matters(self) -> bool:
        """Whether there surely is a difference, and it is surely smaller than the smallest one that matters."""
        shown = is_shown(self.low, self.high, self.p_adjusted, self.level)
        return self.verdict == "no-meaningful-difference" and shown

    @property
    def is_held_by_correction(self) -> bool:
        """Whether it would be called, were this the only question."""
        alpha = 1 - self.level
        p, p_adjusted = (1.0 if each is None else each for each in (self.p_value, self.p_adjusted))
        return not self.reason and p < alpha <= p_adjusted


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonNumbers(Judged):
    """The numbers in one comparison's sentence; shares from 0 to 1."""

    treated: str  # from arm_phrase
    control: str
    outcome: Outcome
    treated_rate: float
    control_rate: float
    more: PeopleRange | None
    population: str = ""  # whom the rate refers to; by default people who saw the message
    groups: Groups = ""  # within what the difference is taken; it is then not that of the rates beside it


N = TypeVar("N", bound=Judged)


@dataclass(frozen=True, slots=True)
class SentenceRule(Generic[N]):
    """Sentences, and when they are said."""

    name: str
    holds: Callable[[N], bool]
    sentences: Sequence[Promise]

    def text(self, values: Mapping[str, str]) -> str:
        return " ".join(str(sentence) % values for sentence in self.sentences)


def choose_rule(rules: Sequence[SentenceRule[N]], numbers: N) -> SentenceRule[N]:
    """The first rule that holds. Every table ends with one that always does."""
    return next(rule for rule in rules if rule.holds(numbers))


_WITHHELD = gettext_lazy(
    "The comparison of %(treated)s with %(control)s is withheld because it could mislead. The "
    "reason is at the top of the results."
)
_DIFFERENCE = gettext_lazy("%(of)s; %(gap)s than with %(control)s (%(interval)s).")
_HARM = gettext_lazy("That is worse.")
_CANNOT_TELL = gettext_lazy("We cannot tell yet.")

COMPARISON_RULES: tuple[SentenceRule[ComparisonNumbers], ...] = (
    SentenceRule("withheld", lambda n: n.verdict == "withheld", (_WITHHELD,)),
    SentenceRule(
        "fewer of what is good",
        lambda n: n.verdict == "worse" and n.outcome.better == "higher",
        (_DIFFERENCE, gettext_lazy("This message did worse.")),
    ),
    SentenceRule("more of what is bad", lambda n: n.verdict == "worse", (_DIFFERENCE, _HARM)),
    SentenceRule("a difference", lambda n: n.is_claim, (_DIFFERENCE,)),
    SentenceRule(
        "less than planned",
        lambda n: n.is_less_than_matters,
        (
            gettext_lazy(
                "%(of)s. That is %(exact_gap)s than with %(control)s (%(interval)s), but less than the %(small)s in "
                "%(people)s that the plan counts as a difference that matters."
            ),
        ),
    ),
    SentenceRule(
        "too small to matter",
        lambda n: n.verdict == "no-meaningful-difference",
        (
            gettext_lazy(
                "%(of)s, about as many as with %(control)s. Any difference is smaller than %(small)s in "
                "%(people)s (%(interval)s)."
            ),
        ),
    ),
    SentenceRule(
        "held by the correction",
        lambda n: n.excludes_zero and n.is_held_by_correction,
        (
            gettext_lazy(
                "%(of)s. That looks like %(gap)s than with %(control)s (%(interval)s), but the evidence is "
                "not strong enough, because several questions were asked."
            ),
            _CANNOT_TELL,
        ),
    ),
    SentenceRule(
        "held",
        lambda n: n.excludes_zero,
        (
            gettext_lazy(
                "%(of)s. That looks like %(gap)s than with %(control)s (%(interval)s), but the evidence is "
                "not strong enough."
            ),
            _CANNOT_TELL,
        ),
    ),
    SentenceRule(
        "either way",
        lambda _: True,
        (
            gettext_lazy(
                "%(of)s. We cannot tell yet whether that is more or fewer than with %(control)s (%(interval)s)."
            ),
        ),
    ),
)

_WITHIN = {
    "placements": gettext_lazy("This is the comparison within placements. For all people together it is %(crude)s."),
    "strata": gettext_lazy("This is the comparison within strata. For all people together it is %(crude)s."),
}


def comparison_sentence(numbers: ComparisonNumbers, scale: PeopleScale) -> str:
    """Describe one comparison, whatever its verdict."""
    rule = choose_rule(COMPARISON_RULES, numbers)
    margin = numbers.smallest_difference if numbers.verdict == "no-meaningful-difference" else None
    people = round(numbers.treated_rate * scale.base)
    of = gettext("Of %(people)s %(who)s %(treated)s, %(count)s %(phrase)s") % {
        "people": scale.people,
        "who": numbers.population or gettext("people who saw"),
        "treated": numbers.treated,
        "count": scale.count(numbers.treated_rate),
        "phrase": outcome_phrase(numbers.outcome, people),
    }
    sentence = rule.text(
        {
            "of": of,
            "treated": numbers.treated,
            "control": numbers.control,
            # An effect that was rounded to nothing for disclosure lies on the side of its interval.
            "gap": difference_phrase(numbers.effect or numbers.low + numbers.high, scale),
            "exact_gap": difference_phrase(numbers.effect or numbers.low + numbers.high, scale, decimals=1),
            "interval": interval_text(numbers.low, numbers.high, scale, margin=margin),
            "small": compact_number((margin or 0.0) * scale.base),
            "people": scale.people,
        }
    )
    if numbers.verdict == "withheld":
        return sentence
    crude = difference_phrase(numbers.treated_rate - numbers.control_rate, scale)
    within = str(_WITHIN[numbers.groups]) % {"crude": crude} if numbers.groups else ""
    more = more_people_sentence(numbers.more) if numbers.more else ""
    return " ".join(filter(None, (sentence, within, translate_reason(numbers.reason), more)))


_PAIRS = gettext_lazy(
    "In %(wins)s of 100 pairs, with one person from each message, the person with %(treated)s "
    "answers higher than the person with %(control)s (%(ends)s, ties count half). No "
    "difference would be 50."
)

ORDINAL_RULES: tuple[SentenceRule[ComparisonNumbers], ...] = (
    SentenceRule("withheld", lambda n: n.verdict == "withheld", (_WITHHELD,)),
    SentenceRule("fewer of what is good", lambda n: n.verdict == "worse", (_PAIRS, _HARM)),
    SentenceRule("a difference", lambda n: n.is_claim, (_PAIRS,)),
    SentenceRule(
        "less than planned",
        lambda n: n.is_less_than_matters,
        (
            _PAIRS,
            gettext_lazy("That is less than the %(small)s pairs that the plan counts as a difference that matters."),
        ),
    ),
    SentenceRule(
        "too small to matter",
        lambda n: n.verdict == "no-meaningful-difference",
        (
            gettext_lazy(
                "In %(wins)s of 100 pairs, with one person from each message, the person with %(treated)s "
                "answers higher than the person with %(control)s (%(ends)s, ties count half). That is less "
                "than %(small)s from even."
            ),
        ),
    ),
    SentenceRule(
        "held by the correction",
        lambda n: n.excludes_zero and n.is_held_by_correction,
        (
            _PAIRS,
            gettext_lazy("The evidence is not strong enough, because several questions were asked."),
            _CANNOT_TELL,
        ),
    ),
    SentenceRule("either way", lambda _: True, (_PAIRS, _CANNOT_TELL)),
)


def ordinal_sentence(numbers: ComparisonNumbers) -> str:
    """Describe one comparison of ratings. `effect`, `low` and `high` are shares of higher answers minus a half."""
    margin = numbers.smallest_difference if numbers.verdict == "no-meaningful-difference" else None
    inner = [] if margin is None else [50 - 100 * margin, 50 + 100 * margin]
    sentence = choose_rule(ORDINAL_RULES, numbers).text(
        {
            "treated": numbers.treated,
            "control": numbers.control,
            "wins": pairs_text(numbers.effect),
            "ends": interval_in(
                50 + 100 * numbers.low, 50 + 100 * numbers.high, decimals=0, bounds=[50.0, 100.0, *inner]
            ),
            "small": compact_number((margin or 0.0) * 100),
        }
    )
    if numbers.verdict == "withheld":
        return sentence
    more = (
        gettext("About %(more)s more answers in all would be needed to tell.")
        % {"more": number(to_two_figures(numbers.more.likely))}
        if numbers.more
        else ""
    )
    return " ".join(filter(None, (sentence, translate_reason(numbers.reason), more)))


def pairs_text(effect: float) -> str:
    """Format an effect on an ordered outcome, P(higher) - 1/2, in pairs of 100: 0.06 is "56", 0.002 is "50.2"."""
    pairs = 50 + 100 * effect
    return number(pairs, decimals_needed([pairs], least=0, bounds=[0.0, 50.0, 100.0]))
