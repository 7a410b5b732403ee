"""Pause arms that are surely worse than the control by more than the plan allows, and record it.

Each guardrail with a harm margin is judged at every look by a one-sided bound that holds at all looks at once, from the
first visitor on, so that frequent looks raise no false alarms (`comparison.harm`). The bounds share the plan's alpha
among arms and guardrails. Guardrails are no part of the verdict, and the embargo does not delay them.

Whoever resumes an arm accepts the harm that was certain by then. Its bound continues over all counts, and the arm is
paused again once the bound exceeds the accepted harm by another margin. It is the same bound: no false alarms.

A pause tells something of the counts at that moment. So an arm is paused on counts that a look could show: those of the
last look, or counts of which each moved by a small cell or more since. A small cell, which a look would hide, is judged
at its worst, so that the pause does not depend on it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from analytics.comparison.harm import find_harmful_arms
from analytics.disclosure import gate, look_seals, told_cells
from analytics.disclosure.told_cells import ArmCells
from analytics.models import GuardEvent, Tally
from analytics.network_views import views_of_one_network
from analytics.stats import Counts
from analytics.suppression import suppress
from analytics.suppression.cells import ReleasedCells, is_small
from campaign.lifecycle import arm_pauses
from campaign.models import AnalysisPlan, Arm, Campaign, PlannedOutcome
from campaign.outcomes import OUTCOMES
from messages.audit import log


@transaction.atomic
def pause_harmful_arms(campaign: Campaign, *, now: datetime, by: str = log.WORKER) -> list[GuardEvent]:
    """Pause every arm that crosses a guardrail of the frozen plan, and return the events recorded."""
    plan = AnalysisPlan.objects.filter(campaign=campaign).first()  # of an open campaign, whatever its row says now
    if plan is None:
        return []
    guardrails = list(plan.outcomes.filter(role=PlannedOutcome.Role.GUARDRAIL, harm_margin__isnull=False))
    locked = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)  # nobody resumes an arm meanwhile
    if locked.state not in Campaign.OPEN:
        return []
    arms = list(campaign.arms.all())
    control = next(arm for arm in arms if arm.is_control)
    watched_arms = [arm for arm in arms if arm.paused_at is None or arm is control]
    accepted = _accepted_harm(campaign)
    bound_count = max(len(guardrails) * (len(arms) - 1), 1)
    told = told_cells.told_cells(campaign)
    views = views_of_one_network(plan, arms)
    events = []
    for outcome in guardrails:
        assert outcome.harm_margin is not None
        by_placement = _counts_by_placement(arms, outcome.outcome)
        counts = _sum_over_placements(arms, by_placement)
        find_harm = partial(
            find_harmful_arms,
            control=control.key,
            level=1 - (1 - plan.level) / bound_count,
            n_planned=2 * plan.planned_per_arm,
            lower_is_better=OUTCOMES[outcome.outcome].better == "lower",
            views_per_network=views,
            smallest_cell=settings.SMALL_CELL,
        )
        for harm in find_harm({arm.key: counts[arm.pk] for arm in watched_arms}, margin=outcome.harm_margin):
            arm = next(arm for arm in arms if arm.key == harm.arm)
            allowed = accepted.get((arm.pk, outcome.outcome), 0.0) + outcome.harm_margin
            if harm.sure <= allowed:
                continue
            judged = {each.key: counts[each.pk] for each in (arm, control)}
            if not _may_be_told(judged, outcome.outcome, told):
                continue  # its pause would tell of a few people: judged again on later counts
            rests = [
                _sum_over_placements(
                    [arm, control], {key: cell for key, cell in by_placement.items() if key != left_out}
                )
                for left_out in by_placement
            ]
            needs_one_placement = len(rests) > 1 and not all(
                find_harm({each.key: rest[each.pk] for each in (arm, control)}, margin=allowed) for rest in rests
            )
            told.append(_as_cells(judged, outcome.outcome))
            event = GuardEvent(
                campaign=campaign,
                arm=arm,
                outcome=outcome.outcome,
                at=now,
                effect=harm.effect,
                bound=harm.bound,
                margin=outcome.harm_margin,
                needs_one_placement=needs_one_placement,
            )
            events.append(_record_pause(event, judged=judged, by=by))
    return events


def _accepted_harm(campaign: Campaign) -> dict[tuple[int, str], float]:
    """The bound at which each arm was last paused, by arm and guardrail: whoever resumed the arm accepted it."""
    accepted: dict[tuple[int, str], float] = {}
    for event in GuardEvent.objects.filter(campaign=campaign).order_by("bound"):
        if look_seals.is_sealed_pause(event):  # SQL can insert one, and not seal it
            accepted[event.arm_id, event.outcome] = event.bound
    return accepted


def _may_be_told(judged: Mapping[str, Counts], outcome: str, told: Sequence[ArmCells]) -> bool:
    """Whether the counts of arm and control could be released beside all that was told before."""
    ever = dict.fromkeys([outcome, *(key for cells in told for arm in cells.values() for key in arm.totals)])
    related = told_cells.joint_tables(tuple(ever))
    cells = _as_cells(judged, outcome)
    return suppress.tellable_arms(cells, told, related, least=settings.SMALL_CELL) == cells.keys()


def _as_cells(judged: Mapping[str, Counts], outcome: str) -> ArmCells:
    """The counts as a look could show them: without the outcome in an arm where it has a small part."""
    return {
        key: ReleasedCells(c.n, {outcome: None if _has_small_part(c) else (c.events, c.n - c.events)})
        for key, c in judged.items()
    }


def _has_small_part(counts: Counts) -> bool:
    return any(is_small(part, settings.SMALL_CELL) for part in (counts.events, counts.n - counts.events))


def _record_pause(event: GuardEvent, *, judged: Mapping[str, Counts], by: str) -> GuardEvent:
    """Pause the arm of an unsaved event, unless it is paused already, and save the event."""
    arm = event.arm
    if arm.paused_at is None:
        reason = f"Guardrail crossed: {OUTCOMES[event.outcome].name}"
        reason += "; without one of the placements it would not be" if event.needs_one_placement else ""
        arm_pauses.pause_arm(arm, reason=reason, now=event.at, by=by)
    event.stop = arm.pauses
    event.in_hundred = gate.releasable_percent(event.bound, people=min(c.n for c in judged.values()))
    event.judged_on = {key: [c.n, None if _has_small_part(c) else c.events] for key, c in judged.items()}
    look_seals.seal_pause(event)
    event.save(force_insert=True)
    return event


def _counts_by_placement(arms: Sequence[Arm], outcome: str) -> dict[int, dict[int, Counts]]:
    """Read exposures and events by placement and arm, in one query: a concurrent fold is in both or in neither."""
    rows = Tally.objects.filter(arm__in=arms, outcome__in=["exposed", outcome]).order_by()
    sums = {
        (placement, arm, key): count
        for placement, arm, key, count in rows.values_list("placement", "arm", "outcome").annotate(Sum("count"))
    }
    return {
        placement: {
            arm.pk: Counts(sums.get((placement, arm.pk, "exposed"), 0), sums.get((placement, arm.pk, outcome), 0))
            for arm in arms
        }
        for placement in {placement for placement, _, _ in sums}
    }


def _sum_over_placements(arms: Sequence[Arm], by_placement: Mapping[int, Mapping[int, Counts]]) -> dict[int, Counts]:
    return {arm.pk: sum((cells[arm.pk] for cells in by_placement.values()), Counts(0, 0)) for arm in arms}
