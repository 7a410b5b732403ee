from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.assignment.arm_hash import arm_for, text_for

VECTORS = Path(__file__).parents[3] / "docs" / "assignment.md"


def published() -> list[tuple[str, str, list[int], int]]:
    """The rows of the table in docs/assignment.md: salt, unit, weights, arm."""
    rows = []
    for line in VECTORS.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip("| ").split("|")]
        if len(cells) == 4 and cells[3].isdigit():
            rows.append((cells[0], cells[1], [int(w) for w in cells[2].split(",")], int(cells[3])))
    return rows[len(published_texts()) :]


def published_texts() -> list[tuple[str, str, int, int]]:
    """The rows of the first table: salt, nonce, texts, text."""
    page = VECTORS.read_text(encoding="utf-8").partition("## The arm")[0]
    rows = [[cell.strip("` ") for cell in line.strip("| ").split("|")] for line in page.splitlines() if "`" in line]
    return [(row[0], row[1], int(row[2]), int(row[3])) for row in rows if len(row) == 4]


def test_the_published_vectors_are_many() -> None:
    assert len(published()) >= 10


@pytest.mark.parametrize(("salt", "unit", "weights", "arm"), published())
def test_assignment_matches_the_published_vectors(salt: str, unit: str, weights: list[int], arm: int) -> None:
    assert arm_for(unit, salt, weights) == arm


@pytest.mark.parametrize(("salt", "nonce", "texts", "text"), published_texts())
def test_texts_match_the_published_vectors(salt: str, nonce: str, texts: int, text: int) -> None:
    assert text_for(bytes.fromhex(nonce), salt, texts) == text


def test_texts_are_drawn_evenly_and_whatever_the_arm_is() -> None:
    nonces = [number.to_bytes(16) for number in range(8000)]
    drawn = Counter((arm_for(n.hex(), "salt", [1, 1]), text_for(n, "salt", 4)) for n in nonces)
    # Eight independent cells of 1,000; five standard deviations are 148.
    assert len(drawn) == 8
    assert all(852 <= count <= 1148 for count in drawn.values())


def test_a_unit_keeps_its_arm() -> None:
    assert arm_for("same", "salt", [1, 1, 1, 1]) == arm_for("same", "salt", [1, 1, 1, 1])


def test_another_campaign_draws_anew() -> None:
    pairs = Counter((arm_for(f"u{i}", "one", [1, 1]), arm_for(f"u{i}", "two", [1, 1])) for i in range(4000))
    # Four independent cells of 1,000; five standard deviations are 137.
    assert all(863 <= pairs[cell] <= 1137 for cell in ((0, 0), (0, 1), (1, 0), (1, 1)))


def test_shares_follow_the_weights() -> None:
    counts = Counter(arm_for(f"unit-{i}", "salt", [3, 2, 2, 2]) for i in range(9000))
    # Expected 3000 and 2000; five standard deviations are 224 and 198.
    assert abs(counts[0] - 3000) < 224
    assert all(abs(counts[arm] - 2000) < 198 for arm in (1, 2, 3))


@given(st.text(max_size=50), st.text(max_size=20), st.lists(st.integers(0, 1000), min_size=1, max_size=8))
def test_an_arm_without_weight_is_never_assigned(unit: str, salt: str, weights: list[int]) -> None:
    unit, salt = unit.encode("utf-8", "ignore").decode(), salt.encode("utf-8", "ignore").decode()
    if sum(weights) == 0:
        with pytest.raises(ValueError, match="above zero"):
            arm_for(unit, salt, weights)
    else:
        assert weights[arm_for(unit, salt, weights)] > 0
