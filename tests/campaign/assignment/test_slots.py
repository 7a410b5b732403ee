"""Which of two campaigns that share a place a unit falls to: a published hash, independent of the arm."""

import secrets
from collections import Counter
from pathlib import Path

import pytest
from scipy.stats import chi2, chi2_contingency

from campaign.assignment import subject_ids
from campaign.assignment.arm_hash import arm_for
from campaign.assignment.slots import slot_of

VECTORS = Path(__file__).parents[3] / "docs" / "assignment.md"
UNITS = 100_000


def published() -> list[tuple[str, int]]:
    """The rows of the table of slots in docs/assignment.md: unit, slot."""
    page = VECTORS.read_text(encoding="utf-8").partition("## Which slot")[2].partition("\n## ")[0]
    rows = [[cell.strip("` ") for cell in line.strip("| ").split("|")] for line in page.splitlines() if "| `" in line]
    return [(unit, int(slot)) for unit, slot in rows]


def test_the_published_vectors_are_many() -> None:
    assert len(published()) >= 10


@pytest.mark.parametrize(("unit", "slot"), published())
def test_slots_match_the_published_vectors(unit: str, slot: int) -> None:
    assert slot_of(unit) == slot


def test_the_slots_are_1_to_100_and_equally_full() -> None:
    counts = Counter(slot_of(f"unit-{number}") for number in range(UNITS))
    assert set(counts) == set(range(1, 101))
    expected = UNITS / 100
    statistic = sum((count - expected) ** 2 / expected for count in counts.values())
    assert statistic < chi2.ppf(0.999, 99)


@pytest.mark.parametrize("assigned_by", ["salt", "secret"])
def test_the_slot_says_nothing_of_the_arm(assigned_by: str) -> None:
    """A chi-square of 2 halves x 4 arms over 100,000 units: below 16.27, the 99.9% quantile with 3 degrees."""
    secret = secrets.token_bytes(32)
    table = [[0] * 4, [0] * 4]
    for number in range(UNITS):
        unit = f"unit-{number}"
        if assigned_by == "salt":
            arm = arm_for(unit, "a-salt-for-tests", [1, 1, 1, 1])
        else:
            arm = subject_ids.arm_for(unit, secret, [1, 1, 1, 1])
        table[slot_of(unit) > 50][arm] += 1
    # A false alarm for the secret, which is drawn anew, in one run of a million.
    assert chi2_contingency(table).statistic < chi2.ppf(0.999 if assigned_by == "salt" else 0.999_999, 3)
