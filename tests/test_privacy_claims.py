"""Each claim of the page on privacy names a check that exists, and templates show what is left to fill in."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.messages.library.test_starter_messages import reading_grade

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
_CHECK = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def claims(page: str) -> list[tuple[str, str]]:
    """The rows of the table of claims: (claim, its checks)."""
    (table,) = re.findall(r"^\| claim \| check \|\n\|---\|---\|\n((?:\|.*\n)+)", page, re.M)
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()]
    return [(claim, checks) for claim, checks in rows]


def names_of_tests(file: Path) -> set[str]:
    """The names of all tests in a file, also those of classes."""
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def unproven(page: str) -> Iterator[str]:
    """Yield claims without a check, and checks that do not exist."""
    for claim, checks in claims(page):
        named = _CHECK.findall(checks)
        if not named:
            yield claim
        for path, test in named:
            if not (ROOT / path).exists() or (test and test not in names_of_tests(ROOT / path)):
                yield f"{claim}: {path}::{test}"


def test_every_claim_about_privacy_has_a_check_that_exists() -> None:
    page = (DOCS / "checks.md").read_text(encoding="utf-8")
    assert len(claims(page)) >= 15
    assert list(unproven(page)) == []


@pytest.mark.parametrize(
    "row",
    [
        "| Nobody is known | trust us |",
        "| Nobody is known | `tests/analytics/test_nothing.py` |",
        "| Nobody is known | `tests/analytics/fold/test_fold.py::test_that_was_renamed` |",
    ],
)
def test_a_claim_without_such_a_check_is_found(row: str) -> None:
    assert [claim.partition(":")[0] for claim in unproven(f"| claim | check |\n|---|---|\n{row}\n")] == [
        "Nobody is known"
    ]


def test_every_mention_of_a_test_names_one_that_exists() -> None:
    for page in sorted(DOCS.rglob("*.md")):
        for path, test in _CHECK.findall(page.read_text(encoding="utf-8")):
            assert (ROOT / path).exists(), f"{page.name}: {path}"
            assert not test or test in names_of_tests(ROOT / path), f"{page.name}: {path}::{test}"


def test_what_people_read_afterwards_is_as_easy_as_a_message() -> None:
    page = (DOCS / "templates" / "debrief.md").read_text(encoding="utf-8").partition("\n---\n")[2]
    assert page.count("▢") >= 10
    words = re.sub(r"▢ \([^)]*\)|▢", "something", re.sub(r"^[#-]+ ", "", page, flags=re.M))
    assert reading_grade(words) <= 7


def test_the_assessment_follows_the_articles_four_points() -> None:
    page = (DOCS / "templates" / "dpia.md").read_text(encoding="utf-8")
    headings = "\n".join(re.findall(r"^## .*", page, re.M))
    for letter in "abcd":
        assert f"Article 35(7)({letter})" in headings
    assert page.count("▢") >= 40


IN_THE_ASSESSMENT = {  # what visitors' requests make, by the row of the template that says so
    "audience.analytics_openview": "open view: a random number",
    "audience.analytics_foldedhour": "which hours are counted",
    "default.analytics_foldprogress": "and how far",
    "default.analytics_tally": "total: day",
    "default.analytics_texttally": "total by text",
    "default.analytics_withdrawals": "asked not to be counted",
    "default.campaign_servedcount": "count of messages sent",
    "default.campaign_leftoutcount": "count of messages shown and not counted",
    "default.campaign_networksketch": "that a server began to count networks",
    "spool.spooled": "the same in a file of the server",
}


def test_the_assessment_names_in_full_what_is_stored_about_visitors() -> None:
    schema = tomllib.loads((ROOT / "analytics/data_inventory/privacy_schema.toml").read_text(encoding="utf-8"))
    stored = {
        f"{place}.{table}"
        for place in ("audience", "default", "spool")
        for table, entry in schema[place].items()
        if entry["written_by"] == "audience"
    }
    assert stored == IN_THE_ASSESSMENT.keys()
    page = (DOCS / "templates" / "dpia.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"^\| what \| how fine \| how long \|\n\|---\|---\|---\|\n((?:\|.*\n)+)", page, re.M)
    assert [name for name, words in IN_THE_ASSESSMENT.items() if words not in table] == []


def test_the_assessment_names_settings_that_exist() -> None:
    page = (DOCS / "templates" / "dpia.md").read_text(encoding="utf-8")
    operations = (DOCS / "operations.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([A-Z][A-Z_]{4,})`", page))
    assert "RECEIPT_LIFE_HOURS" in named
    assert {name for name in named if f"`{name}`" not in operations} == set()
