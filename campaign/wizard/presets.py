"""Presets: the sets of arms that a campaign can compare, and the comparisons that follow from them."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from messages.models import Frame

Text = Any  # a string, or one that is translated when it is shown


class PresetArm(NamedTuple):
    """An arm of a preset: its key, its name, and the frames that its message may have."""

    key: str
    name: Text
    frames: tuple[str, ...]


class Preset(NamedTuple):
    """A set of arms to compare; the first is the control."""

    key: str
    name: Text
    explanation: Text
    arms: tuple[PresetArm, ...]


ANY = tuple(Frame.values)
NOT_NEUTRAL = ("both", "victim", "user", "other")
_NEUTRAL = PresetArm("neutral", Frame.NEUTRAL.label, ("neutral",))
_VICTIM = PresetArm("victim", Frame.VICTIM.label, ("victim",))
_USER = PresetArm("user", Frame.USER.label, ("user",))
_BOTH = PresetArm("both", Frame.BOTH.label, ("both",))
PRESETS = {
    preset.key: preset
    for preset in (
        Preset(
            "full",
            _("All four: a neutral text, each harm alone, and both"),
            _(
                "Four messages. You learn whether a message works at all, which harm is more convincing, and "
                "whether naming both does more than naming one."
            ),
            (_NEUTRAL, _VICTIM, _USER, _BOTH),
        ),
        Preset(
            "any",
            _("Is a message better than none?"),
            _("Two messages: a neutral text that makes no argument, and one of yours. This needs the fewest people."),
            (_NEUTRAL, PresetArm("message", _("The message"), NOT_NEUTRAL)),
        ),
        Preset(
            "against",
            _("Harm to the victim, compared with harm to the person making it"),
            _("Two messages. You learn which one works better, but not whether either is better than none."),
            (_VICTIM, _USER),
        ),
        Preset(
            "own",
            _("My own choice of messages"),
            _("Two or more messages, with any appeal. Each is compared with the one you choose as the control."),
            (PresetArm("control", "", ANY), PresetArm("message-2", "", ANY)),  # named by the themes of their texts
        ),
    )
}
RECOMMENDED_PRESET = "full"
MAX_ARMS = 8


def preset_of(keys: Sequence[str]) -> str:
    """Return the key of the preset with these arms; empty without arms."""
    for preset in PRESETS.values():
        if keys and preset.key != "own" and set(keys) == {arm.key for arm in preset.arms}:
            return preset.key
    return "own" if keys else ""


def allowed_frames(key: str, preset: str) -> tuple[str, ...]:
    """Return the frames that the message of an arm may have."""
    frames = {arm.key: arm.frames for arm in PRESETS[preset].arms} if preset in PRESETS else {}
    return ANY if preset == "own" else frames.get(key, ANY)


def own_key(number: int) -> str:
    """Return the key of an arm of the preset "own" by its place."""
    return f"message-{number}" if number > 1 else "control"


def next_arm_key(keys: Collection[str]) -> str:
    """Return an unused key for another arm of the preset "own"."""
    number = len(keys) + 1
    while f"message-{number}" in keys:
        number += 1
    return f"message-{number}"


def default_comparisons(keys: Sequence[str], control: str) -> list[list[str]]:
    """Return (treated, control) pairs: each arm with the control, and in the full preset also between the harms."""
    pairs = [[key, control] for key in keys if key != control]
    if preset_of(keys) == "full" and control == "neutral":
        pairs += [["user", "victim"], ["both", "victim"]]
    return pairs
