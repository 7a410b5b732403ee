"""The looks of a campaign: which of the plan each is, who asked for it, what it saw, and how the estimate moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext

from analytics import wording
from analytics.disclosure import gate
from analytics.models import Analysis
from analytics.report_rows import DifferenceRow, OutcomeBlock
from analytics.results.build import Report
from analytics.results.headline import lead_comparison
from analytics.results.look_summaries import people_exposed
from analytics.results.outcome_rows import outcome_blocks
from campaign.models import AnalysisPlan

MOST_POINTS = 12  # of one chart


@dataclass(frozen=True, slots=True)
class RecordedLook:
    """One look on record. `asked_by` is empty where the worker took it; `reason` is that of an exception."""

    look: int
    made_at: datetime
    name: str
    asked_by: str
    reason: str
    saw: str
    is_planned: bool
    is_exception: bool


@dataclass(frozen=True, slots=True)
class LookPoint:
    """What a look showed: its primary outcome, and in it the comparison that is in the headline today."""

    recorded: RecordedLook
    analysis: Analysis
    block: OutcomeBlock
    row: DifferenceRow

    @property
    def people(self) -> str:
        return wording.people_text(people_exposed(self.block))


def planned_shares(plan: AnalysisPlan) -> list[float]:
    """The shares of the planned people, or periods, at which the plan looks."""
    return [1.0] if plan.monitoring == AnalysisPlan.Monitoring.FIXED else [float(share) for share in plan.looks]


def recorded_looks(plan: AnalysisPlan, analyses: Sequence[Analysis]) -> list[RecordedLook]:
    """Return each look on record. `analyses` are all of a campaign that a reader may know of, oldest first."""
    shares, reached, looks = planned_shares(plan), 0, []
    for analysis in analyses:
        due = sum(share <= analysis.information for share in shares)
        is_planned = due > reached and not (analysis.embargoed or analysis.exploratory or analysis.exception)
        reached = due if is_planned else reached
        asked_by, _, reason = analysis.exception.partition(": ")
        looks.append(
            RecordedLook(
                look=analysis.look,
                made_at=analysis.made_at,
                name=_name(plan, analysis, shares, due) if is_planned else _unplanned_name(analysis, due, len(shares)),
                asked_by=asked_by,
                reason=reason,
                saw=_what_was_seen(analysis),
                is_planned=is_planned,
                is_exception=bool(analysis.exception),
            )
        )
    return looks


def looks_to_compare(recorded: Sequence[RecordedLook], *, number: int) -> list[RecordedLook]:
    """Return the look with this number, and before it each planned look and each by exception."""
    return [
        each
        for each in recorded
        if each.look == number or (each.look < number and (each.is_planned or each.is_exception))
    ][-MOST_POINTS:]


def estimate_over_looks(report: Report, looks: Sequence[tuple[RecordedLook, gate.ReleasedLook]]) -> list[LookPoint]:
    """Return the comparison of the headline at each of these looks.

    A look that showed no counts of its own is left out, and all are where nothing may be compared.
    """
    lead = lead_comparison(report.primary)
    if report.withheld or report.embargoed or lead is None:
        return []
    points = []
    for each, look in looks:
        if look.is_withheld or look.shows_earlier_look or look.shown_analysis.embargoed:
            continue
        of_primary = [e for e in look.estimates if e.outcome == look.analysis.outcome]
        (block,) = outcome_blocks(of_primary, report.campaign.plan)
        pairs = [row for row in (*block.answers, *block.differences) if row.effect is not None]
        row = next((row for row in pairs if (row.treated, row.control) == (lead.treated, lead.control)), None)
        if row is not None:
            points.append(LookPoint(each, look.shown_analysis, block, row))
    return points


def _name(plan: AnalysisPlan, analysis: Analysis, shares: Sequence[float], due: int) -> str:
    if len(shares) == 1:
        return gettext("The planned look, at the end")
    values = {"number": due, "all": len(shares), "share": wording.percent(shares[due - 1])}
    if plan.period_weeks:
        return gettext("Planned look %(number)s of %(all)s, at %(share)s of the periods") % values
    return gettext("Planned look %(number)s of %(all)s, at %(share)s of the people") % values


def _unplanned_name(analysis: Analysis, due: int, planned: int) -> str:
    if analysis.exception:
        return gettext("Early look, by exception")
    if analysis.embargoed or not due:
        return gettext("Before the first planned look")
    if due >= planned:
        return gettext("After the last planned look")
    return gettext("Between two planned looks")


def _what_was_seen(analysis: Analysis) -> str:
    if analysis.embargoed:
        return gettext("data quality only")
    if analysis.sample_ratio == Analysis.SampleRatio.ALARM:
        return gettext("counts only, because the split was broken")
    if analysis.exploratory:
        return gettext("rates and differences, as exploratory")
    return gettext("rates and differences")
