"""Related outcomes together disclose no small group of people, over all looks, tables and days."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from analytics.disclosure.released_cells import joint_tables
from analytics.suppression import suppress
from analytics.suppression.cells import ExactCells, RelatedOutcomes, ReleasedCells
from tests.analytics.suppression.related_search import search

pytestmark = pytest.mark.slow


def as_if_unrelated(outcomes: tuple[str, ...]) -> list[RelatedOutcomes]:
    """A deliberate fault: each outcome is attacked alone."""
    return [each for outcome in outcomes for each in joint_tables((outcome,))]


def test_no_small_group_of_thirty_campaigns_is_known_exactly() -> None:
    found = search(range(30), joint_tables, only_exact=True)
    assert found.exact == []
    assert found.small > 50_000


@pytest.mark.proof
@pytest.mark.minutes
def test_no_small_group_of_many_campaigns_is_known_to_fewer_than_ten_people() -> None:
    """`python -m tests.analytics.suppression.related_search --campaigns 10000` takes hours."""
    found = search(range(30, 300), joint_tables)
    assert (found.exact, found.narrow) == ([], [])
    assert found.small > 230_000


def test_campaigns_released_as_if_outcomes_were_unrelated_give_small_groups_away() -> None:
    assert len(search(range(10), as_if_unrelated, only_exact=True).exact) > 5


def test_nor_is_one_of_campaigns_whose_arms_have_several_texts() -> None:
    found = search(range(15), joint_tables, only_exact=True, texts=True)
    assert found.exact == []
    assert found.small > 5_000


@pytest.mark.proof
@pytest.mark.minutes
def test_nor_is_one_of_many_such_campaigns_known_to_fewer_than_ten_people() -> None:
    found = search(range(15, 55), joint_tables, texts=True)
    assert (found.exact, found.narrow) == ([], [])


def test_texts_that_the_attack_does_not_know_give_small_groups_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def told_without_an_attack(
        cells: Mapping[str, ExactCells], shown: Mapping[str, ReleasedCells], *_: object
    ) -> dict[str, ReleasedCells]:
        return {key: suppress._text_table(each, shown[key], list(shown[key].totals)) for key, each in cells.items()}

    monkeypatch.setattr(suppress, "suppress_texts", told_without_an_attack)
    assert len(search(range(3), joint_tables, only_exact=True, texts=True).exact) > 10
