"""What was planned beside what was done."""

from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from analytics import wording
from analytics.results.build import Report
from analytics.results.headline import lead_comparison
from analytics.results.outcome_rows import people_scale
from analytics.results.recorded_looks import planned_shares
from campaign.models import AnalysisPlan


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """One thing that was planned, and what became of it; an empty text stands for a dash."""

    name: str
    planned: str
    done: str


def planned_beside_done(report: Report, plan: AnalysisPlan) -> list[PlannedRow]:
    """Return the rows for the page and the report."""
    shares = ", ".join(wording.percent(share) for share in planned_shares(plan))
    look = gettext("look %(number)s") % {"number": report.shown_look}
    rows = [
        PlannedRow(gettext("People who see a message"), wording.number(report.planned_people), report.people_in_words),
        PlannedRow(gettext("Looks"), shares, f"{look}, {status_text(report)}"),
        PlannedRow(gettext("Days"), "", _days(report)),
    ]
    if report.primary.outcome.kind != "ordered":
        rows += _rates(report, plan)
    changes = len(report.deviations)
    done = (
        ngettext("%(number)s change, on record", "%(number)s changes, on record", changes) % {"number": changes}
        if changes
        else gettext("nothing was changed")
    )
    return [*rows, PlannedRow(gettext("Changes from the plan"), gettext("none"), done)]


def status_text(report: Report) -> str:
    """Return what the numbers of a look are worth, in words."""
    if report.withheld:
        return gettext("withheld")
    return gettext("exploratory") if report.exploratory else gettext("as planned")


def _days(report: Report) -> str:
    if report.from_day is None or report.to_day is None:
        return ""
    if report.from_day == report.to_day:
        return date_format(report.to_day, "DATE_FORMAT")
    days = {"from": date_format(report.from_day, "DATE_FORMAT"), "to": date_format(report.to_day, "DATE_FORMAT")}
    return gettext("%(from)s to %(to)s") % days


def _rates(report: Report, plan: AnalysisPlan) -> list[PlannedRow]:
    """The rate of the control, and the difference that the trial was made to find beside how finely it measured."""
    block, scale = report.primary, people_scale(report.primary)
    control = next((row for row in block.rates if row.is_control), None)
    seen = (
        gettext("%(count)s of %(people)s") % {"count": scale.count(control.rate), "people": scale.people}
        if control is not None and control.rate is not None and not report.withheld
        else ""
    )
    expected = (
        gettext("%(count)s of %(people)s") % {"count": scale.count(plan.expected_rate), "people": scale.people}
        if plan.expected_rate
        else ""
    )
    name = gettext("%(outcome)s, with the control") % {"outcome": block.outcome.name}
    rows = [PlannedRow(name, expected, seen)] if seen or expected else []
    lead = None if report.withheld else lead_comparison(block)
    if block.smallest_difference and lead is not None and lead.low is not None and lead.high is not None:
        half = (lead.high - lead.low) / 2
        rows.append(
            PlannedRow(
                gettext("Smallest difference that matters"),
                gettext("%(number)s in %(people)s")
                % {"number": wording.compact_number(block.smallest_difference * scale.base), "people": scale.people},
                gettext("measured to within ±%(number)s in %(people)s")
                % {"number": scale.decimal(half), "people": scale.people},
            )
        )
    return rows
