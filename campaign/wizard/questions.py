"""The questions of the wizard, in order; which comparison makes which arms; what is missing, and where to mend it.

Decisions alone: functions of values, without a database.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from campaign.lifecycle.launch_checks import Obstacle, ObstacleReason
from messages.models import Frame

Text = Any  # a string, or one that is translated when it is shown
CHECK = "check"


@dataclass(frozen=True, slots=True)
class WizardStep:
    """One question: its place in the address, what it asks, and what its answer is called on the last page."""

    key: str
    question: Text
    short_title: Text
    is_required: bool = True  # whether a campaign can do without an answer


STEPS = (
    WizardStep("learn", _("What do you want to learn?"), _("What you want to learn")),
    WizardStep("compare", _("Which messages do you want to compare?"), _("What is compared")),
    WizardStep("words", _("Which words stand for each?"), _("The words")),
    WizardStep("places", _("Where should they appear?"), _("Where")),
    WizardStep("success", _("What would show that a message works?"), _("What counts as working")),
    WizardStep("harm", _("What would worry you?"), _("What would worry you"), is_required=False),
    WizardStep("sureness", _("How sure do you want to be?"), _("How sure"), is_required=False),
    WizardStep("length", _("How long should it run?"), _("How long")),
    WizardStep("ethics", _("Who agreed to this trial?"), _("Who agreed")),
    WizardStep("told", _("Who should hear of harm?"), _("Who hears of harm"), is_required=False),
)
STEP_KEYS = tuple(step.key for step in STEPS)
STEPS_BY_KEY = {step.key: step for step in STEPS}


def step_before(key: str) -> str:
    """The question before this one; empty at the first."""
    at = len(STEP_KEYS) if key == CHECK else STEP_KEYS.index(key)
    return STEP_KEYS[at - 1] if at else ""


def step_after(key: str) -> str:
    """The question after this one, at last the page that shows all answers."""
    at = STEP_KEYS.index(key) + 1
    return STEP_KEYS[at] if at < len(STEP_KEYS) else CHECK


def step_to_continue_at(answered: Collection[str]) -> str:
    """Where somebody who comes back goes on: after the last answer before the first gap that has to be filled."""
    gap = next((at for at, step in enumerate(STEPS) if step.is_required and step.key not in answered), None)
    if gap is None:
        return CHECK
    told = [at for at, step in enumerate(STEPS[:gap]) if step.key in answered]
    return STEP_KEYS[told[-1] + 1] if told else STEP_KEYS[0]


class PresetArm(NamedTuple):
    """One arm that a comparison asks for: its key, its name, and the frames that its words may come from."""

    key: str
    name: Text
    frames: tuple[str, ...]


class Preset(NamedTuple):
    """One way to compare; the first part is the control."""

    key: str
    name: Text
    explanation: Text
    arms: tuple[PresetArm, ...]


_ANY = tuple(Frame.values)
_NOT_NEUTRAL = ("both", "victim", "user", "other")
_NEUTRAL = PresetArm("neutral", Frame.NEUTRAL.label, ("neutral",))
_VICTIM = PresetArm("victim", Frame.VICTIM.label, ("victim",))
_USER = PresetArm("user", Frame.USER.label, ("user",))
_BOTH = PresetArm("both", Frame.BOTH.label, ("both",))
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
            (_NEUTRAL, PresetArm("message", _("The message"), _NOT_NEUTRAL)),
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
            (PresetArm("control", _("Control"), _ANY), PresetArm("message-2", _("Message 2"), _ANY)),
        ),
    )
}
RECOMMENDED_PRESET = "full"
MAX_ARMS = 8


def preset_of(keys: Sequence[str]) -> str:
    """Which comparison these arms stand for; empty without arms."""
    for preset in PRESETS.values():
        if keys and preset.key != "own" and set(keys) == {part.key for part in preset.arms}:
            return preset.key
    return "own" if keys else ""


def allowed_frames(key: str, preset: str) -> tuple[str, ...]:
    """The frames that the words of an arm may come from."""
    parts = {part.key: part.frames for part in PRESETS[preset].arms} if preset in PRESETS else {}
    return _ANY if preset == "own" else parts.get(key, _ANY)


def next_arm_key(keys: Collection[str]) -> str:
    """A key for one more arm of one's own."""
    number = len(keys) + 1
    while f"message-{number}" in keys:
        number += 1
    return f"message-{number}"


def default_comparisons(keys: Sequence[str], control: str) -> list[list[str]]:
    """The pairs to compare, treated first; in the full picture also each harm with the other, and both with one."""
    pairs = [[key, control] for key in keys if key != control]
    if preset_of(keys) == "full" and control == "neutral":
        pairs += [["user", "victim"], ["both", "victim"]]
    return pairs


class MissingAnswer(NamedTuple):
    """What keeps a draft from being sent, in the reader's language, and the question that mends it."""

    step: str
    sentence: str


# The question that mends each, and what is said there.
STEP_FOR_OBSTACLE: dict[ObstacleReason, tuple[str, Text]] = {
    ObstacleReason.FEW_ARMS: ("compare", _("Choose at least two messages.")),
    ObstacleReason.NO_CONTROL: ("words", _("Say which message the others are compared with.")),
    ObstacleReason.NO_WEIGHT: ("words", _("At least one message needs a share above zero.")),
    ObstacleReason.UNAPPROVED: ("words", _("The words of “%(name)s” are not approved.")),
    ObstacleReason.STOPPED: ("words", _("The message of “%(name)s” was stopped everywhere: choose other words.")),
    ObstacleReason.NO_LANGUAGE: ("words", _("There is no language in which the words of all messages are approved.")),
    ObstacleReason.NO_PLACEMENT: ("places", _("Choose at least one place.")),
    ObstacleReason.NO_ETHICS: ("ethics", _("Say who agreed to this trial, or why nobody has to.")),
    ObstacleReason.NO_PLAN: ("success", _("Say what would show that a message works.")),
    ObstacleReason.NO_PRIMARY: ("success", _("Say what would show that a message works.")),
    ObstacleReason.LOOKS_NOT_RISING: ("sureness", _("Say at which points you look; the last is the end.")),
    ObstacleReason.NO_SIZE: ("length", _("Say how many people are to be shown each message.")),
    ObstacleReason.STRATA_AND_CLUSTERS: ("sureness", _("Compare within places or by day, not both.")),
    ObstacleReason.NO_DIRECTION: (
        "success",
        _("“%(name)s” is neither good nor bad, so nothing can be concluded from it."),
    ),
    ObstacleReason.MARGIN_UNSUPPORTED: (
        "harm",
        _("“%(name)s” cannot be watched for harm: choose something that people do or do not do."),
    ),
    ObstacleReason.DUNNETT: ("sureness", _("Dunnett’s correction does not fit this plan: choose Holm’s.")),
    ObstacleReason.UNKNOWN_COMPARISONS: (
        "words",
        _("Look at the messages again: what is compared with what has changed."),
    ),
    ObstacleReason.PLACEMENT_OCCUPIED: ("places", _("“%(name)s” already runs at one of these places.")),
    ObstacleReason.ENDS_BEFORE_START: ("length", _("The campaign would end before it starts: choose a later end.")),
}


def missing_answers(obstacles: Sequence[Obstacle]) -> list[MissingAnswer]:
    """What is missing, each thing once, in the order of the questions."""
    found = dict.fromkeys(
        MissingAnswer(step, str(told) % {"name": one.name})
        for one in obstacles
        if one.reason in STEP_FOR_OBSTACLE
        for step, told in [STEP_FOR_OBSTACLE[one.reason]]
    )
    if any(one.step == "compare" for one in found):  # without messages there is nothing to look at again
        found = {one: None for one in found if one.step != "words"}
    return sorted(found, key=lambda one: STEP_KEYS.index(one.step))


def per_hundred_to_share(in_hundred: float) -> float:
    """ "2 in 100" as the share that is stored; ten places are finer than anybody asks."""
    return round(in_hundred / 100, 10)


def share_to_per_hundred(share: float | None) -> float | None:
    """A stored share as people of a hundred."""
    return None if share is None else round(share * 100, 6)
