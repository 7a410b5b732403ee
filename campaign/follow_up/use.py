"""Put the message that worked to use: at each of its places, but for a holdout that keeps the control.

A place that can show one text at a time shows it to everybody, so there is no holdout; its texts take turns by periods.

What is in use is a campaign of its own, so that it has a plan, an approval by a second person, the harm stop, and
results. It is shown wherever no trial runs.
"""

from collections.abc import Collection

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from campaign.lifecycle import transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.clone import begin_draft, copy_plan, next_slug, record_draft
from campaign.models import AnalysisPlan, Arm, Campaign, Placement, PlannedOutcome
from campaign.outcomes import OUTCOMES
from campaign.planned_people import mean_per_arm
from campaign.wizard.draft import DEFAULT_LOOKS, require_manager
from campaign.wizard.sample_size import SampleSizeInputs, needed_people

# Of 100 people, how many keep seeing the control: the weights of the message and of the control.
HOLDOUT_WEIGHTS = {10: (9, 1), 5: (19, 1), 0: (1, 0)}


@transaction.atomic
def put_to_use(
    trial: Campaign, key: str, *, holdout: int, placements: Collection[Placement], by: User, by_period: bool = False
) -> Campaign:
    """Plan the use of one arm of a trial, and send it to a second person for approval.

    With `by_period`, places show everybody the same text for a day, or for a week if the trial did so. The primary
    outcome, guardrails and recipients are the trial's. It may be looked at any time, because it has no planned end.
    What is planned already is not planned again: asking twice makes one, until it is closed. Raises ActionRefused, and
    then nothing was made.
    """
    require_manager(by)
    Campaign.objects.select_for_update(no_key=True).get(pk=trial.pk)  # of two requests at once, the second finds it
    arms = {arm.key: arm for arm in trial.arms.with_texts()}
    control = next((arm for arm in arms.values() if arm.is_control), None)
    message = arms.get(key)
    if trial.launched_at is None or control is None or message is None or message.is_control:
        raise ActionRefused(_("Only a message that was compared with its control in a trial can be put to use."))
    if message.paused_at is not None:
        raise ActionRefused(_("“%(arm)s” is stopped in the trial, so it cannot be put to use.") % {"arm": message.name})
    if trial.unit == Campaign.Unit.PERIOD and not by_period:
        sentence = _(
            "This trial showed everyone the same message at a time. Here you cannot give each visitor their own."
        )
        raise ActionRefused(sentence)
    if by_period and holdout:  # nobody can be held out of what everybody sees
        raise ActionRefused(_("Where everyone sees the same text, nobody can keep seeing the control."))
    if holdout not in HOLDOUT_WEIGHTS:
        raise ActionRefused(_("Choose how many people keep seeing the control."))
    if not placements:
        raise ActionRefused(_("Choose at least one placement."))
    wanted = dict(zip((control.key, message.key), reversed(HOLDOUT_WEIGHTS[holdout]), strict=True))
    unit = _unit_of_use(trial, by_period=by_period)
    if planned := _planned_use(trial, wanted, {place.pk for place in placements}, unit=unit):
        return planned
    slug, _number = next_slug(f"{trial.slug[:40]}-use-0")
    name = _("%(message)s in use (%(trial)s)") % {"message": message.name, "trial": trial.name}
    names = {"message": message.name, "control": control.name}
    use = begin_draft(
        trial,
        by=by,
        slug=slug,
        name=name,
        hypothesis=_("“%(message)s” continues to work better than “%(control)s”.") % names,
        purpose=Campaign.Purpose.USE,
        based_on=trial,
        unit=unit,
    )
    use.placements.set(placements)
    weights = HOLDOUT_WEIGHTS[holdout]
    stopped = {arm.pk: {text.position for text in arm.texts.all() if text.stopped_at} for arm in (control, message)}
    if trial.plan.texts == AnalysisPlan.Texts.MATCHED:  # a set goes with each of its texts
        stopped = dict.fromkeys(stopped, set().union(*stopped.values()))
    for position, (arm, weight) in enumerate(zip((control, message), reversed(weights), strict=True)):
        shown = [text.revision for text in arm.texts.all() if text.position not in stopped[arm.pk]]
        fields = {"key": arm.key, "name": arm.name, "is_control": arm.is_control, "position": position}
        Arm.objects.create_with_texts(shown, campaign=use, weight=weight, **fields)
    _plan_use(use, trial.plan, comparison=(key, control.key), weights=weights)
    record_draft(use, trial, by=by)
    transitions.submit(use, by=by)
    return use


def _unit_of_use(trial: Campaign, *, by_period: bool) -> str:
    return Campaign.Unit.PERIOD if by_period else trial.unit


def _planned_use(trial: Campaign, weights: dict[str, int], placements: set[int], *, unit: str) -> Campaign | None:
    """The use of these arms with these weights at these places that is planned or goes on."""
    for use in trial.follow_ups.filter(purpose=Campaign.Purpose.USE, unit=unit).exclude(state=Campaign.State.CLOSED):
        same_places = set(use.placements.values_list("pk", flat=True)) == placements
        if same_places and dict(use.arms.values_list("key", "weight")) == weights:
            return use
    return None


def _plan_use(use: Campaign, plan: AnalysisPlan, *, comparison: tuple[str, str], weights: tuple[int, int]) -> None:
    """Copy the trial's plan, for one comparison that may be looked at any time."""
    primary = plan.outcomes.get(role=PlannedOutcome.Role.PRIMARY)
    people = plan.planned_people
    if plan.expected_rate and OUTCOMES[primary.outcome].kind == "yes-no" and all(weights):
        people = needed_people(
            SampleSizeInputs(
                expected_rate=plan.expected_rate,
                smallest_difference=plan.smallest_difference,
                weights=weights,
                per_day=0,
                pairs=(weights,),
                level=plan.level,
                power=plan.power,
                monitoring=AnalysisPlan.Monitoring.ALWAYS_VALID,
            )
        )
    copy_plan(plan, use)
    plan = AnalysisPlan.objects.get(campaign=use)
    plan.comparisons = [list(comparison)]
    plan.monitoring, plan.looks = AnalysisPlan.Monitoring.ALWAYS_VALID, list(DEFAULT_LOOKS["always-valid"])
    plan.correction = AnalysisPlan.Correction.HOLM
    plan.strata = plan.clusters = ""
    plan.design_effect = None
    if use.unit == Campaign.Unit.PERIOD:
        is_by_week = plan.period == AnalysisPlan.Period.WEEK
        plan.period = AnalysisPlan.Period.WEEK if is_by_week else AnalysisPlan.Period.DAY
        plan.period_weeks = 0  # for as long as it is in use
    plan.planned_per_arm = mean_per_arm(people, weights)
    plan.save()
