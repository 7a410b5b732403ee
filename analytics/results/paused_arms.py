"""Describe paused arms, texts that a guardrail stopped, and the reason, within disclosure limits."""

from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext

from analytics import wording
from analytics.models import GuardEvent
from campaign.models import Arm, Campaign
from campaign.outcomes import OUTCOMES


@dataclass(frozen=True, slots=True)
class PausedArm:
    """One paused arm, with a sentence for each guardrail that it crossed; none if a person paused it.

    `magnitude_shown` is False where the size of the harm would disclose a small count. With its message stopped it
    cannot be resumed.
    """

    arm: Arm
    guardrail_sentences: tuple[str, ...]
    magnitude_shown: bool
    message_stopped: bool


@dataclass(frozen=True, slots=True)
class StoppedText:
    """A text that a guardrail stopped alone, and what was seen."""

    event: GuardEvent
    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class PausedArms:
    """The paused arms of a campaign, guardrail pauses first, and the guardrail events of arms resumed since."""

    control: Arm | None
    paused: tuple[PausedArm, ...]
    resumed_events: tuple[GuardEvent, ...]
    stopped_texts: tuple[StoppedText, ...]


def find_paused_arms(campaign: Campaign) -> PausedArms:
    """Return the paused arms of a campaign and its past guardrail pauses."""
    arms = list(campaign.arms.all())
    stored = GuardEvent.objects.filter(campaign=campaign).select_related("arm", "text").order_by("at", "pk")
    events = [event for event in stored if event.text is None]
    control = next((arm for arm in arms if arm.is_control), None)
    any_paused = any(arm.paused_at is not None for arm in arms)
    paused = list(campaign.arms.with_texts().filter(paused_at__isnull=False)) if any_paused else []
    return PausedArms(
        control=control,
        paused=tuple(
            sorted((_paused_arm(arm, control, events) for arm in paused), key=lambda row: not row.guardrail_sentences)
        ),
        resumed_events=tuple(event for event in events if event.arm.paused_at is None or event.stop < event.arm.pauses),
        stopped_texts=tuple(
            StoppedText(event, stopped_name(event), observed_harm_sentence(event, control))
            for event in stored
            if event.text is not None
        ),
    )


def stopped_name(event: GuardEvent) -> str:
    """Name the arm that was paused, or the text of it that was stopped."""
    if event.text is None:
        return event.arm.name
    return gettext("%(arm)s, text %(number)s") % {"arm": event.arm.name, "number": event.text.position + 1}


def _paused_arm(arm: Arm, control: Arm | None, events: list[GuardEvent]) -> PausedArm:
    causes = [event for event in events if event.arm_id == arm.pk and event.stop == arm.pauses]
    return PausedArm(
        arm=arm,
        guardrail_sentences=tuple(observed_harm_sentence(event, control) for event in causes),
        magnitude_shown=all(event.in_hundred is not None for event in causes),
        message_stopped=arm.has_texts and arm.first_revision.message.stopped_at is not None,
    )


def observed_harm_sentence(event: GuardEvent, control: Arm | None) -> str:
    """Describe one arm's harm, in whole people of 100 unless that is suppressed or within the plan's margin."""
    outcome, allowed = OUTCOMES[event.outcome], 100 * event.margin
    more, magnitude_shown = outcome.better == "lower", event.in_hundred is not None and event.in_hundred > allowed
    scale = (
        wording.PeopleScale(100) if magnitude_shown or event.margin >= 0.01 else wording.choose_scale([event.margin])
    )
    if magnitude_shown and more:
        sentence = gettext(
            "Of 100 people who saw “%(arm)s”, at least %(count)s more %(did)s than of 100 who saw “%(control)s”. "
            "The plan allows %(margin)s."
        )
    elif magnitude_shown:
        sentence = gettext(
            "Of 100 people who saw “%(arm)s”, at least %(count)s fewer %(did)s than of 100 who saw “%(control)s”. "
            "The plan allows %(margin)s."
        )
    elif more:
        sentence = gettext(
            "More people %(did)s after “%(arm)s” than after “%(control)s”. The difference is clearly "
            "more than the %(margin)s in %(people)s that the plan allows."
        )
    else:
        sentence = gettext(
            "Fewer people %(did)s after “%(arm)s” than after “%(control)s”. The difference is clearly "
            "more than the %(margin)s in %(people)s that the plan allows."
        )
    if control and not control.weight:
        sentence += " " + gettext("“%(control)s” was seen in the trial. Nobody sees it now.")
    if event.needs_one_placement:
        sentence += " " + gettext(
            "Without one of the placements, the limit would not have been crossed. Look at each placement."
        )
    return sentence % {
        "arm": stopped_name(event),
        "control": control.name if control else "",
        "did": wording.outcome_phrase(outcome, event.in_hundred or 100),
        "count": wording.number(event.in_hundred or 0),
        "margin": wording.compact_number(round(event.margin * scale.base, 6)),
        "people": scale.people,
    }


def guardrail_pause_sentence(event: GuardEvent) -> str:
    """Describe a guardrail pause without the size of the harm, which would disclose counts between two looks."""
    scale = wording.choose_scale([event.margin])
    sentence = (
        gettext(
            "“%(arm)s” was paused on %(day)s. %(outcome)s: clearly worse than the control, by more "
            "than the %(margin)s in %(people)s that the plan allows."
        )
        if event.text is None
        else gettext(
            "“%(arm)s” was stopped on %(day)s. Its message continues with its other texts. "
            "%(outcome)s: clearly worse than the control, by more than the %(margin)s in %(people)s "
            "that the plan allows."
        )
    )
    return sentence % {
        "arm": stopped_name(event),
        "day": date_format(event.at, "DATE_FORMAT"),
        "outcome": wording.translate_outcome(OUTCOMES[event.outcome]).name,
        "margin": wording.compact_number(event.margin * scale.base),
        "people": scale.people,
    }
