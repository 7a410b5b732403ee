"""docs/statistics.md lists every rule with its sentence, in the order in which they are tried."""

import re
from pathlib import Path

import pytest

from analytics import wording
from analytics.wording.comparisons import Judged, SentenceRule

PAGE = (Path(__file__).parents[3] / "docs" / "statistics.md").read_text(encoding="utf-8")
TABLES = {
    "a comparison of rates": wording.COMPARISON_RULES,
    "a comparison of ratings": wording.ORDINAL_RULES,
    "a contrast of the factorial": wording.CONTRAST_RULES,
    "texts of a kind": wording.KIND_RULES,
}


@pytest.mark.parametrize("title", TABLES)
def test_a_table_of_rules_is_that_of_the_code(title: str) -> None:
    start = PAGE.index(f"| {title} | when | what is said |\n")
    rows = [line.strip("| ").split(" | ") for line in PAGE[start:].partition("\n\n")[0].splitlines()[2:]]
    rules: tuple[SentenceRule[Judged], ...] = TABLES[title]  # type: ignore[assignment]
    assert [(row[0], row[2]) for row in rows] == [(rule.name, _with_italics(rule)) for rule in rules]


def _with_italics(rule: SentenceRule[Judged]) -> str:
    return re.sub(r"%\((\w+)\)s", r"*\1*", " ".join(str(sentence) for sentence in rule.sentences))
