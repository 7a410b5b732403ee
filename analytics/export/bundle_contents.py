"""The files of a bundle that say what was asked, shown and found: plan, messages, assignment, looks, versions."""

import json
import tomllib
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from django.conf import settings

from analytics.export.look_tables import status_of
from analytics.models import Analysis
from analytics.results.build import Report, build
from analytics.results.report_json import as_dict
from campaign.models import AnalysisPlan, Campaign
from campaign.outcomes import OUTCOMES

FORMAT, FORMAT_VERSION = "second-thought bundle", 1
_LIBRARIES = ("numpy", "scipy")


def to_json(values: Any) -> bytes:
    """Write values as JSON that people can read; the same values give the same bytes."""
    return (json.dumps(values, ensure_ascii=False, indent=2) + "\n").encode()


def messages_shown(plan: AnalysisPlan) -> list[dict[str, Any]]:
    """Return the words of each arm in each language, as the plan's digests cover them."""
    campaign = plan.campaign
    arms = campaign.arms.prefetch_related("texts__revision__message", "texts__revision__renditions")
    return [
        {
            "arm": arm.key,
            "name": arm.name,
            "text": text.position,
            "frame": text.revision.message.frame,
            "covered": words.covered_by_approval(),
            "sha256": words.words_digest(),
        }
        for arm in arms
        for text in arm.texts.all()
        for words in sorted(text.revision.renditions.all(), key=lambda each: each.locale)
        if words.locale in campaign.locales
    ]


def assignment(campaign: Campaign) -> dict[str, Any]:
    """Return how chance was drawn. The seed stays secret until the campaign is closed and nobody is assigned by it."""
    plan: dict[str, Any] = json.loads(campaign.plan.canonical)
    is_over = campaign.state == Campaign.State.CLOSED
    return {
        "rule": "SHA-256 of seed, colon and unit; docs/assignment.md of Second Thought has it in full",
        "unit": campaign.unit,
        "arms": [{"arm": arm["arm"], "weight": arm["weight"]} for arm in plan["arms"]],
        "seed_sha256": plan["salt_sha256"],
        "seed": campaign.salt if is_over else None,
        "ever_paused": [arm.key for arm in campaign.arms.all() if arm.pauses > 0],
    }


def list_looks(campaign: Campaign, exported: Sequence[Analysis]) -> list[dict[str, Any]]:
    """List the looks on record up to the last that a bundle holds, with the file of each that it holds."""
    files = {each.look: look_file(each.look) for each in exported}
    return [
        {
            "look": each.look,
            "made_at": each.made_at.isoformat(),
            "before_first_planned_look": each.embargoed or bool(each.exception),
            "by_exception": bool(each.exception),
            "exploratory": each.exploratory,
            "file": files.get(each.look),
        }
        for each in Analysis.objects.filter(campaign=campaign, look__lte=exported[-1].look).order_by("look")
    ]


def look_file(number: int) -> str:
    return f"looks/look-{number:04}.json"


def look_values(analysis: Analysis, numbers: dict[int, int]) -> dict[str, Any]:
    """Return a look as its page shows it, with what its numbers rest on."""
    report = build(analysis, early=False)
    values = as_dict(report)
    del values["exception"]  # it names who looked
    for outcome, block in zip(values["outcomes"], (report.primary, *report.others), strict=True):
        outcome["look"] = numbers.get(block.analysis_id or 0, report.shown_look)
        outcome["kind"] = OUTCOMES[block.outcome.key].kind
    if report.withheld:
        _leave_out_comparisons(values)
    return {
        **values,
        "status": status_of(report),
        "by_exception": bool(report.exception),
        "level": report.level,
        "smallest_difference": report.smallest_difference,
        "information": report.information,
        "from_day": report.from_day and report.from_day.isoformat(),
        "to_day": report.to_day and report.to_day.isoformat(),
        "people": report.people,
        "planned_people": report.planned_people,
        "deviations": _deviations(report),
    }


def _leave_out_comparisons(values: dict[str, Any]) -> None:
    """Leave counts alone of a look whose verdicts are withheld."""
    for outcome in values["outcomes"]:
        outcome["rates"] = [row | {"rate": None, "low": None, "high": None} for row in outcome["rates"]]
        for name in ("comparisons", "not_worse", "kinds", "texts"):
            outcome[name] = []
    for name in ("factorial", "factorial_kinds", "checks", "chances", "across_campaigns"):
        values[name] = []
    values["omnibus"] = dict.fromkeys(values["omnibus"])


def _deviations(report: Report) -> list[dict[str, str]]:
    return [{"at": row.at.isoformat(), "what": row.what, "why": row.why} for row in report.deviations]


def versions() -> dict[str, Any]:
    """Say by what it was made: the format, the program and what it computes with."""
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "second_thought": program_version(),
        **{name: _installed_version(name) for name in _LIBRARIES},
        "smallest_count_shown": settings.SMALL_CELL,
    }


def program_version() -> str:
    with (settings.BASE_DIR / "pyproject.toml").open("rb") as stream:
        return str(tomllib.load(stream)["project"]["version"])


def _installed_version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def plan_as_hashed(plan: AnalysisPlan) -> bytes:
    """Return the plan, byte for byte as its SHA-256 was taken."""
    return plan.canonical.encode()
