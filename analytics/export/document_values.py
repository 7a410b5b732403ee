"""What the documents about a look share: title, language, date, the line at the foot, and charts."""

from collections.abc import Callable
from html import unescape
from typing import Any

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _

from analytics.export.chart_files import for_print
from analytics.report_rows import OutcomeBlock
from analytics.results.build import Report
from analytics.results.certainty import STEP_MEANINGS, STEP_NAMES, Certainty, CertaintyStep
from analytics.results.planned_and_done import status_text


def shared_values(report: Report, eyebrow: str) -> dict[str, Any]:
    """Return what templates/pdf/document.typ reads."""
    campaign = report.campaign
    look, plan = _("look %(number)s") % {"number": report.shown_look}, _("plan %(print)s")
    return {
        "title": campaign.name,
        "eyebrow": f"{settings.ORGANISATION} · {eyebrow}" if settings.ORGANISATION else eyebrow,
        "author": settings.ORGANISATION,
        "foot": " · ".join(
            [campaign.slug, look, status_text(report), plan % {"print": report.plan_fingerprint[:16] or "–"}]
        ),
        "dated": report.made_at.replace(microsecond=0).isoformat(),
        "language": get_language() or "en",
        "right_to_left": get_language_bidi(),
        "sentence": report.sentence,
        "people": _people(report),
    }


def certainty_values(judged: CertaintyStep) -> dict[str, Any]:
    """Return the scale with the step that a result is on, and why it is no higher."""
    return {
        "title": _("How certain is this?"),
        "steps": [
            {"name": str(STEP_NAMES[step]), "meaning": str(STEP_MEANINGS[step]), "here": step == judged.step}
            for step in sorted(Certainty, reverse=True)
        ],
        "reasons": list(judged.reasons),
    }


def chart_values(draw: Callable[[OutcomeBlock, float, str], str], block: OutcomeBlock, level: float) -> dict[str, str]:
    """Return a chart as a drawing, its title, and its words for who cannot see it."""
    drawing = draw(block, level, "wide")
    title, told = (unescape(_content(drawing, tag)) for tag in ("title", "desc"))
    return {"drawing": for_print(drawing), "title": title, "alt": f"{title}. {told}"}


def _content(drawing: str, tag: str) -> str:
    """Return what the first element of a kind holds."""
    return drawing.partition(f"<{tag}")[2].partition(">")[2].partition(f"</{tag}>")[0]


def _people(report: Report) -> str:
    sentence = report.exposure_sentence
    if report.from_day is None or report.to_day is None:
        return sentence
    if report.from_day == report.to_day:
        return f"{sentence} " + _("They were counted on %(day)s.") % {"day": date_format(report.to_day, "DATE_FORMAT")}
    days = {"from": date_format(report.from_day, "DATE_FORMAT"), "to": date_format(report.to_day, "DATE_FORMAT")}
    return f"{sentence} " + _("They were counted from %(from)s to %(to)s.") % days
