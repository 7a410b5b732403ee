"""Read the values of another organisation's bundle strictly, before anything is worked out from them or stored.

Signature and checksums say that a file is whole, not that what it says is sound, so every value is held to its kind and
to a bound.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from analytics.bundle_check.archive import Bundle, UnreadableBundle
from analytics.learned.content import LearnedContent, learned_content
from analytics.models import Estimate
from campaign.outcomes import OUTCOMES
from messages.models import Frame
from messages.text.language_tags import LONGEST_TAG
from messages.text.printable import printable

MOST_UNPACKED = 20_000_000  # bytes
_MOST_LOOKS, _MOST_ARMS, _MOST_COUNT = 400, 20, 10**12
_MOST_TEXT = 2_000
_HEX = frozenset("0123456789abcdef")


class StillRuns(UnreadableBundle):
    """Raised where a campaign is not over: what it shows so far may have been looked for."""


@dataclass(frozen=True, slots=True)
class ForeignResult:
    """What a bundle says of its campaign: what is compared, and its words."""

    content: LearnedContent
    name: str
    sentence: str
    words: tuple[str, ...]


def limit_looks(bundle: Bundle) -> None:
    """Raise UnreadableBundle if there is more in a bundle than is worth working out."""
    listed = _a_list(bundle.json("looks.json"), most=_MOST_LOOKS)
    if sum(isinstance(each, Mapping) and bool(each.get("file")) for each in listed) == 0:
        raise UnreadableBundle("It has no look that may be read.")
    _a_list(_mapping(bundle.json("plan.json"))["arms"], most=_MOST_ARMS)


def read_foreign_result(bundle: Bundle, fingerprint: str) -> ForeignResult:
    """Return what a bundle that was checked says; raise UnreadableBundle, with StillRuns if its campaign is open."""
    try:
        return _read(bundle, fingerprint)
    except (LookupError, TypeError, ValueError, AttributeError, StopIteration, ArithmeticError, RuntimeError) as error:
        raise UnreadableBundle(f"This version cannot read its files: {type(error).__name__}.") from None


def _read(bundle: Bundle, fingerprint: str) -> ForeignResult:
    if _mapping(bundle.json("assignment.json"))["seed"] is None:
        raise StillRuns(_("Its campaign is still running. Ask for a bundle after it is closed."))
    plan = _mapping(bundle.json("plan.json"))
    listed = _a_list(bundle.json("looks.json"), most=_MOST_LOOKS)
    look = _mapping(bundle.json(_text([each["file"] for each in listed if each["file"]][-1])))
    _check_plan(plan)
    _check_look(look)
    name = _text(_mapping(bundle.json("datapackage.json"))["title"]).removesuffix(f": look {look['look']}")
    headlines = [
        _text(_mapping(_mapping(each)["covered"])["headline"])
        for each in _a_list(bundle.json("messages.json"), most=10_000)
    ]
    return ForeignResult(
        content=learned_content(plan, fingerprint, look),
        name=name[:160],
        sentence=_text(look["sentence"]),
        words=(name, _text(plan["hypothesis"]), _text(look["sentence"]), *headlines),
    )


def _check_plan(plan: Mapping[str, Any]) -> None:
    for arm in _a_list(plan["arms"], most=_MOST_ARMS):
        _one_of(arm["frame"], Frame.values)
        _text(arm["arm"])
        if not isinstance(arm["control"], bool):
            raise UnreadableBundle("One of its arms is neither a control nor not.")
        for locale in _mapping(arm["languages"]):
            if len(_text(locale)) > LONGEST_TAG:
                raise UnreadableBundle("One of its languages has no name.")
    for pair in _a_list(plan["comparisons"], most=_MOST_ARMS**2):
        treated, control = _a_list(pair, most=2)
        _text(treated), _text(control)
    _one_of(plan.get("purpose", ""), ("", "trial", "use"))
    _one_of(plan["strata"], ("", "placement"))
    _one_of(plan["clusters"], ("", "placement-day", "period"))
    _one_of(plan["unit"], ("view", "session", "subject", "period"))


def _check_look(look: Mapping[str, Any]) -> None:
    if type(look["look"]) is not int or not 0 < look["look"] < 10**6:
        raise UnreadableBundle("Its last look has no number.")
    for name in ("withheld", "embargoed"):
        if not isinstance(look[name], bool):
            raise UnreadableBundle("Its last look says neither yes nor no.")
    if look["embargoed"]:
        raise UnreadableBundle("Its last look is before the first planned one.")
    if look["to_day"] is not None:
        date.fromisoformat(_text(look["to_day"]))
    _count(look["people"])
    _a_list(look["guardrails_crossed"], most=10_000)
    for block in _a_list(look["outcomes"], most=len(OUTCOMES)):
        _one_of(block["outcome"], OUTCOMES)
        _one_of(block["kind"], ("yes-no", "ordered"))
        if block["kind"] != OUTCOMES[block["outcome"]].kind:
            raise UnreadableBundle("One of its outcomes is of another kind here.")
        for row in _a_list(block["rates"], most=_MOST_ARMS):
            _text(row["key"])
            seen, did = _count(row["n"]), _count(row["events"])
            if None not in (seen, did) and (did or 0) > (seen or 0):
                raise UnreadableBundle("More people did something than saw its message.")
        for row in (*_a_list(block["comparisons"], most=_MOST_ARMS**2), *_a_list(block["kinds"], most=_MOST_ARMS**2)):
            _text(row["treated"]), _text(row["control"])
            _one_of(row["verdict"], ("", *Estimate.Verdict.values))


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UnreadableBundle("One of its files is not of the known form.")
    return value


def _a_list(value: Any, *, most: int) -> Sequence[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise UnreadableBundle("One of its lists is not of the known form, or too long.")
    return value


def _text(value: Any) -> str:
    """A text without signs that turn its direction or move a cursor; raise UnreadableBundle if it is none."""
    if not isinstance(value, str) or len(value) > _MOST_TEXT:
        raise UnreadableBundle("One of its texts is missing or too long.")
    return printable(value)


def _one_of(value: Any, known: Any) -> None:
    if not isinstance(value, str) or value not in known:
        raise UnreadableBundle(f"It says “{printable(str(value))[:40]}” where this version knows other words.")


def _count(value: Any) -> int | None:
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= _MOST_COUNT:
        raise UnreadableBundle("One of its counts is no whole number of people.")
    return value


def is_fingerprint(text: str) -> bool:
    """Whether a text is a fingerprint as it is shown: 64 digits in groups of four, or without blanks."""
    digits = "".join(text.split()).lower()
    return len(digits) == 64 and _HEX.issuperset(digits)
