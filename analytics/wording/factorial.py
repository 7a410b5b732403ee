"""Which sentence is said of a contrast of the victim x user factorial; docs/statistics.md lists the rules."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy

from analytics.wording.comparisons import Judged, SentenceRule, choose_rule, translate_reason, verdict_name
from analytics.wording.numbers import PeopleScale, compact_number, interval_text

INTERACTION = "interaction"
_TERM_NAMES = {
    "victim": gettext_lazy("Harm to the victim, with or without the other harm"),
    "user": gettext_lazy("Harm to the person making it, with or without the other harm"),
    INTERACTION: gettext_lazy("Both together, compared with their sum"),
    "both-minus-victim": gettext_lazy("Harm to the person making it, on top of harm to the victim"),
}


def term_name(term: str) -> str:
    """The question of one contrast of the factorial."""
    return str(_TERM_NAMES[term])


@dataclass(frozen=True, slots=True, kw_only=True)
class ContrastNumbers(Judged):
    """One contrast, as shares, and how far each message with a harm lies from the neutral one."""

    term: str
    victim: float
    user: float
    both: float

    @property
    def direction(self) -> int:
        """1 if each harm alone has more people do it than the neutral text, -1 if each has fewer, else 0."""
        return (min(self.victim, self.user) > 0) - (max(self.victim, self.user) < 0)

    @property
    def more_than_sum(self) -> bool:
        return self.direction * (self.low if self.direction > 0 else self.high) > 0

    @property
    def less_than_sum(self) -> bool:
        return self.direction * (self.high if self.direction > 0 else self.low) < 0

    @property
    def exceeds_each_alone(self) -> bool:
        """Whether each harm surely adds something to the other: what it does alone, less what the interval allows.

        That sum is how far both lie beyond the other one, and the interval of the interaction is wider than its own.
        """
        least, _ = sorted((self.direction * self.low, self.direction * self.high))
        return least + min(self.direction * self.victim, self.direction * self.user) > 0

    @property
    def is_less_than_one_alone(self) -> bool:
        """Whether one harm surely takes something away from the other."""
        _, most = sorted((self.direction * self.low, self.direction * self.high))
        return most + min(self.direction * self.victim, self.direction * self.user) < 0

    @property
    def may_cancel(self) -> bool:
        """Whether the interval allows an interaction that takes away all that one of the two does alone."""
        return any(self.low <= -alone <= self.high for alone in (self.victim, self.user))


_QUESTION = gettext_lazy("%(question)s: %(effect)s in %(people)s (%(interval)s). %(verdict)s.")
_COUNTED = gettext_lazy(
    "Compared with a text that names neither, of %(people)s people: %(both)s together, %(victim)s and %(user)s alone."
)
_CANNOT_TELL = gettext_lazy("We cannot tell yet.")
_EITHER_WAY = gettext_lazy(
    "We cannot tell yet whether together they do more or less than their sum: %(effect)s in %(people)s (%(interval)s)."
)

CONTRAST_RULES: tuple[SentenceRule[ContrastNumbers], ...] = (
    SentenceRule(
        "withheld",
        lambda n: n.verdict == "withheld",
        (gettext_lazy("Withheld. The reason is at the top of the results."),),
    ),
    SentenceRule("not an interaction", lambda n: n.term != INTERACTION, (_QUESTION,)),
    SentenceRule(
        "more than the sum",
        lambda n: n.is_claim and n.more_than_sum,
        (gettext_lazy("Together they do more than their sum: %(effect)s in %(people)s (%(interval)s)."), _COUNTED),
    ),
    SentenceRule(
        "less than the sum, and more than each",
        lambda n: n.is_claim and n.less_than_sum and n.exceeds_each_alone,
        (
            gettext_lazy(
                "Together they do less than their sum, but more than either alone: %(effect)s in "
                "%(people)s (%(interval)s)."
            ),
            _COUNTED,
        ),
    ),
    SentenceRule(
        "less than one of them alone",
        lambda n: n.is_claim and n.less_than_sum and n.is_less_than_one_alone,
        (
            gettext_lazy(
                "Together they do less than their sum, and less than one of them alone: %(effect)s in %(people)s "
                "(%(interval)s)."
            ),
            _COUNTED,
        ),
    ),
    SentenceRule(
        "less than the sum",
        lambda n: n.is_claim and n.less_than_sum,
        (
            gettext_lazy(
                "Together they do less than their sum: %(effect)s in %(people)s (%(interval)s). We cannot tell yet "
                "whether they do more than one of them alone."
            ),
            _COUNTED,
        ),
    ),
    SentenceRule(
        "not the sum",
        lambda n: n.is_claim,
        (gettext_lazy("Their effects do not add up: %(effect)s in %(people)s (%(interval)s)."), _COUNTED),
    ),
    SentenceRule(
        "they add up",
        lambda n: n.verdict == "no-meaningful-difference" and not n.may_cancel,
        (
            gettext_lazy(
                "Their effects add up. Any difference from their sum is smaller than %(small)s in "
                "%(people)s (%(interval)s)."
            ),
            _COUNTED,
        ),
    ),
    SentenceRule(
        "too small to matter, and may cancel",
        lambda n: n.verdict == "no-meaningful-difference",
        (
            gettext_lazy(
                "Any difference from their sum is smaller than %(small)s in %(people)s (%(interval)s). It "
                "may still be as large as the effect of one of them alone, so we cannot tell yet whether "
                "one cancels the other."
            ),
            _COUNTED,
        ),
    ),
    SentenceRule(
        "held by the correction",
        lambda n: n.excludes_zero and n.is_held_by_correction,
        (
            gettext_lazy(
                "It looks like %(effect)s in %(people)s compared with their sum (%(interval)s), but the "
                "evidence is not strong enough, because several questions were asked."
            ),
            _CANNOT_TELL,
            _COUNTED,
        ),
    ),
    SentenceRule(
        "held",
        lambda n: n.excludes_zero,
        (
            gettext_lazy(
                "It looks like %(effect)s in %(people)s compared with their sum (%(interval)s), but the "
                "evidence is not strong enough."
            ),
            _CANNOT_TELL,
            _COUNTED,
        ),
    ),
    SentenceRule("either way", lambda _: True, (_EITHER_WAY, _COUNTED)),
)


def contrast_sentence(numbers: ContrastNumbers, scale: PeopleScale) -> str:
    """Describe one contrast, whatever its verdict."""
    margin = numbers.smallest_difference if numbers.verdict == "no-meaningful-difference" else None
    sentence = choose_rule(CONTRAST_RULES, numbers).text(
        {
            "question": term_name(numbers.term),
            "effect": scale.signed(numbers.effect),
            "people": scale.people,
            "interval": interval_text(numbers.low, numbers.high, scale, margin=margin),
            "verdict": verdict_name(numbers.verdict),
            "small": compact_number((margin or 0.0) * scale.base),
            "victim": scale.signed(numbers.victim),
            "user": scale.signed(numbers.user),
            "both": scale.signed(numbers.both),
        }
    )
    if numbers.verdict == "withheld":
        return sentence
    return " ".join(filter(None, (sentence, translate_reason(numbers.reason))))
