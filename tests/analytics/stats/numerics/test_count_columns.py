"""Strata and clusters held as columns say what they say one by one."""

import numpy as np
import pytest

from analytics.comparison.grouped import count_clusters, find_cluster_design, match_strata
from analytics.stats import Counts, Estimate, clusters, strata
from analytics.stats.numerics.count_columns import CountColumns, CountList, as_count_list

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


def held(counts: list[tuple[int, int]]) -> CountList:
    return columns(counts).without_names()


def test_counts_without_names_are_a_sequence() -> None:
    found = held(VACCINATED)
    assert list(found) == list(found[:]) == [Counts(*pair) for pair in VACCINATED]
    assert as_count_list(found) is found
    assert list(as_count_list(list(found))) == list(found)
    assert list(as_count_list([])) == []


@pytest.mark.parametrize("crossed", [True, False])
@pytest.mark.parametrize("factor", [1, 10**9])  # so many units that their products need more than 64 bits
def test_clusters_held_as_columns_have_the_estimates_of_clusters_one_by_one(crossed: bool, factor: int) -> None:
    arms = [[(factor * n, factor * x) for n, x in arm] for arm in (VACCINATED, OTHERS)]
    listed = [[Counts(*pair) for pair in arm] for arm in arms]
    for estimate in (clusters.difference, clusters.ratio):
        one = estimate(treated=held(arms[0]), control=held(arms[1]), crossed=crossed)
        assert one == estimate(treated=listed[0], control=listed[1], crossed=crossed)
        small = estimate(treated=held(VACCINATED), control=held(OTHERS), crossed=crossed)
        assert isinstance(one, Estimate)
        assert isinstance(small, Estimate)
        assert (one.effect, one.standard_error) == pytest.approx((small.effect, small.standard_error))


def test_equal_rates_leave_no_rounding_error_among_so_many_units() -> None:
    huge = held([(10**12 * n, 10**11 * n) for n in (3, 7, 9)])
    assert clusters.difference(treated=huge, control=huge) == clusters.SAME_RATES


def test_the_design_is_told_from_columns_as_from_names() -> None:
    for treated, control in ((VACCINATED, VACCINATED), ([(0, 0), (9, 1)], [(7, 1), (0, 0)])):
        arms = [columns(treated, NAMES[: len(treated)]), columns(control, NAMES[: len(treated)])]
        assert find_cluster_design(arms) == find_cluster_design([dict(arm) for arm in arms])
        assert count_clusters(arms) == count_clusters([dict(arm) for arm in arms]) == len(treated)
