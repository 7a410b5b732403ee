"""The control of a trial, by which a message in use is judged where nobody sees the control any more.

The trial's counts are those that its looks show, so a pause tells nothing of them that they do not tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from analytics.disclosure.released_cells import ArmCells, released_cells
from analytics.guardrails.counts import PeriodCounts, days_since, read_counts, read_periods
from analytics.stats import Counts
from campaign.models import AnalysisPlan, Arm, Campaign


@dataclass(frozen=True, slots=True)
class TrialControl:
    """The counts of a control as its trial showed them last, and the days or periods in which its people came."""

    counts: Counts
    periods: PeriodCounts


def control_of_trial(use: Campaign, control: Arm, outcome: str) -> TrialControl | None:
    """The control in the trial that a message in use came from; None if a control is still seen, or was never shown."""
    if not use.is_use or control.weight or use.based_on is None:
        return None
    trial_control = Arm.objects.filter(campaign=use.based_on, key=control.key).first()
    if trial_control is None:
        return None
    counts = _counts_shown(released_cells(use.based_on), trial_control, outcome)
    if counts is None:
        return None
    plan = AnalysisPlan.objects.get(campaign=use.based_on)
    periods = plan.periods_from(use.based_on.starts_at) or days_since(use.based_on)
    return TrialControl(counts, read_periods([trial_control], outcome, periods)[control.key])


def _counts_shown(told: Sequence[ArmCells], arm: Arm, outcome: str) -> Counts | None:
    """What was shown of an arm last. Where a part is hidden because it is small, 1 stands for it."""
    shown = next(
        (look[arm.key] for look in reversed(told) if arm.key in look and outcome in look[arm.key].totals), None
    )
    if shown is None:
        return None
    parts = shown.totals[outcome]
    if parts is not None:
        return Counts(shown.n, parts[0])
    is_small = read_counts([arm], outcome).of_arm(arm).events < settings.SMALL_CELL
    return Counts(shown.n, min(1, shown.n)) if is_small else None
