"""The page for a board: the sentence, one chart, how secure it is, what it cost, and what to do next."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from analytics.export.document_values import certainty_values, chart_values, shared_values
from analytics.export.look_tables import released_report
from analytics.models import Analysis, Estimate
from analytics.results import charts
from analytics.results.build import Report
from analytics.results.certainty import Certainty, against_control, by_effect, judge_certainty
from analytics.results.costs import cost_sentences
from analytics.results.effect_texts import lift_text, size_text
from analytics.results.headline import lead_comparison
from analytics.results.outcome_rows import people_scale
from campaign.models import Campaign
from campaign.pdf.render import render_pdf


def board_pdf(analysis: Analysis) -> bytes:
    """Return the page as PDF, in the active language. Raises NotExportable, or PdfNotRendered."""
    return render_pdf("board", board_values(analysis))


def board_values(analysis: Analysis) -> dict[str, Any]:
    """Return what templates/pdf/board.typ reads."""
    report = released_report(analysis)
    judged = judge_certainty(report)
    shared = shared_values(report, _("The result on one page"))
    return {
        **shared,
        "people": f"{shared['people']} {_both_ways(report)}".strip(),
        "charts": [chart_values(charts.rates_chart, report.primary, report.level)] if _has_chart(report) else [],
        "certainty": certainty_values(judged),
        "cost": {"title": _("What it cost"), "lines": cost_sentences(report)},
        "next": {"title": _("What to do next"), "lines": list(next_steps(report, judged.step))},
    }


def next_steps(report: Report, step: Certainty) -> Iterator[str]:
    """Yield what to do, by what is known."""
    if step == Certainty.UNUSABLE:
        yield _("Find the cause, fix it and start a new campaign. Do not act on the counts of this one.")
        return
    rows = by_effect(against_control(report), better=report.primary.outcome.better)
    better = [row for row in rows if row.verdict == Estimate.Verdict.BETTER]
    worse = [row for row in rows if row.verdict == Estimate.Verdict.WORSE]
    if better:
        row = better[0]
        yield _(
            "Use “%(message)s”. Let a few people keep seeing “%(control)s”, so that you can tell "
            "whether it still works."
        ) % {"message": row.treated_name, "control": row.control_name}
    if len(better) > 1:
        others = ", ".join(f"“{row.treated_name}”" for row in better[1:])
        yield _(
            "Also better than “%(control)s”: %(messages)s. You can show several in turn, in case "
            "people get used to one."
        ) % {"control": better[0].control_name, "messages": others}
    for row in worse:
        yield _("Do not use “%(message)s”. Tell others too: it helps to know which messages backfire.") % {
            "message": row.treated_name
        }
    if step == Certainty.OPEN:
        yield (
            _("Let the campaign run to the end of its plan before you act on the result.")
            if report.campaign.state in (Campaign.State.RUNNING, Campaign.State.PAUSED)
            else _("If the question still matters, plan a larger trial. “Next steps” shows how many people it needs.")
        )
    elif not better and not worse:
        yield _(
            "There is no reason to replace “%(control)s” with one of these messages. Publish the "
            "result, so that others do not have to repeat the trial."
        ) % {"control": rows[0].control_name}


def _both_ways(report: Report) -> str:
    """Say the difference of the headline in absolute and in relative terms, each with its interval."""
    lead = None if report.withheld else lead_comparison(report.primary)
    pair = None if lead is None else (lead.treated, lead.control)
    row = next((row for row in report.checks if (row.treated, row.control) == pair), None)
    if row is None or row.difference is None or row.lift is None:
        return ""
    scale = people_scale(report.primary)
    return _(
        "“%(treated)s” against “%(control)s”: %(absolute)s in %(people)s people, in relative terms %(relative)s."
    ) % {
        "treated": row.treated_name,
        "control": row.control_name,
        "absolute": size_text(row.difference, scale),
        "people": scale.people,
        "relative": lift_text(row.lift),
    }


def _has_chart(report: Report) -> bool:
    return not report.withheld and report.primary.outcome.kind != "ordered"
