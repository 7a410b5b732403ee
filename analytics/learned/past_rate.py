"""The rate that the next trial may expect of its control, which was chosen because it did well in the trial before."""

from math import sqrt

from analytics.export.look_tables import NotExportable, exportable_looks, released_report
from analytics.report_rows import RateRow
from analytics.stats import Estimate, Interval, NotEstimable
from analytics.stats.shrinkage import corrected_effect
from campaign.models import Arm, Campaign
from campaign.outcomes import OUTCOMES
from campaign.wizard.past_rate import PastRate
from campaign.wizard.planned_outcomes import primary_outcome

_NORMAL_95 = 1.959964


def past_rate(draft: Campaign) -> PastRate | None:
    """Return what the last released look of the trial before says of a draft's control."""
    trial, arm = draft.based_on, _chosen_arm(draft)
    looks = exportable_looks(trial) if trial is not None and arm is not None else []
    if trial is None or arm is None or not looks or trial.plan.strata or trial.plan.clusters:
        return None
    try:
        report = released_report(looks[-1])
    except NotExportable:
        return None
    block = report.primary
    if report.withheld or block.outcome.key != primary_outcome(draft) or OUTCOMES[block.outcome.key].kind != "yes-no":
        return None
    chosen = next((row for row in block.rates if row.key == arm.key), None)
    control = next((row for row in block.rates if row.is_control), None)
    if chosen is None or control is None or chosen.is_control:
        return None
    difference = _difference(chosen, control)
    corrected = NotEstimable("") if difference is None else corrected_effect(difference)
    if difference is None or isinstance(corrected, NotEstimable) or control.rate is None or chosen.rate is None:
        return None
    return PastRate(
        trial=trial,
        message=chosen.name,
        found=chosen.rate,
        difference=difference.effect,
        corrected=control.rate + corrected,
        corrected_difference=corrected,
    )


def _chosen_arm(draft: Campaign) -> Arm | None:
    """The arm of the trial before whose texts the draft's control has."""
    control = draft.arms.with_texts().filter(is_control=True).first()
    if draft.based_on is None or control is None:
        return None
    shown = {text.revision_id for text in control.texts.all()}
    arms = draft.based_on.arms.with_texts()
    return next((arm for arm in arms if shown and shown <= {text.revision_id for text in arm.texts.all()}), None)


def _difference(chosen: RateRow, control: RateRow) -> Estimate | None:
    """The difference of two released rates with its standard error; None where a count is not shown."""
    if chosen.n is None or chosen.events is None or control.n is None or control.events is None:
        return None
    if not (chosen.n and control.n):
        return None
    rates = chosen.events / chosen.n, control.events / control.n
    error = sqrt(sum(rate * (1 - rate) / n for rate, n in zip(rates, (chosen.n, control.n), strict=True)))
    effect, half = rates[0] - rates[1], _NORMAL_95 * error
    return Estimate(effect, Interval(effect - half, effect + half, 0.95), None, "wald", standard_error=error)
