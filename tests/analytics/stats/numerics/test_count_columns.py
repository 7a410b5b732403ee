"""Strata held as columns say what they say one by one."""

import numpy as np
import pytest

from analytics.comparison.grouped import match_strata
from analytics.stats import Counts, strata
from analytics.stats.numerics.count_columns import CountColumns

# The 13 BCG vaccine trials (Colditz et al. 1994), as in strata.difference.
VACCINATED = [(123, 4), (306, 6), (231, 3), (13598, 62), (5069, 33), (1541, 180), (2545, 8), (88391, 505)]
OTHERS = [(139, 11), (303, 29), (220, 11), (12867, 248), (5808, 47), (1451, 372), (0, 0), (88391, 499)]
NAMES = tuple(f"trial {number}" for number in range(len(OTHERS)))


def columns(counts: list[tuple[int, int]], names: tuple[str, ...] = NAMES) -> CountColumns:
    n, events = np.array(counts, dtype=np.int64).T
    return CountColumns(names, n, events)


def test_they_are_a_mapping_from_names_to_counts() -> None:
    found = columns(VACCINATED)
    assert dict(found) == {name: Counts(*pair) for name, pair in zip(NAMES, VACCINATED, strict=True)}
    assert "trial 99" not in found


def test_estimates_are_those_of_the_strata_one_by_one() -> None:
    held = strata.StratumColumns(treated=columns(VACCINATED), control=columns(OTHERS))
    listed = [strata.Stratum(Counts(*v), Counts(*o)) for v, o in zip(VACCINATED, OTHERS, strict=True)]
    assert list(held) == list(held[:]) == listed
    for estimate in (
        strata.difference,
        strata.ratio,
        strata.odds_ratio,
        strata.mantel_haenszel_test,
        strata.homogeneity,
    ):
        assert estimate(held) == estimate(listed)


def test_arms_with_other_strata_do_not_go_together() -> None:
    with pytest.raises(ValueError, match="the same strata"):
        strata.StratumColumns(treated=columns(VACCINATED), control=columns(OTHERS, NAMES[::-1]))


def test_strata_without_units_in_both_arms_are_no_strata() -> None:
    held = strata.StratumColumns(treated=columns([(0, 0)], ("x",)), control=columns([(9, 1)], ("x",)))
    assert strata.difference(held) == strata.NO_STRATA


def test_arms_are_matched_by_the_strata_that_both_have() -> None:
    treated, control = columns(VACCINATED), columns(OTHERS)
    assert list(match_strata(treated, control)) == match_strata(dict(treated), dict(control))
