"""Pause arms that are surely worse than the control by more than the plan allows, and record it.

Each guardrail with a harm margin is judged at every look by a one-sided bound that holds at all looks at once, so that
frequent looks raise no false alarms. The bounds share the plan's alpha among arms and guardrails. Guardrails are no
part of the verdict, and the embargo does not delay them.

Whoever resumes an arm accepts the harm that was certain by then. Its bound continues over all counts, and the arm is
paused again once the bound exceeds the accepted harm by another margin. It is the same bound: no false alarms.

A pause tells something of the counts at that moment. So an arm is paused on counts that a look could show: those of the
last look, or counts of which each moved by a small cell or more since.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Sum

from analytics.comparison.compare import MIN_EVENTS
from analytics.disclosure import gate, told_cells
from analytics.disclosure.told_cells import ArmCells
from analytics.models import GuardEvent, Tally
from analytics.stats import Counts, NotEstimable, sequential
from analytics.suppression import suppress
from analytics.suppression.cells import ReleasedCells
from campaign.lifecycle import arm_pauses
from campaign.models import AnalysisPlan, Arm, Campaign, PlannedOutcome
from campaign.outcomes import OUTCOMES
from messages.audit import log


@dataclass(frozen=True, slots=True)
class HarmfulArm:
    """An arm's excess harm over the control and its lower bound, valid at every look; both are shares."""

    arm: str
    effect: float
    bound: float


def find_harmful_arms(
    arms: Mapping[str, Counts], *, control: str, margin: float, level: float, n_planned: int, lower_is_better: bool
) -> list[HarmfulArm]:
    """Find the arms whose harm surely exceeds `margin`. `level` is that of each bound; `n_planned` counts both arms."""
    harmful = []
    for key, counts in arms.items():
        pair = (counts, arms[control])
        if key == control or min(min(c.events, c.n - c.events) for c in pair) < MIN_EVENTS:
            continue
        worse, better = pair if lower_is_better else pair[::-1]
        estimate = sequential.confidence_sequence(
            treated=worse, control=better, level=level, n_planned=n_planned, alternative="greater"
        )
        if not isinstance(estimate, NotEstimable) and estimate.interval.low > margin:
            harmful.append(HarmfulArm(key, estimate.effect, estimate.interval.low))
    return harmful


@transaction.atomic
def pause_harmful_arms(campaign: Campaign, *, now: datetime, by: str = log.WORKER) -> list[GuardEvent]:
    """Pause every arm that crosses a guardrail of the frozen plan, and return the events recorded."""
    plan = AnalysisPlan.objects.filter(campaign=campaign, frozen_at__isnull=False).first()
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
    events = []
    for outcome in guardrails:
        assert outcome.harm_margin is not None
        counts = _counts_by_arm(arms, outcome.outcome)
        for harm in find_harmful_arms(
            {arm.key: counts[arm.pk] for arm in watched_arms},
            control=control.key,
            margin=outcome.harm_margin,
            level=1 - (1 - plan.level) / bound_count,
            n_planned=2 * plan.planned_per_arm,
            lower_is_better=OUTCOMES[outcome.outcome].better == "lower",
        ):
            arm = next(arm for arm in arms if arm.key == harm.arm)
            if harm.bound <= accepted.get((arm.pk, outcome.outcome), 0.0) + outcome.harm_margin:
                continue
            judged = {each.key: counts[each.pk] for each in (arm, control)}
            if not _may_be_told(judged, outcome.outcome, told):
                continue  # its pause would tell of a few people: judged again on later counts
            told.append(_as_cells(judged, outcome.outcome))
            events.append(_record_pause(arm, outcome.outcome, outcome.harm_margin, harm, judged=judged, now=now, by=by))
    return events


def _accepted_harm(campaign: Campaign) -> dict[tuple[int, str], float]:
    """The bound at which each arm was last paused, by arm and guardrail: whoever resumed the arm accepted it."""
    pauses = GuardEvent.objects.filter(campaign=campaign).order_by().values_list("arm", "outcome")
    return {(arm, outcome): bound for arm, outcome, bound in pauses.annotate(Max("bound"))}


def _may_be_told(judged: Mapping[str, Counts], outcome: str, told: Sequence[ArmCells]) -> bool:
    """Whether the counts of arm and control could be released beside all that was told before."""
    ever = dict.fromkeys([outcome, *(key for cells in told for arm in cells.values() for key in arm.totals)])
    related = told_cells.joint_tables(tuple(ever))
    cells = _as_cells(judged, outcome)
    return suppress.tellable_arms(cells, told, related, least=settings.SMALL_CELL) == cells.keys()


def _as_cells(judged: Mapping[str, Counts], outcome: str) -> ArmCells:
    return {key: ReleasedCells(c.n, {outcome: (c.events, c.n - c.events)}) for key, c in judged.items()}


def _record_pause(
    arm: Arm, outcome: str, margin: float, harm: HarmfulArm, *, judged: Mapping[str, Counts], now: datetime, by: str
) -> GuardEvent:
    if arm.paused_at is None:
        arm_pauses.pause_arm(arm, reason=f"Guardrail crossed: {OUTCOMES[outcome].name}", now=now, by=by)
    return GuardEvent.objects.create(
        campaign=arm.campaign,
        arm=arm,
        outcome=outcome,
        stop=arm.pauses,
        at=now,
        effect=harm.effect,
        bound=harm.bound,
        margin=margin,
        in_hundred=gate.releasable_percent(harm.bound, people=min(c.n for c in judged.values())),
        judged_on={key: [c.n, c.events] for key, c in judged.items()},
    )


def _counts_by_arm(arms: Sequence[Arm], outcome: str) -> dict[int, Counts]:
    """Read exposures and events in one query, so that a concurrent fold is in both or in neither."""
    rows = Tally.objects.filter(arm__in=arms, outcome__in=["exposed", outcome]).order_by()
    sums = {(arm, key): count for arm, key, count in rows.values_list("arm", "outcome").annotate(Sum("count"))}
    return {arm.pk: Counts(sums.get((arm.pk, "exposed"), 0), sums.get((arm.pk, outcome), 0)) for arm in arms}
