"""Harm rules: an arm that is surely worse than the control by more than the plan allows is paused, and it is on record.

Each guardrail of the plan that names a harm margin is judged at every look by a one-sided bound that holds at all
looks at once, so that watching closely raises no false alarms; the bounds share the plan's alpha among all arms and
guardrails. This is no part of the verdict, and no embargo holds it back: it reads closed views as soon as there are
any.

Who resumes an arm accepts the harm that was sure by then. Its bound goes on over all that is counted, before and after,
and the arm is stopped again where the bound exceeds that by another margin: the same bound, so no new false alarms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Max, Sum

from analytics.comparison.compare import MIN_EVENTS
from analytics.disclosure import gate
from analytics.models import GuardEvent, Tally
from analytics.stats import Counts, NotEstimable, sequential
from campaign.lifecycle import transitions
from campaign.models import AnalysisPlan, Arm, Campaign, PlannedOutcome
from campaign.outcomes import OUTCOMES
from messages.audit import log


@dataclass(frozen=True, slots=True)
class HarmfulArm:
    """An arm beside the control: how much more harm, and the bound that it exceeds at every look; both as shares."""

    arm: str
    effect: float
    bound: float


def find_harmful_arms(
    arms: Mapping[str, Counts], *, control: str, margin: float, level: float, n_planned: int, lower_is_better: bool
) -> list[HarmfulArm]:
    """The arms whose harm surely exceeds `margin`. `level` is that of each bound; `n_planned` counts both arms."""
    found = []
    for key, counts in arms.items():
        pair = (counts, arms[control])
        if key == control or min(min(c.events, c.n - c.events) for c in pair) < MIN_EVENTS:
            continue
        worse, than = pair if lower_is_better else pair[::-1]
        estimate = sequential.confidence_sequence(
            treated=worse, control=than, level=level, n_planned=n_planned, alternative="greater"
        )
        if not isinstance(estimate, NotEstimable) and estimate.interval.low > margin:
            found.append(HarmfulArm(key, estimate.effect, estimate.interval.low))
    return found


@transaction.atomic
def pause_harmful_arms(campaign: Campaign, *, now: datetime, by: str = log.WORKER) -> list[GuardEvent]:
    """Pause every arm that crosses a guardrail of the frozen plan; the events that this run put on record."""
    plan = AnalysisPlan.objects.filter(campaign=campaign, frozen_at__isnull=False).first()
    if plan is None:
        return []
    watched = [o for o in plan.outcomes.all() if o.role == PlannedOutcome.Role.GUARDRAIL and o.harm_margin is not None]
    held = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)  # nobody resumes an arm meanwhile
    if held.state not in transitions.OPEN_STATES:
        return []
    arms = list(campaign.arms.all())
    control = next(arm for arm in arms if arm.is_control)
    watched_arms = [arm for arm in arms if arm.paused_at is None or arm is control]
    accepted = _accepted(campaign)
    bounds = max(len(watched) * (len(arms) - 1), 1)
    events = []
    for outcome in watched:
        assert outcome.harm_margin is not None
        counts = _counts(arms, outcome.outcome)
        for harm in find_harmful_arms(
            {arm.key: counts[arm.pk] for arm in watched_arms},
            control=control.key,
            margin=outcome.harm_margin,
            level=1 - (1 - plan.level) / bounds,
            n_planned=2 * plan.planned_per_arm,
            lower_is_better=OUTCOMES[outcome.outcome].better == "lower",
        ):
            arm = next(arm for arm in arms if arm.key == harm.arm)
            if harm.bound <= accepted.get((arm.pk, outcome.outcome), 0.0) + outcome.harm_margin:
                continue
            people = min(counts[arm.pk].n, counts[control.pk].n)
            events.append(_pause(arm, outcome.outcome, outcome.harm_margin, harm, people=people, now=now, by=by))
    return events


def _accepted(campaign: Campaign) -> dict[tuple[int, str], float]:
    """How much harm was sure when an arm was last stopped: arm and guardrail -> bound. Whoever resumed it knew."""
    stops = GuardEvent.objects.filter(campaign=campaign).order_by().values_list("arm", "outcome")
    return {(arm, outcome): bound for arm, outcome, bound in stops.annotate(Max("bound"))}


def _pause(
    arm: Arm, outcome: str, margin: float, harm: HarmfulArm, *, people: int, now: datetime, by: str
) -> GuardEvent:
    if arm.paused_at is None:
        transitions.pause_arm(arm, reason=f"Guardrail crossed: {OUTCOMES[outcome].name}", now=now, by=by)
    return GuardEvent.objects.create(
        campaign=arm.campaign,
        arm=arm,
        outcome=outcome,
        stop=arm.pauses,
        at=now,
        effect=harm.effect,
        bound=harm.bound,
        margin=margin,
        in_hundred=gate.releasable_percent(harm.bound, people=people),
    )


def _counts(arms: Sequence[Arm], outcome: str) -> dict[int, Counts]:
    """Both counts in one query, so that a fold that commits meanwhile is in both or in neither."""
    rows = Tally.objects.filter(arm__in=arms, outcome__in=["exposed", outcome]).order_by()
    sums = {(arm, key): count for arm, key, count in rows.values_list("arm", "outcome").annotate(Sum("count"))}
    return {arm.pk: Counts(sums.get((arm.pk, "exposed"), 0), sums.get((arm.pk, outcome), 0)) for arm in arms}
