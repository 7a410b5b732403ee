"""Which sentences are said of arms with several texts: of these texts, of texts of their kind, and of how they differ.

docs/statistics.md lists the rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from analytics.wording.comparisons import CLAIMS, Judged, SentenceRule, choose_rule, pairs_text, translate_reason
from analytics.wording.numbers import (
    PeopleScale,
    compact_number,
    difference_phrase,
    interval_in,
    interval_text,
    level_text,
    number,
    percent,
)
from campaign.outcomes import Outcome

MATCHED = "matched"
_CONCLUSIVE = (*CLAIMS, "no-meaningful-difference")
# A standard deviation below so many people is shown as none.
_NO_SPREAD = 0.05
# Less than so many times the people of now is no more than what there is.
_LEAST_FACTOR = 1.05


@dataclass(frozen=True, slots=True, kw_only=True)
class KindNumbers(Judged):
    """The numbers in a sentence about texts of a kind; shares from 0 to 1, or P(higher) - 1/2 for ratings.

    `these` is the verdict on these texts. `helps` says what would tell: people, texts, both or neither.
    """

    outcome: Outcome
    these: str
    helps: str = ""
    people_factor: float | None = None
    more_texts: int | None = None

    @property
    def asks_whether_it_holds(self) -> bool:
        """Whether something is told of these texts that may hold for others."""
        return self.these in _CONCLUSIVE


_AMOUNT = gettext_lazy("For messages of this kind: %(amount)s (%(interval)s).")
_LOOKS_LIKE = gettext_lazy("For messages of this kind it looks like %(amount)s (%(interval)s).")
_CANNOT_TELL = gettext_lazy("We cannot tell yet.")

KIND_RULES: tuple[SentenceRule[KindNumbers], ...] = (
    SentenceRule(
        "withheld",
        lambda n: n.verdict == "withheld",
        (gettext_lazy("Results for messages of this kind are withheld as well."),),
    ),
    SentenceRule(
        "fewer of what is good",
        lambda n: n.verdict == "worse" and n.outcome.better == "higher",
        (_AMOUNT, gettext_lazy("This kind of message did worse.")),
    ),
    SentenceRule("more of what is bad", lambda n: n.verdict == "worse", (_AMOUNT, gettext_lazy("That is worse."))),
    SentenceRule("a difference", lambda n: n.is_claim, (_AMOUNT,)),
    SentenceRule(
        "less than planned",
        lambda n: n.is_less_than_matters,
        (
            gettext_lazy(
                "For messages of this kind: %(amount)s (%(interval)s). That is less than the %(small)s that the plan "
                "counts as a difference that matters."
            ),
        ),
    ),
    SentenceRule(
        "too small to matter",
        lambda n: n.verdict == "no-meaningful-difference",
        (
            gettext_lazy(
                "For messages of this kind, any difference is smaller than %(small)s (%(interval)s). That "
                "is too small to matter."
            ),
        ),
    ),
    SentenceRule(
        "held by the correction",
        lambda n: n.excludes_zero and n.is_held_by_correction,
        (
            gettext_lazy(
                "For messages of this kind it looks like %(amount)s (%(interval)s), but the evidence is "
                "not strong enough, because several questions were asked."
            ),
            _CANNOT_TELL,
        ),
    ),
    SentenceRule("held", lambda n: n.excludes_zero, (_LOOKS_LIKE, _CANNOT_TELL)),
    SentenceRule(
        "these only",
        lambda n: n.asks_whether_it_holds,
        (gettext_lazy("We cannot tell yet whether that holds for messages of this kind (%(interval)s)."),),
    ),
    SentenceRule(
        "either way", lambda _: True, (gettext_lazy("We cannot tell for messages of this kind either (%(interval)s)."),)
    ),
)

_HELP_BY_SETS: Mapping[str, Promise] = {
    "people": gettext_lazy(
        "If this continues, about %(factor)s times as many people with these sets would be needed to tell."
    ),
    "people or texts": gettext_lazy(
        "If this continues, either about %(factor)s times as many people with these sets or about "
        "%(more)s sets would be needed to tell."
    ),
    "texts or people": gettext_lazy(
        "More texts would help more than more people. About %(more)s sets would be enough, each "
        "with as many people as now. With these sets, about %(factor)s times as many people are "
        "needed."
    ),
    "texts": gettext_lazy(
        "More texts would help, but more people would not. About %(more)s sets would be enough, "
        "each with as many people as now."
    ),
    "both": gettext_lazy("Both more people and more texts are needed: neither alone would be enough."),
    "neither": gettext_lazy(
        "Sets differ so much that even twelve of them would not be enough, with any number of people."
    ),
}
_HELP_BY_TEXTS: Mapping[str, Promise] = {
    "people": gettext_lazy(
        "If this continues, about %(factor)s times as many people with these texts would be needed to tell."
    ),
    "people or texts": gettext_lazy(
        "If this continues, either about %(factor)s times as many people with these texts or about "
        "%(more)s texts of each message would be needed to tell."
    ),
    "texts or people": gettext_lazy(
        "More texts would help more than more people. About %(more)s texts of each message would "
        "be enough, each with as many people as now. With these texts, about %(factor)s times as "
        "many people are needed."
    ),
    "texts": gettext_lazy(
        "More texts would help, but more people would not. About %(more)s texts of each message "
        "would be enough, each with as many people as now."
    ),
    "both": _HELP_BY_SETS["both"],
    "neither": gettext_lazy(
        "Texts differ so much that even twelve of each message would not be enough, with any number of people."
    ),
}


def these_texts_sentence(told: str, *, design: str, texts: int, control_texts: int) -> str:
    """Say on how many texts a comparison rests: "With these 4 sets of texts: Of 100 people who saw …"."""
    values = {"told": told, "texts": number(texts), "control_texts": number(control_texts)}
    if design == MATCHED:
        return gettext("With these %(texts)s sets of texts: %(told)s") % values
    if texts == control_texts:
        return gettext("With these %(texts)s texts of each message: %(told)s") % values
    return gettext("With these texts (%(texts)s and %(control_texts)s): %(told)s") % values


def unequal_numbers_sentence(texts: int, control_texts: int) -> str:
    """Say which method was used because the numbers of texts differ, and what that costs."""
    values = {"texts": number(texts), "control_texts": number(control_texts)}
    return (
        gettext(
            "The messages have unequal numbers of texts (%(texts)s and %(control_texts)s), so Banerjee’s method "
            "was used instead of Welch’s. It keeps false calls rare, but needs more people. With the same "
            "number of texts for each message, fewer would be enough."
        )
        % values
    )


def kind_sentence(numbers: KindNumbers, scale: PeopleScale, *, design: str) -> str:
    """Say what holds for texts of a kind, whatever the verdict; and if it cannot be told, what would help."""
    ordered = numbers.outcome.kind == "ordered"
    margin = numbers.smallest_difference if numbers.verdict == "no-meaningful-difference" else None
    sentence = choose_rule(KIND_RULES, numbers).text(
        {
            "amount": _pairs(numbers.effect)
            if ordered
            else gettext("%(gap)s in %(people)s")
            % {
                # An effect that was rounded to nothing for disclosure lies on the side of its interval.
                "gap": difference_phrase(
                    numbers.effect or numbers.low + numbers.high, scale, decimals=int(numbers.is_less_than_matters)
                ),
                "people": scale.people,
            },
            "interval": _pairs_interval(numbers.low, numbers.high, margin)
            if ordered
            else interval_text(numbers.low, numbers.high, scale, margin=margin),
            "small": gettext("%(number)s of 100 pairs beyond 50") % {"number": compact_number((margin or 0.0) * 100)}
            if ordered
            else gettext("%(number)s in %(people)s")
            % {"number": compact_number((margin or 0.0) * scale.base), "people": scale.people},
        }
    )
    if numbers.verdict == "withheld":
        return sentence
    return " ".join(filter(None, (sentence, translate_reason(numbers.reason), _help(numbers, design))))


def _help(numbers: KindNumbers, design: str) -> str:
    """What would tell; empty where something else keeps the verdict waiting."""
    factor, more = numbers.people_factor, numbers.more_texts
    if numbers.verdict != "cannot-tell-yet" or not numbers.helps:
        return ""
    if factor is not None and factor < _LEAST_FACTOR:
        return ""
    key = numbers.helps
    if key == "people" and more is not None:
        key = "people or texts"
    elif key == "texts" and factor is not None:
        key = "texts or people"
    sentences = _HELP_BY_SETS if design == MATCHED else _HELP_BY_TEXTS
    return str(sentences[key]) % {
        "factor": number(factor or 0.0, 1 if (factor or 0.0) < 10 else 0),
        "more": number(more or 0),
    }


def hidden_kind_sentence() -> str:
    """Say that the counts of a text are too small for an answer about texts of its kind."""
    return gettext(
        "We cannot tell yet for messages of this kind, because a count for one text is too small to be shown."
    )


def no_kind_sentence(why: str) -> str:
    """Say why nothing can be estimated for texts of a kind."""
    return gettext("For messages of this kind we cannot tell yet: %(why)s") % {"why": translate_reason(why)}


def wait_for_texts_sentence(shares: list[float]) -> str:
    """Say when texts of a kind are judged, while they have not been."""
    values = {"shares": ", ".join(percent(share) for share in shares)}
    if len(shares) == 1:
        return gettext("Results for messages of this kind are judged at %(shares)s of the planned people.") % values
    return (
        gettext(
            "Results for messages of this kind are judged at %(shares)s of the planned people and stay "
            "the same in between."
        )
        % values
    )


def spread_sentence(
    spread: float, low: float | None, high: float | None, scale: PeopleScale, *, design: str, level: float
) -> str:
    """Say by how much sets or texts differ beyond chance, as a standard deviation."""
    if low is None or high is None:
        if design == MATCHED:
            return gettext("These sets differ no more than chance would make them.")
        return gettext("These texts differ no more than chance would make them.")
    values = {
        "spread": scale.decimal(spread),
        "people": scale.people,
        "interval": interval_in(low * scale.base, high * scale.base, decimals=1),
        "high": scale.decimal(high),
        "level": level_text(level),
    }
    if spread * scale.base < _NO_SPREAD:
        template = (
            gettext(
                "These sets differ no more than chance would make them. Others like them may differ by "
                "%(high)s in %(people)s."
            )
            if design == MATCHED
            else gettext(
                "These texts differ no more than chance would make them. Others like them may differ by "
                "%(high)s in %(people)s."
            )
        )
    else:
        template = (
            gettext("From set to set the difference varies by about %(spread)s in %(people)s (%(interval)s).")
            if design == MATCHED
            else gettext(
                "From text to text of one message, the share varies by about %(spread)s in %(people)s (%(interval)s)."
            )
        )
    explained = (
        gettext("This is a standard deviation, at the upper end of its %(level)s interval.")
        if spread * scale.base < _NO_SPREAD
        else gettext("This is a standard deviation, with its %(level)s interval.")
    )
    return f"{template % values} {explained % values}"


def next_set_sentence(low: float, high: float, scale: PeopleScale) -> str:
    """Say where the difference in one more set would lie."""
    values = {"interval": scale.signed_interval(low, high), "people": scale.people}
    return gettext("In one more set like these, the difference would likely be %(interval)s in %(people)s.") % values


def text_name(design: str, text: str) -> str:
    """Name a text of an arm by its number; "next" is one more."""
    if text.isdigit():
        name = gettext("Set %(number)s") if design == MATCHED else gettext("Text %(number)s")
        return name % {"number": text}
    return gettext("One more like these")


def _pairs(effect: float) -> str:
    return gettext("higher in %(wins)s of 100 pairs") % {"wins": pairs_text(effect)}


def _pairs_interval(low: float, high: float, margin: float | None) -> str:
    inner = [] if margin is None else [50 - 100 * margin, 50 + 100 * margin]
    return interval_in(50 + 100 * low, 50 + 100 * high, decimals=0, bounds=[50.0, 100.0, *inner])
