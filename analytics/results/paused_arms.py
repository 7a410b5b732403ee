"""Which arms of a campaign stand still, and what was seen, in words: as much as the door lets out."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext

from analytics import wording
from analytics.models import GuardEvent
from campaign.models import Arm, Campaign
from campaign.outcomes import OUTCOMES


@dataclass(frozen=True, slots=True)
class PausedArm:
    """One arm that is paused: what the guard saw, one sentence for each guardrail, or nothing if a person paused it.

    `shows_how_much` is False where a number would tell of too few people. `message_stopped` bars resuming it.
    """

    arm: Arm
    guardrail_sentences: tuple[str, ...]
    magnitude_shown: bool
    message_stopped: bool


@dataclass(frozen=True, slots=True)
class PausedArms:
    """What a campaign's page says of harm: arms that stand still, those that a guardrail stopped first, and stops of
    arms that are shown again."""

    control: Arm | None
    paused: tuple[PausedArm, ...]
    resumed_events: tuple[GuardEvent, ...]


def find_paused_arms(campaign: Campaign) -> PausedArms:
    """Everything that was stopped in a campaign."""
    arms = list(campaign.arms.select_related("revision__message"))
    events = list(GuardEvent.objects.filter(campaign=campaign).select_related("arm").order_by("at", "pk"))
    control = next((arm for arm in arms if arm.is_control), None)
    paused = [arm for arm in arms if arm.paused_at is not None]
    return PausedArms(
        control=control,
        paused=tuple(
            sorted((_standing(arm, control, events) for arm in paused), key=lambda one: not one.guardrail_sentences)
        ),
        resumed_events=tuple(event for event in events if event.arm.paused_at is None or event.stop < event.arm.pauses),
    )


def _standing(arm: Arm, control: Arm | None, events: list[GuardEvent]) -> PausedArm:
    mine = [event for event in events if event.arm_id == arm.pk and event.stop == arm.pauses]
    return PausedArm(
        arm=arm,
        guardrail_sentences=tuple(observed_harm_sentence(event, control) for event in mine),
        magnitude_shown=all(event.in_hundred is not None for event in mine),
        message_stopped=arm.revision.message.stopped_at is not None,
    )


def observed_harm_sentence(event: GuardEvent, control: Arm | None) -> str:
    """What was seen: how many more, in whole people of 100, where that may be told and says more than the margin."""
    outcome, allowed = OUTCOMES[event.outcome], 100 * event.margin
    more, counted = outcome.better == "lower", event.in_hundred is not None and event.in_hundred > allowed
    scale = wording.PeopleScale(100) if counted or event.margin >= 0.01 else wording.choose_scale([event.margin])
    if counted and more:
        told = gettext(
            "Of 100 people who saw “%(arm)s”, at least %(count)s more %(did)s than of 100 who saw “%(control)s”. "
            "The plan allows %(margin)s."
        )
    elif counted:
        told = gettext(
            "Of 100 people who saw “%(arm)s”, at least %(count)s fewer %(did)s than of 100 who saw “%(control)s”. "
            "The plan allows %(margin)s."
        )
    elif more:
        told = gettext(
            "More people %(did)s after “%(arm)s” than after “%(control)s”: surely more than the %(margin)s in "
            "%(people)s that the plan allows."
        )
    else:
        told = gettext(
            "Fewer people %(did)s after “%(arm)s” than after “%(control)s”: surely by more than the %(margin)s in "
            "%(people)s that the plan allows."
        )
    return told % {
        "arm": event.arm.name,
        "control": control.name if control else "",
        "did": wording.outcome_phrase(outcome, event.in_hundred or 100),
        "count": wording.number(event.in_hundred or 0),
        "margin": wording.compact_number(round(event.margin * scale.base, 6)),
        "people": scale.people,
    }
