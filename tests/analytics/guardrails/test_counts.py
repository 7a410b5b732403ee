"""What a pause says of single placements rests on nothing that is small there."""

from __future__ import annotations

import pytest

from analytics.guardrails.counts import GuardedCounts
from analytics.stats import Counts
from campaign.models import Arm, ArmText

BUSY, QUIET, UNIT = 1, 2, 7


def without_quiet(seen: int, had: int) -> tuple[Counts, Counts]:
    """The counts of an arm and of a text without the quiet placement: in all 1,000 people, of whom 100 had it."""
    table = {BUSY: {UNIT: Counts(1_000 - seen, 100 - had)}, QUIET: {UNIT: Counts(seen, had)}}
    counts = GuardedCounts(arms=table, texts=table, smallest_cell=10)
    return counts.of_arm(Arm(pk=UNIT), without=QUIET), counts.of_text(ArmText(pk=UNIT), without=QUIET)


def test_a_few_people_of_a_placement_stay() -> None:
    assert {without_quiet(9, had) for had in range(10)} == {(Counts(1_000, 100), Counts(1_000, 100))}


@pytest.mark.parametrize(("seen", "had", "left"), [(60, 55, (945, 45)), (60, 4, (944, 100)), (60, 30, (940, 70))])
def test_of_a_placement_with_more_the_parts_that_are_not_small_go(seen: int, had: int, left: tuple[int, int]) -> None:
    assert without_quiet(seen, had) == (Counts(*left), Counts(*left))
