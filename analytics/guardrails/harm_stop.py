"""Pause arms that are surely worse than the control by more than the plan allows, stop single texts, and record it.

Each guardrail with a harm margin is judged at every look by a one-sided bound that holds at all looks at once, from the
first visitor on, so that frequent looks raise no false alarms (`comparison.harm`). The bounds share the plan's alpha
among arms and guardrails; an arm with several texts shares its part with them, one half for the arm and one for its
texts. Guardrails are no part of the verdict, and the embargo does not delay them.

A text that does harm alone is stopped alone, and the arm goes on with its others: from then on it is judged by those.
Where more than half of its texts do harm, or their sum does and none alone, the arm is paused.

Whoever resumes an arm accepts the harm that was certain by then. Its bound continues over all counts, and the arm is
paused again once the bound exceeds the accepted harm by another margin. It is the same bound: no false alarms.

Where a placement shows one arm at a time, a bad day falls on one arm alone: its counts are taken for as many people as
they are worth (`comparison.design_effect`). What is in use without a holdout is judged beside the control of its trial,
whose people came on other days: its counts and those of the message are taken for as few (`guardrails.trial_control`).

A pause tells something of the counts at that moment. So an arm is paused on counts that a look could show: those of the
last look, or counts of which each moved by a small cell or more since. A small cell, which a look would hide, is judged
at its worst, so that the pause does not depend on it. The same holds for texts (`analytics.guardrails.harm_check`).
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from analytics.disclosure import gate, look_seals, released_cells
from analytics.guardrails.harm_check import HarmCheck, SureHarm
from analytics.models import GuardEvent
from analytics.network_views import views_of_one_network
from campaign.lifecycle import arm_pauses
from campaign.models import AnalysisPlan, Arm, ArmText, Campaign, PlannedOutcome
from campaign.outcomes import OUTCOMES
from messages.audit import log
from messages.i18n.recorded_sentences import recorded

_CROSSED = recorded("Guardrail crossed: {outcome}")
_CROSSED_BY_ONE = recorded("Guardrail crossed: {outcome}; without one of the placements it would not be")


@transaction.atomic
def pause_harmful_arms(campaign: Campaign, *, now: datetime, by: str = log.WORKER) -> list[GuardEvent]:
    """Pause every arm, and stop every text, that crosses a guardrail of the frozen plan; return the events recorded."""
    plan = (
        AnalysisPlan.objects.filter(campaign=campaign).select_related("campaign").first()
    )  # of an open campaign, whatever its row says now
    if plan is None:
        return []
    planned = list(plan.outcomes.filter(role=PlannedOutcome.Role.GUARDRAIL, harm_margin__isnull=False))
    locked = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)  # nobody resumes an arm meanwhile
    if locked.state not in Campaign.OPEN:
        return []
    arms = list(campaign.arms.prefetch_related("texts"))
    texts = {arm.pk: list(arm.texts.all()) for arm in arms}
    control = next(arm for arm in arms if arm.is_control)
    watched = [arm for arm in arms if arm.paused_at is None and arm is not control]
    accepted = _accepted_harm(campaign)
    told = released_cells.released_cells(campaign)
    views = views_of_one_network(plan, arms)
    events = []
    for outcome in planned:
        guardrail = HarmCheck(
            plan, outcome, arms, views=views, told=told, bounds=max(len(planned) * (len(arms) - 1), 1)
        )
        for arm in watched:
            allowed = accepted.get((arm.pk, outcome.outcome), 0.0) + guardrail.margin
            for judged in _crossings(guardrail, arm, texts[arm.pk], control, allowed=allowed):
                told.append(judged.cells)
                events.append(_record(judged, campaign=campaign, margin=guardrail.margin, now=now, by=by))
    return events


def _crossings(guardrail: HarmCheck, arm: Arm, texts: list[ArmText], control: Arm, *, allowed: float) -> list[SureHarm]:
    """What of an arm has to be stopped, and may be: the arm, or the texts that do harm alone."""
    shown = [text for text in texts if text.stopped_at is None]
    whole = guardrail.judge_arm(arm, texts, control, allowed=allowed)
    if len(shown) < 2 or arm.paused_at is not None:
        return [whole] if whole and whole.may_be_told else []
    alone = [guardrail.judge_text(arm, text, texts, control, allowed=allowed) for text in shown]
    harmful = sorted((judged for judged in alone if judged), key=lambda judged: -judged.harm.bound)
    stopped = [judged for judged in harmful if judged.may_be_told][: len(shown) - 1]
    if whole and whole.may_be_told and (not stopped or 2 * len(harmful) > len(shown)):
        return [whole]
    return stopped


def _accepted_harm(campaign: Campaign) -> Mapping[tuple[int, str], float]:
    """The bound at which each arm was last paused, by arm and guardrail: whoever resumed the arm accepted it."""
    accepted: dict[tuple[int, str], float] = {}
    for event in GuardEvent.objects.filter(campaign=campaign, text=None).order_by("bound"):
        if look_seals.is_sealed_pause(event):  # SQL can insert one, and not seal it
            accepted[event.arm_id, event.outcome] = event.bound
    return accepted


def _record(judged: SureHarm, *, campaign: Campaign, margin: float, now: datetime, by: str) -> GuardEvent:
    """Pause an arm, unless it is paused already, or stop a text, and record why."""
    arm = judged.arm
    reason = (_CROSSED_BY_ONE if judged.needs_one_placement else _CROSSED).format(outcome=OUTCOMES[judged.outcome].name)
    if judged.text is not None:
        arm_pauses.stop_text(judged.text, reason=reason, now=now, by=by)
    elif arm.paused_at is None:
        arm_pauses.pause_arm(arm, reason=reason, now=now, by=by)
    event = GuardEvent(
        campaign=campaign,
        arm=arm,
        text=judged.text,
        outcome=judged.outcome,
        at=now,
        effect=judged.harm.effect,
        bound=judged.harm.bound,
        margin=margin,
        stop=arm.pauses,
        in_hundred=gate.releasable_percent(judged.harm.bound, people=judged.people),
        judged_on=judged.as_stored(),
        needs_one_placement=judged.needs_one_placement,
    )
    look_seals.seal_pause(event)
    event.save(force_insert=True)
    return event
