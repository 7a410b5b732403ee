"""PURE  The catalogue of outcomes: everything that can follow a shown message.

An outcome is *recorded* when the audience surface reports it, or *derived* when a closed view is counted.
One entry holds all that the project knows about it. To add one, see "Add an outcome" in CONTRIBUTING.md.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, get_args

Direction = Literal["higher", "lower", "none"]
Section = Literal["choices", "help", "scale", "feedback", "about"]
HostedPage = Literal["left", "continued", "about", "help/self", "help/affected", "help/worried", "withdrawn", ""]
# Where each page behind a message stands, below /m/<placement>/: addresses that say nothing (serving/page_paths.py).
PAGE_ADDRESSES: Mapping[str, str] = {
    "left": "p0",
    "continued": "p1",
    "thanks": "p2",
    "about": "pa",
    "withdrawn": "pc",
    "too-late": "pe",
    "help/self": "pi",
    "help/affected": "po",
    "help/worried": "ps",
    "help/crisis": "pt",
}
SECTIONS: tuple[Section, ...] = get_args(Section)  # in the order in which a message offers them


@dataclass(frozen=True, slots=True)
class OutcomeAction:
    """How a message offers an outcome: a button, link or scale in one of its sections."""

    section: Section
    label: str
    note: str = ""
    low: str = ""
    high: str = ""
    thanks: str = ""  # what the embed says when it was pressed
    page: HostedPage = ""  # the hosted page it leads to, below /m/<placement>/; empty: the page of thanks
    placement_url: Literal["", "leave_url", "continue_url"] = ""  # field of the placement that overrides `page`
    closes: bool = False  # in the embed it closes the message instead of opening `page`
    stays: bool = False  # with script it leads nowhere: `page` is for browsers without


@dataclass(frozen=True, slots=True)
class Goal:
    """An outcome as an answer to "what would show that a message works?". `order` is its place on the page."""

    order: int
    label: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Harm:
    """An outcome as a worry that a guardrail watches. `order` is its place on the page."""

    order: int
    label: str


@dataclass(frozen=True, slots=True)
class Derivation:
    """Recorded outcomes of a closed view from which another outcome follows, and its definition in words."""

    definition: str
    all_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What can follow a shown message: a `bit` of `OpenView.bits` or, if ordered, `values` in a column of its own."""

    key: str
    name: str
    phrase: str  # "Of 100 people who saw ..., 44 <phrase>."
    better: Direction = "none"
    kind: Literal["yes-no", "ordered"] = "yes-no"
    bit: int | None = None
    values: tuple[int, ...] = ()
    action: OutcomeAction | None = None  # None: measured by the page or derived
    goal: Goal | None = None
    harm: Harm | None = None
    verb: str = ""  # "How many do you expect to <verb>?"
    derivation: Derivation | None = None

    @property
    def mask(self) -> int:
        """The bit of this outcome in `OpenView.bits`; 0 if it has none."""
        return 0 if self.bit is None else 1 << self.bit

    def audience_words(self) -> Iterator[str]:
        """What the audience reads of the entry."""
        if action := self.action:
            yield from filter(None, (action.label, action.note, action.low, action.high, action.thanks))

    def translatable_words(self) -> Iterator[str]:
        """Everything in the entry that a person reads, except `phrase`, which has a plural."""
        yield self.name
        yield from self.audience_words()
        if self.goal:
            yield from (self.goal.label, self.goal.meaning)
        if self.harm:
            yield self.harm.label
        if self.verb:
            yield self.verb
        if self.derivation:
            yield self.derivation.definition


_CATALOGUE = (
    Outcome("exposed", "Seen on screen", "saw it", bit=0),
    Outcome(
        "left",
        "Pressed leave",
        "pressed leave",
        better="higher",
        bit=1,
        action=OutcomeAction("choices", "Leave this page", page="left", placement_url="leave_url"),
        goal=Goal(2, "More people press leave", "This includes people who continue later."),
        harm=Harm(5, "Fewer people press leave"),
        verb="press leave",
    ),
    Outcome(
        "continued",
        "Continued",
        "went on",
        better="lower",
        bit=2,
        action=OutcomeAction("choices", "Continue", page="continued", placement_url="continue_url", closes=True),
        goal=Goal(3, "Fewer people go on", "They see the message and continue anyway."),
        harm=Harm(2, "More people go on"),
        verb="go on",
    ),
    Outcome(
        "help_self",
        "Asked for help to stop",
        "asked for help to stop",
        better="higher",
        bit=3,
        action=OutcomeAction(
            "help", "I made one, or nearly did", note="Steps, and people who listen", page="help/self"
        ),
        goal=Goal(
            4,
            "More people ask for help to stop",
            "A strong sign, but a rare one: it takes many people to see a difference.",
        ),
        harm=Harm(4, "Fewer people ask for help to stop"),
        verb="ask for help to stop",
    ),
    Outcome(
        "help_affected",
        "Asked for help as the person depicted",
        "asked for help",
        bit=4,
        action=OutcomeAction("help", "Someone made one of me", note="Get an image taken down", page="help/affected"),
    ),
    Outcome(
        "help_worried",
        "Asked for help for someone else",
        "asked for help for someone else",
        bit=7,
        action=OutcomeAction(
            "help", "I am worried about someone", note="For parents, teachers and friends", page="help/worried"
        ),
    ),
    Outcome(
        "learn_more",
        "Read more",
        "read more",
        better="higher",
        bit=5,
        action=OutcomeAction("about", "About this message", page="about"),
        goal=Goal(5, "More people read more", "They open the page about the message."),
        harm=Harm(6, "Fewer people read more"),
        verb="read on",
    ),
    Outcome(
        "annoyed",
        "Was annoyed",
        "said it annoyed them",
        better="lower",
        bit=6,
        action=OutcomeAction("feedback", "This message annoyed me", thanks="Thank you."),
        goal=Goal(7, "Fewer people say that it annoyed them", "Rarely a goal in itself."),
        harm=Harm(1, "More people say that it annoyed them"),
        verb="say that it annoyed them",
    ),
    Outcome(
        "upset",
        "Was upset",
        "said it upset them",
        better="lower",
        bit=8,
        action=OutcomeAction("feedback", "This message upset me", thanks="Thank you."),
        harm=Harm(7, "More people say that it upset them"),
    ),
    Outcome(
        "rating",
        "Rating, 1 to 5",
        "rated it",
        better="higher",
        kind="ordered",
        values=(1, 2, 3, 4, 5),
        action=OutcomeAction("scale", "Did this make you think?", low="Not at all", high="A lot", thanks="Thank you."),
        goal=Goal(6, "People rate it better", "From 1 to 5. Only some people give a rating."),
    ),
    Outcome(
        "dwell", "Time on screen: under 2 s, 2 to 5 s, 5 to 15 s, longer", "stayed", kind="ordered", values=(1, 2, 3, 4)
    ),
    Outcome(
        "turned_back",
        "Turned back",
        "turned back",
        better="higher",
        goal=Goal(1, "More people turn back", "They press leave and do not continue. Most campaigns use this."),
        harm=Harm(3, "Fewer people turn back"),
        verb="turn back",
        derivation=Derivation(
            "“%(outcome)s”: pressed leave and did not continue.", all_of=("left",), none_of=("continued",)
        ),
    ),
    Outcome(
        "no_answer",
        "Left without an answer",
        "gave no answer",
        derivation=Derivation(
            "“%(outcome)s”: saw the message, but pressed neither button and did not ask for help.",
            none_of=("left", "continued", "help_self", "help_affected", "help_worried"),
        ),
    ),
)

# No outcome, as nothing of it is compared: it deletes the view, and adds one to a total of the campaign.
WITHDRAWAL = Outcome(
    "withdraw",
    "Asked not to be counted",
    "asked not to be counted",
    bit=14,
    action=OutcomeAction("about", "Do not count me", thanks="You are not counted.", page="withdrawn", stays=True),
)

OUTCOMES: dict[str, Outcome] = {outcome.key: outcome for outcome in _CATALOGUE}
RECORDED_OUTCOMES: dict[str, Outcome] = {key: outcome for key, outcome in OUTCOMES.items() if not outcome.derivation}
REPORTED: dict[str, Outcome] = {**RECORDED_OUTCOMES, WITHDRAWAL.key: WITHDRAWAL}  # what an event may say
EXPOSED_BIT = OUTCOMES["exposed"].mask


def outcome_choices() -> list[tuple[str, str]]:
    """For `choices` of a model field: a callable, so that a new outcome needs no migration."""
    return [(key, outcome.name) for key, outcome in OUTCOMES.items()]


def offered_outcomes() -> list[tuple[Outcome, OutcomeAction]]:
    """The outcomes that a message offers, in the order of its sections, and the way not to be counted."""
    offered = [(outcome, outcome.action) for outcome in (*RECORDED_OUTCOMES.values(), WITHDRAWAL) if outcome.action]
    return sorted(offered, key=lambda pair: SECTIONS.index(pair[1].section))


def read_form(fields: Mapping[str, Sequence[str]]) -> tuple[str, int | None]:
    """The outcome that the hosted page's form reports, and its value. An ordered outcome is a field of its own.

    The page fills values up with spaces, so that all answers are sent with one length.
    """
    for outcome, _ in offered_outcomes():
        value = fields.get(outcome.key, [""])[0].strip()
        if value in map(str, outcome.values):
            return outcome.key, int(value)
    return fields.get("outcome", [""])[0].strip(), None


def tally_increments(*, bits: int, rating: int | None, dwell: int | None) -> list[tuple[str, int]]:
    """What one closed view adds to the tallies, as (outcome, value) pairs.

    Acting on a message implies having seen it. Someone who pressed leave and continued after all has not
    turned back; someone who saw the message and neither chose nor asked for help gave no answer.
    """
    bits |= EXPOSED_BIT
    ordered = (("rating", rating), ("dwell", dwell))
    return [
        *((key, 0) for key, outcome in OUTCOMES.items() if bits & outcome.mask),
        *((key, value) for key, value in ordered if value is not None),
        *((key, 0) for key, outcome in OUTCOMES.items() if _is_derived_from(bits, outcome.derivation)),
    ]


def _is_derived_from(bits: int, rule: Derivation | None) -> bool:
    return (
        rule is not None
        and all(bits & OUTCOMES[key].mask for key in rule.all_of)
        and not any(bits & OUTCOMES[key].mask for key in rule.none_of)
    )


def related_outcomes(keys: Iterable[str]) -> list[tuple[str, ...]]:
    """Group outcomes, so that what one view did of a group says nothing about what it did of another.

    >>> related_outcomes(["turned_back", "annoyed", "left"])
    [('annoyed',), ('turned_back', 'left')]
    """
    groups: list[tuple[str, ...]] = []
    for key in keys:
        sources = _sources([key])
        joined = [group for group in groups if sources & _sources(group)]
        groups = [group for group in groups if group not in joined]
        groups.append((*(each for group in joined for each in group), key))
    return groups


def possible_parts(keys: Sequence[str]) -> list[tuple[int, ...]]:
    """Every combination of the parts in which one view can be counted, one part for each of these outcomes.

    A part is the index of a value (0 for yes), or the number of values for no answer or no. Any recorded outcome can
    come with any other, as an event is refused for none that came before; the rest follows from what is counted.

    >>> possible_parts(["left", "turned_back"])  # nobody turns back without pressing leave
    [(0, 0), (0, 1), (1, 1)]
    """
    recorded = [RECORDED_OUTCOMES[key] for key in sorted(_sources(keys))]
    found = set()
    for chosen in product(*((None, *(outcome.values or (0,))) for outcome in recorded)):
        values = {outcome.key: value for outcome, value in zip(recorded, chosen, strict=True) if value is not None}
        counted = dict(
            tally_increments(
                bits=sum(OUTCOMES[key].mask for key in values), rating=values.get("rating"), dwell=values.get("dwell")
            )
        )
        parts = ((OUTCOMES[key].values or (0,), counted.get(key)) for key in keys)
        found.add(tuple(len(all_) if value is None else all_.index(value) for all_, value in parts))
    return sorted(found)


def _sources(keys: Iterable[str]) -> set[str]:
    """The recorded outcomes on which these depend."""
    rules = {key: OUTCOMES[key].derivation for key in keys}
    return {source for key, rule in rules.items() for source in ((*rule.all_of, *rule.none_of) if rule else (key,))}
