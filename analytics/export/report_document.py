"""The report of a look, in the order of CONSORT 2025: plan, messages, flow, results, harms, deviations, methods."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from analytics import wording
from analytics.export.document_values import certainty_values, chart_values, shared_values
from analytics.export.look_tables import released_report
from analytics.models import Analysis
from analytics.report_rows import CrossCheckRow, DeviationRow, DifferenceRow, OutcomeBlock
from analytics.results import charts
from analytics.results.build import Report
from analytics.results.certainty import judge_certainty
from analytics.results.costs import cost_sentences
from analytics.results.factorial_reading import factorial_sentences
from analytics.results.flow import build_flow
from analytics.results.outcome_rows import people_scale
from analytics.results.planned_and_done import planned_beside_done
from analytics.results.robustness import robustness_sentences
from campaign.models import AnalysisPlan
from campaign.pdf.render import render_pdf
from campaign.preregistration.export import PlanDocument, build_plan_document
from campaign.preregistration.rows import PlanRendition

# Rows of the preregistration, by the heading of CONSORT 2025 under which the report gives them.
_BEFORE = (
    "description", "hypotheses", "design", "randomization", "blinding", "collection", "measured", "size", "rationale",
    "stopping", "ethics",
)  # fmt: skip
_METHODS = ("models", "inference", "exclusion", "missing")
_CONSORT = "Hopewell S, Chan A-W, Collins GS, et al. CONSORT 2025 statement. BMJ 2025;389:e081123."
_FACTORIAL = "Kahan BC, Hall SS, Beller EM, et al. Reporting of factorial randomized trials. JAMA 2023;330:2106–2114."
_WILSON = "Wilson EB. Probable inference. Journal of the American Statistical Association 1927;22:209–212."
# What a method of the look rests on: the first that its name, or the plan's word, begins with.
_REFERENCES = {
    "miettinen-nurminen": "Miettinen O, Nurminen M. Comparative analysis of two rates. Statistics in Medicine "
    "1985;4:213–226.",
    "mantel-haenszel": "Sato T. On the variance estimator for the Mantel–Haenszel risk difference. Biometrics "
    "1989;45:1323–1324.",
    "cr2": "Pustejovsky JE, Tipton E. Small-sample methods for cluster-robust variance estimation. Journal of Business "
    "& Economic Statistics 2018;36:672–683.",
    "brunner": "Brunner E, Munzel U. The nonparametric Behrens–Fisher problem. Biometrical Journal 2000;42:17–25.",
    "group-sequential": "Lan KKG, DeMets DL. Discrete sequential boundaries for clinical trials. Biometrika "
    "1983;70:659–663.",
    "always-valid": "Howard SR, Ramdas A, McAuliffe J, Sekhon J. Time-uniform, nonparametric, nonasymptotic confidence "
    "sequences. Annals of Statistics 2021;49:1055–1080.",
    "holm": "Holm S. A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics "
    "1979;6:65–70.",
    "dunnett": "Dunnett CW. A multiple comparison procedure for comparing several treatments with a control. Journal "
    "of the American Statistical Association 1955;50:1096–1121.",
}


def report_pdf(analysis: Analysis) -> bytes:
    """Return the report as PDF, in the active language. Raises NotExportable, or PdfNotRendered."""
    return render_pdf("report", report_values(analysis))


def report_values(analysis: Analysis) -> dict[str, Any]:
    """Return what templates/pdf/report.typ reads. Raises NotExportable."""
    return values_of(released_report(analysis))


def values_of(report: Report) -> dict[str, Any]:
    """Return a released report as values, for the document and for the public page."""
    document = build_plan_document(report.campaign.plan)
    rows = {row.key: row for section in document.sections for row in section.rows}
    primary = report.primary
    return {
        **shared_values(report, _("Report of a randomised trial")),
        "interval_sentence": report.interval_sentence,
        "certainty": certainty_values(judge_certainty(report)),
        "headings": _headings(),
        "plan": [_plain(rows[key]) for key in _BEFORE if key in rows],
        "registered": _registration_sentence(report, document),
        "messages": [_rendition(words) for row in rows.values() for words in row.words],
        "done": _plan_beside_done(report, document.plan),
        "flow": _flow(report),
        "results": [_outcome(block, report) for block in (primary, *report.others) if block.role != "guardrail"],
        "factorial": [
            *(row.sentence for row in (*report.factorial, *report.factorial_kinds) if row.sentence),
            *factorial_sentences(report, document.plan),
        ],
        "harms": list(_harms(report)),
        "deviations": [_deviation(row) for row in report.deviations],
        "quality": [f"{item.label}: {item.detail}" for item in report.quality],
        "robustness": [f"{name}: {told}" for name, told in robustness_sentences(report)],
        "cost": cost_sentences(report),
        "methods": [sentence for key in _METHODS if key in rows for sentence in rows[key].plain],
        "references": _references(report, document.plan),
        "note": report.note,
    }


def _headings() -> dict[str, str]:
    return {
        "summary": _("Summary"),
        "plan": _("What was planned"),
        "messages": _("The messages, as they were shown"),
        "done": _("Plan and what was done"),
        "flow": _("From sent to counted"),
        "results": _("Results"),
        "harms": _("Harm"),
        "deviations": _("Changes from the plan"),
        "limits": _("How good the data are"),
        "cost": _("What it cost"),
        "methods": _("Methods"),
        "references": _("References"),
        "none": _("None."),
    }


def _plain(row: Any) -> dict[str, Any]:
    return {"key": row.key, "title": row.title, "plain": list(row.plain)}


def _registration_sentence(report: Report, document: PlanDocument) -> str:
    if report.plan_frozen_at is None:
        return _("The plan was not frozen before the data were collected.")
    values = {"when": date_format(report.plan_frozen_at, "DATE_FORMAT"), "print": report.plan_fingerprint}
    return _("The plan was frozen on %(when)s, before anyone was counted. SHA-256: %(print)s") % values


def _rendition(words: PlanRendition) -> dict[str, str]:
    return {
        "arm": words.arm,
        "locale": words.locale,
        "direction": words.direction,
        "headline": words.headline,
        "body": words.body,
    }


def _plan_beside_done(report: Report, plan: AnalysisPlan) -> dict[str, Any]:
    return {
        "head": ["", _("Planned"), _("What was done")],
        "rows": [[row.name, row.planned or "–", row.done or "–"] for row in planned_beside_done(report, plan)],
    }


def _flow(report: Report) -> dict[str, Any]:
    """Return a table of how many were sent each message, saw it and did what is counted."""
    flow = build_flow(report.primary, report.others)
    return {
        "head": [_("Message"), _("Sent"), _("Saw it"), *flow.steps],
        "rows": [
            [
                row.rate.name,
                *(_count(number) for number in (row.rate.served, row.rate.n, *(each for _, each in row.steps))),
            ]
            for row in flow.rows
        ],
    }


def _count(value: int | None) -> str:
    return wording.count_text(value, settings.SMALL_CELL)


def _outcome(block: OutcomeBlock, report: Report) -> dict[str, Any]:
    drawn = []
    if not report.withheld and block.outcome.kind != "ordered":
        draws = [charts.rates_chart, charts.differences_chart] if block.role == "primary" else []
        drawn = [
            chart_values(draw, block, report.level) for draw in draws if draw is charts.rates_chart or block.differences
        ]
    ratios = {(row.treated, row.control): row for row in report.checks} if block.role == "primary" else {}
    return {
        "title": block.outcome.name,
        "charts": drawn,
        "sentences": [] if report.withheld else [row.sentence for row in block.answers if row.sentence],
        "head": [_("Comparison"), _("Difference"), _("Relative")] if ratios else [_("Comparison"), _("Difference")],
        "rows": [] if report.withheld else list(_estimates(block, ratios)),
        "caption": _("Each with its %(level)s interval. Relative: how much more or less than with the other message.")
        % {"level": wording.level_text(report.level)}
        if ratios
        else _("Each with its %(level)s interval.") % {"level": wording.level_text(report.level)},
    }


def _estimates(block: OutcomeBlock, ratios: dict[tuple[str, str], CrossCheckRow]) -> Iterator[list[str]]:
    scale = people_scale(block)
    for row in block.differences:
        cells = [f"{row.treated_name} – {row.control_name}", _difference(row, block, scale)]
        if ratios:
            cells.append(_relative(ratios.get((row.treated, row.control))))
        yield cells


def _difference(row: DifferenceRow, block: OutcomeBlock, scale: wording.PeopleScale) -> str:
    if row.effect is None or row.low is None or row.high is None:
        return _("hidden") if row.hidden else _("not estimated")
    gap = wording.difference_phrase(row.effect, scale)
    return f"{gap} ({wording.interval_text(row.low, row.high, scale)})"


def _relative(row: CrossCheckRow | None) -> str:
    lift = row.lift if row else None
    if lift is None or lift.effect is None:
        return "–"
    low, high = wording.signed_number(100 * lift.low, 0), ""
    if lift.high is not None:
        high = wording.signed_number(100 * lift.high, 0)
    interval = wording.range_text(f"{low} %", f"{high} %") if high else f"{low} % …"
    return f"{wording.signed_number(100 * lift.effect, 0)} % ({interval})"


def _harms(report: Report) -> Iterator[str]:
    yield from report.guardrail_pauses
    if not report.withheld:
        for block in report.others:
            if block.role == "guardrail":
                yield from (row.sentence for row in block.answers if row.sentence)


def _deviation(row: DeviationRow) -> str:
    return f"{date_format(row.at, 'DATE_FORMAT')}: {row.what} {row.why}".strip()


def _references(report: Report, plan: AnalysisPlan) -> list[str]:
    used = [*(row.method for row in report.primary.differences), plan.monitoring, plan.correction]
    found = {text for word in used for key, text in _REFERENCES.items() if word.startswith(key)}
    rates = [] if report.primary.outcome.kind == "ordered" else [_WILSON]
    return [_CONSORT, *([_FACTORIAL] if report.factorial else []), *rates, *sorted(found)]
