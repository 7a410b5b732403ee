"""Only the gate reads counts to show them, and whatever reads them logs none."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.contrib import admin

from analytics.models import Analysis, Estimate, Release, Tally, TextTally
from campaign.models import LeftOutCount, ServedCount

ROOT = Path(__file__).parents[3]

# Modules that may read counts: ingest, statistics and the gate. Whatever shows counts must use the gate.
MAY_READ_COUNTS = {
    "analytics/disclosure/gate.py", "analytics/disclosure/released_checks.py", "analytics/disclosure/released_cells.py",
    "analytics/disclosure/look_seals.py",  # seals what was released, and shows none of it
    "analytics/looks/evaluate.py", "analytics/fold/fold.py",
    "analytics/fold/count_seals.py",  # says whether they were changed, and nothing of them
    "analytics/guardrails/counts.py", "analytics/guardrails/harm_stop.py",
    "analytics/models/__init__.py", "analytics/models/looks.py", "analytics/models/tallies.py",
    "analytics/looks/release.py", "analytics/looks/tallies.py", "analytics/looks/texts.py",
    "analytics/looks/estimate_rows.py", "analytics/disclosure/released_texts.py", "campaign/models/counts.py",
    "campaign/serving/served_counts.py",
    "analytics/text_exposures.py",  # for the check of the split, which says one word
    "analytics/network_views.py",  # keeps the most that one network may have had of them
    "analytics/data_quality/hourly_check.py",  # keeps words and whole hundredths of them
    "analytics/fold/row_order.py",  # sorts rows and reads none
    "analytics/data_inventory/counts.py", "analytics/data_inventory/plain_words.py",  # how many rows
    "campaign/serving/exclusions.py", "campaign/serving/decision.py",  # the reasons for leaving out
    "analytics/simulated_visits/sets_demo.py",  # writes counts of people who are made up
    "analytics/simulated_visits/walkthrough.py",  # in an installation of its own, of visitors that are made up
}  # fmt: skip
UNRELATED_ATTRIBUTES = {"look", "waiter.latch"}  # redacted already; or a lock
LOGGING_CALLS = {f"log.{level}" for level in ("debug", "info", "warning", "error", "exception", "critical")}
COUNTS_BY_NAME = {
    "Tally",
    "TextTally",
    "ServedCount",
    "LeftOutCount",
    "Release",
    "tallies",
    "estimates",
    "served_counts",
    "release",
}


def direct_reads_of_counts(source: str) -> set[str]:
    """Names in a module by which counts could be read from the database."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module in {"analytics.models", "campaign.models"}:
            found |= {name.name for name in node.names} & COUNTS_BY_NAME
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute | ast.Call):
            found |= {node.attr} & {"Tally", "TextTally", "ServedCount", "Release", "tallies", "served"} - {"served"}
            if node.attr in {"estimates", "release"} and ast.unparse(node.value) not in UNRELATED_ATTRIBUTES:
                found.add(node.attr)
    return found


def test_the_administration_pages_show_no_counts() -> None:
    assert not {Tally, TextTally, Release, Analysis, Estimate, ServedCount, LeftOutCount} & set(admin.site._registry)


def test_nothing_reads_counts_beside_the_door() -> None:
    modules = [path for app in ("analytics", "campaign", "messages") for path in (ROOT / app).rglob("*.py")]
    beside = {
        str(path.relative_to(ROOT)): names
        for path in modules
        if "migrations" not in path.parts and str(path.relative_to(ROOT)) not in MAY_READ_COUNTS
        if (names := direct_reads_of_counts(path.read_text(encoding="utf-8")))
    }
    assert beside == {}
    templates = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "templates").rglob("*.html"))
    assert not re.search(r"\.(tallies|estimates|served_counts|release)\b", templates)


def test_a_module_that_reads_counts_logs_none_of_them() -> None:
    """A log line has an exact time. The type of an error is all that it may hold."""
    for name in MAY_READ_COUNTS:
        for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in LOGGING_CALLS:
                assert all(re.fullmatch(r"type\(\w+\)\.__name__", ast.unparse(each)) for each in node.args[1:]), name


@pytest.mark.parametrize(
    "line",
    [
        "from analytics.models import Tally",
        "from campaign.models import Arm, ServedCount",
        "rows = analysis.estimates.all()",
        "rows = arm.tallies.all()",
        "import analytics.models as m\nm.Tally.objects.all()",
    ],
)
def test_a_way_round_the_door_is_noticed(line: str) -> None:
    assert direct_reads_of_counts(line)
