"""The questions of the wizard, in order; which comparison makes which arms; what is missing, and where to mend it.

Decisions alone: functions of values, without a database.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from campaign.lifecycle.launch_checks import Obstacle, Why
from messages.models import Frame

Text = Any  # a string, or one that is translated when it is shown
CHECK = "check"


@dataclass(frozen=True, slots=True)
class Step:
    """One question: its place in the address, what it asks, and what its answer is called on the last page."""

    key: str
    question: Text
    short: Text
    needed: bool = True  # whether a campaign can do without an answer


STEPS = (
    Step("learn", _("What do you want to learn?"), _("What you want to learn")),
    Step("compare", _("Which messages do you want to compare?"), _("What is compared")),
    Step("words", _("Which words stand for each?"), _("The words")),
    Step("places", _("Where should they appear?"), _("Where")),
    Step("success", _("What would show that a message works?"), _("What counts as working")),
    Step("harm", _("What would worry you?"), _("What would worry you"), needed=False),
    Step("sureness", _("How sure do you want to be?"), _("How sure"), needed=False),
    Step("length", _("How long should it run?"), _("How long")),
    Step("ethics", _("Who agreed to this trial?"), _("Who agreed")),
    Step("told", _("Who should hear of harm?"), _("Who hears of harm"), needed=False),
)
KEYS = tuple(step.key for step in STEPS)
BY_KEY = {step.key: step for step in STEPS}


def before(key: str) -> str:
    """The question before this one; empty at the first."""
    at = len(KEYS) if key == CHECK else KEYS.index(key)
    return KEYS[at - 1] if at else ""


def after(key: str) -> str:
    """The question after this one, at last the page that shows all answers."""
    at = KEYS.index(key) + 1
    return KEYS[at] if at < len(KEYS) else CHECK


def go_on(answered: Collection[str]) -> str:
    """Where somebody who comes back goes on: after the last answer before the first gap that has to be filled."""
    gap = next((at for at, step in enumerate(STEPS) if step.needed and step.key not in answered), None)
    if gap is None:
        return CHECK
    told = [at for at, step in enumerate(STEPS[:gap]) if step.key in answered]
    return KEYS[told[-1] + 1] if told else KEYS[0]


class Part(NamedTuple):
    """One arm that a comparison asks for: its key, its name, and the frames that its words may come from."""

    key: str
    name: Text
    frames: tuple[str, ...]


class Preset(NamedTuple):
    """One way to compare; the first part is the control."""

    key: str
    name: Text
    about: Text
    parts: tuple[Part, ...]


_ANY = tuple(Frame.values)
_NOT_NEUTRAL = ("both", "victim", "user", "other")
_NEUTRAL = Part("neutral", Frame.NEUTRAL.label, ("neutral",))
_VICTIM = Part("victim", Frame.VICTIM.label, ("victim",))
_USER = Part("user", Frame.USER.label, ("user",))
_BOTH = Part("both", Frame.BOTH.label, ("both",))
PRESETS = {
    preset.key: preset
    for preset in (
        Preset(
            "full",
            _("The full picture: neutral text, each harm alone, and both"),
            _(
                "Four messages. You learn whether a message works at all, which harm moves people more, and whether "
                "naming both does more than one."
            ),
            (_NEUTRAL, _VICTIM, _USER, _BOTH),
        ),
        Preset(
            "any",
            _("Is any message better than none?"),
            _("Two messages: a neutral text that argues nothing, and one of yours. It needs the fewest people."),
            (_NEUTRAL, Part("message", _("The message"), _NOT_NEUTRAL)),
        ),
        Preset(
            "against",
            _("Harm to the victim, against harm to you"),
            _("Two messages. You learn which one works better, but not whether either is better than none."),
            (_VICTIM, _USER),
        ),
        Preset(
            "own",
            _("Messages of my own choice"),
            _("Two or more, from any frame. Each is compared with the one that you call the control."),
            (Part("control", _("Control"), _ANY), Part("message-2", _("Message 2"), _ANY)),
        ),
    )
}
RECOMMENDED = "full"
MOST_ARMS = 8


def preset_of(keys: Sequence[str]) -> str:
    """Which comparison these arms stand for; empty without arms."""
    for preset in PRESETS.values():
        if keys and preset.key != "own" and set(keys) == {part.key for part in preset.parts}:
            return preset.key
    return "own" if keys else ""


def frames_for(key: str, preset: str) -> tuple[str, ...]:
    """The frames that the words of an arm may come from."""
    parts = {part.key: part.frames for part in PRESETS[preset].parts} if preset in PRESETS else {}
    return _ANY if preset == "own" else parts.get(key, _ANY)


def next_key(keys: Collection[str]) -> str:
    """A key for one more arm of one's own."""
    number = len(keys) + 1
    while f"message-{number}" in keys:
        number += 1
    return f"message-{number}"


def comparisons(keys: Sequence[str], control: str) -> list[list[str]]:
    """The pairs to compare, treated first; in the full picture also each harm with the other, and both with one."""
    pairs = [[key, control] for key in keys if key != control]
    if preset_of(keys) == "full" and control == "neutral":
        pairs += [["user", "victim"], ["both", "victim"]]
    return pairs


class Missing(NamedTuple):
    """What keeps a draft from being sent, in the reader's language, and the question that mends it."""

    step: str
    sentence: str


# The question that mends each, and what is said there.
MENDED: dict[Why, tuple[str, Text]] = {
    Why.FEW_ARMS: ("compare", _("Choose at least two messages.")),
    Why.NO_CONTROL: ("words", _("Say which message the others are compared with.")),
    Why.NO_WEIGHT: ("words", _("At least one message needs a share above zero.")),
    Why.UNAPPROVED: ("words", _("The words of “%(name)s” are not approved.")),
    Why.STOPPED: ("words", _("The message of “%(name)s” was stopped everywhere: choose other words.")),
    Why.NO_LANGUAGE: ("words", _("There is no language in which the words of all messages are approved.")),
    Why.NO_PLACE: ("places", _("Choose at least one place.")),
    Why.NO_ETHICS: ("ethics", _("Say who agreed to this trial, or why nobody has to.")),
    Why.NO_PLAN: ("success", _("Say what would show that a message works.")),
    Why.NO_PRIMARY: ("success", _("Say what would show that a message works.")),
    Why.LOOKS: ("sureness", _("Say at which points you look; the last is the end.")),
    Why.NO_SIZE: ("length", _("Say how many people are to be shown each message.")),
    Why.STRATA: ("sureness", _("Compare within places or by day, not both.")),
    Why.NEITHER: ("success", _("“%(name)s” is neither good nor bad, so nothing can be concluded from it.")),
    Why.NO_MARGIN: (
        "harm",
        _("“%(name)s” cannot be watched for harm: choose something that people do or do not do."),
    ),
    Why.DUNNETT: ("sureness", _("Dunnett’s correction does not fit this plan: choose Holm’s.")),
    Why.COMPARISONS: ("words", _("Look at the messages again: what is compared with what has changed.")),
    Why.TAKEN: ("places", _("“%(name)s” already runs at one of these places.")),
    Why.TIMES: ("length", _("The campaign would end before it starts: choose a later end.")),
}


def missing(obstacles: Sequence[Obstacle]) -> list[Missing]:
    """What is missing, each thing once, in the order of the questions."""
    found = dict.fromkeys(
        Missing(step, str(told) % {"name": one.name})
        for one in obstacles
        if one.why in MENDED
        for step, told in [MENDED[one.why]]
    )
    if any(one.step == "compare" for one in found):  # without messages there is nothing to look at again
        found = {one: None for one in found if one.step != "words"}
    return sorted(found, key=lambda one: KEYS.index(one.step))


def as_share(in_hundred: float) -> float:
    """ "2 in 100" as the share that is stored; ten places are finer than anybody asks."""
    return round(in_hundred / 100, 10)


def in_hundred(share: float | None) -> float | None:
    """A stored share as people of a hundred."""
    return None if share is None else round(share * 100, 6)
