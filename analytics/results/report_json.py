"""Serialize a report for programs."""

from dataclasses import asdict
from typing import Any

from analytics.report_rows import CrossCheckRow
from analytics.results.build import Report


def as_dict(report: Report) -> dict[str, Any]:
    """Return a report as JSON-compatible values, as printed by `manage.py report --json`."""
    return {
        "campaign": report.campaign.slug,
        "look": report.look,
        "shown_look": report.shown_look,
        "note": report.note,
        "made_at": report.made_at.isoformat(),
        "plan": report.plan_fingerprint,
        "sentence": report.sentence,
        "withheld": report.withheld,
        "embargoed": report.embargoed,
        "exploratory": report.exploratory,
        "exception": report.exception,
        "deviations": [asdict(row) | {"at": row.at.isoformat()} for row in report.deviations],
        "monitoring": report.monitoring,
        "factorial": [asdict(row) for row in report.factorial],
        "factorial_kinds": [asdict(row) for row in report.factorial_kinds],
        "guardrails_crossed": list(report.guardrail_pauses),
        "checks": [check_values(row) for row in report.checks],
        "chances": [asdict(row) for row in report.chances],
        "across_campaigns": [asdict(row) for row in report.pooled],
        "quality": [asdict(item) for item in report.quality],
        "omnibus": {
            "statistic": report.omnibus_statistic,
            "df": report.omnibus_df,
            "p_value": report.omnibus_p,
            "method": report.omnibus_method,
        },
        "sample_ratio": {
            "status": report.sample_ratio,
            "p_value": report.sample_ratio_p,
            "method": report.sample_ratio_method,
        },
        "outcomes": [
            {
                "outcome": block.outcome.key,
                "role": block.role,
                "rates": [asdict(row) for row in block.rates],
                "comparisons": [asdict(row) for row in block.differences],
                "not_worse": [asdict(row) for row in block.not_worse],
                "design": block.design,
                "kinds": [asdict(row) for row in block.kinds],
                "texts": [asdict(row) for row in block.texts],
                "kind_note": block.kind_note,
            }
            for block in (report.primary, *report.others)
        ],
    }


def check_values(row: CrossCheckRow) -> dict[str, Any]:
    """Return a cross-check with placements by key, which a renamed placement keeps."""
    values = asdict(row)
    return values | {"without": values.pop("without_by_key")}
