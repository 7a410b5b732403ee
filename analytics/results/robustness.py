"""How robust the answer is, what was left out of it, and what a sample of this size could and could not have shown."""

from collections.abc import Iterator
from statistics import NormalDist

from django.utils.translation import gettext

from analytics import wording
from analytics.report_rows import DifferenceRow
from analytics.results.build import Report
from analytics.results.headline import lead_comparison
from analytics.results.outcome_rows import people_scale
from campaign.models import AnalysisPlan


def robustness_sentences(report: Report) -> Iterator[tuple[str, str]]:
    """Yield for each comparison how little would turn it, and what one placement or network can do: the lead first."""
    lead = lead_comparison(report.primary)
    for row in sorted(report.checks, key=lambda row: not lead or (row.treated, row.control) != _pair(lead)):
        without = gettext("Leaving out one placement: %(range)s.") % {"range": row.without} if row.without else ""
        told = " ".join(part for part in (row.tipping, without, row.one_network) if part)
        if told:
            yield f"{row.treated_name} – {row.control_name}", told


def _pair(row: DifferenceRow) -> tuple[str, str]:
    return row.treated, row.control


def left_out_sentence(report: Report) -> str:
    """Say what a flood of views was left out; empty while too little was sent to say anything."""
    if report.left_out_percent is None:
        return ""
    if report.left_out_percent == 0:
        return gettext("Fewer than 1 of 100 messages went to a network that had reached its daily limit.")
    return gettext(
        "%(share)s of 100 messages went to networks that had reached their daily limit. These are left out, so a "
        "flood from one network cannot decide the result."
    ) % {"share": report.left_out_percent}


def sight_sentence(report: Report, plan: AnalysisPlan) -> str:
    """Say which differences this sample could have shown, and which it would have missed; empty without a comparison.

    An interval of half width w is some z times the standard error, and z is at least that of a single look. A true
    difference of w (1 + z_power / z) would then be shown with the plan's power, and one of w (1 - z_power / z) be
    missed as often.
    """
    lead = lead_comparison(report.primary)
    if report.withheld or report.embargoed or report.primary.outcome.kind == "ordered" or lead is None:
        return ""
    if lead.low is None or lead.high is None:
        return ""
    normal, scale, half = NormalDist(), people_scale(report.primary), (lead.high - lead.low) / 2
    reach = normal.inv_cdf(plan.power) / normal.inv_cdf((1 + report.level) / 2)
    values = {
        "sure": scale.decimal(half * (1 + reach)),
        "missed": scale.decimal(max(half * (1 - reach), 0.0)),
        "people": scale.people,
        "power": wording.percent(plan.power),
        "treated": lead.treated_name,
        "control": lead.control_name,
    }
    return (
        gettext(
            "Between “%(treated)s” and “%(control)s”, a trial of this many people shows a true difference of %(sure)s "
            "in %(people)s or more in %(power)s of cases. It misses one under %(missed)s in %(people)s as often."
        )
        % values
    )
