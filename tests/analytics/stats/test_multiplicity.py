"""Corrections for several comparisons."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from analytics.stats import multiplicity
from analytics.stats.multiplicity import benjamini_hochberg, dunnett, holm, simultaneous_level
from analytics.stats.proportions import difference
from analytics.stats.values import Counts, Estimate, NotEstimable

# Benjamini and Hochberg 1995, JRSS B 57:289, section 3.2: the 15 ordered p-values of the thrombolysis study.
THROMBOLYSIS = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
THROMBOLYSIS += [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]

p_values = st.lists(st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.01, 0.05, 1.0])), min_size=1, max_size=12)


def test_benjamini_and_hochberg_reject_four_of_their_fifteen() -> None:
    # Same section: "the hypotheses with p-values less than or equal to 0.013" are rejected, the first four.
    assert [q <= 0.05 for q in benjamini_hochberg(THROMBOLYSIS)] == [True] * 4 + [False] * 11


@pytest.mark.slow
@settings(max_examples=25)
@given(p_values)
def test_both_corrections_agree_with_statsmodels(ps: list[float]) -> None:
    from statsmodels.stats.multitest import multipletests

    # statsmodels 0.15: multipletests(ps, method="holm" and "fdr_bh")[1], called here.
    assert holm(ps) == pytest.approx(list(multipletests(ps, method="holm")[1]), abs=1e-12)
    assert benjamini_hochberg(ps) == pytest.approx(list(multipletests(ps, method="fdr_bh")[1]), abs=1e-12)


@given(p_values)
def test_adjusted_values_keep_the_input_order_and_never_fall(ps: list[float]) -> None:
    for adjust in (holm, benjamini_hochberg):
        adjusted = adjust(ps)
        assert all(p <= a <= 1.0 for p, a in zip(ps, adjusted, strict=True))
        assert adjust(ps[::-1]) == adjusted[::-1]


def test_one_p_value_stays_and_none_give_none() -> None:
    assert holm([0.03]) == benjamini_hochberg([0.03]) == [0.03]
    assert holm([]) == benjamini_hochberg([]) == []


@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_is_an_error(wrong: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm([0.5, wrong])


def test_bonferroni_and_sidak_levels() -> None:
    # 1 - 0.05/6 and 0.95^(1/6), by hand.
    assert simultaneous_level(0.95, 6) == pytest.approx(1 - 0.05 / 6, rel=1e-15)
    assert simultaneous_level(0.95, 6, method="sidak") == pytest.approx(0.95 ** (1 / 6), rel=1e-15)
    assert simultaneous_level(0.95, 1, method="sidak") == pytest.approx(0.95, rel=1e-15)


def test_sidak_is_a_little_less_strict_than_bonferroni() -> None:
    assert simultaneous_level(0.95, 9, method="sidak") < simultaneous_level(0.95, 9)


def test_no_comparisons_are_an_error() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        simultaneous_level(0.95, 0)


@pytest.mark.parametrize(
    ("arms", "critical"),
    # Dunnett 1964, Biometrics 20:482, two-sided 5% points, infinite degrees of freedom, 1 to 9 arms and a control.
    [(1, 1.96), (2, 2.21), (3, 2.35), (4, 2.44), (5, 2.51), (6, 2.57), (7, 2.61), (8, 2.65), (9, 2.69)],
)
def test_critical_values_are_those_of_dunnetts_table(arms: int, critical: float) -> None:
    assert multiplicity._dunnett_critical([50] * arms, 50, 0.95) == pytest.approx(critical, abs=5e-3)


@pytest.mark.parametrize(
    ("arms", "control", "level", "critical"),
    # R 4.2, mvtnorm: uniroot over pmvnorm(-z, z, corr, algorithm = Miwa(steps = 4097)); reference/dunnett.R.
    [
        ([50] * 3, 50, 0.95, 2.34897059035079),
        ([50] * 5, 50, 0.99, 3.06032880738416),
        ([11133, 11134, 11129], 16687, 0.95, 2.36431619582371),
        ([10, 200, 55], 90, 0.95, 2.36881708874665),
    ],
)
def test_critical_values_agree_with_the_multivariate_normal_of_r(
    arms: list[int], control: int, level: float, critical: float
) -> None:
    assert multiplicity._dunnett_critical(arms, control, level) == pytest.approx(critical, rel=1e-6)


def test_the_tail_agrees_with_the_multivariate_normal_of_r() -> None:
    # The same: 1 - pmvnorm(-2, 2, corr) for Karlan and List's arms.
    assert multiplicity._dunnett_tail([11133, 11134, 11129], 16687, 2.0) == pytest.approx(0.120353837659949, rel=1e-6)


KARLAN_LIST = [Counts(11133, 231), Counts(11134, 252), Counts(11129, 253)]
NO_MATCH = Counts(16687, 298)


@pytest.mark.slow
def test_adjusted_p_values_agree_with_the_multivariate_normal_of_scipy() -> None:
    # scipy 1.17: 1 - multivariate_normal.cdf over the cube [-|z|, |z|], correlation b_i b_j, called here.
    b = np.sqrt([arm.n / (arm.n + NO_MATCH.n) for arm in KARLAN_LIST])
    correlation = np.outer(b, b)
    np.fill_diagonal(correlation, 1.0)
    for found in dunnett(KARLAN_LIST, control=NO_MATCH):
        assert isinstance(found, Estimate)
        assert found.statistic is not None
        corner = np.full(3, abs(found.statistic))
        inside = multivariate_normal.cdf(corner, cov=correlation, lower_limit=-corner, abseps=1e-8, releps=1e-8)
        assert found.p_value == pytest.approx(1.0 - inside, abs=1e-6)


def test_one_arm_against_a_control_is_the_plain_comparison() -> None:
    (found,) = dunnett(KARLAN_LIST[:1], control=NO_MATCH)
    plain = difference(treated=KARLAN_LIST[0], control=NO_MATCH)
    assert isinstance(found, Estimate)
    assert isinstance(plain, Estimate)
    assert found.p_value == pytest.approx(plain.p_value, rel=1e-9)
    assert found.interval == plain.interval


counts = st.sampled_from([1, 7, 40, 10**9]).flatmap(lambda n: st.integers(0, n).map(lambda x: Counts(n, x)))


@settings(max_examples=40, deadline=None)
@given(st.lists(counts, min_size=1, max_size=5), counts, st.sampled_from([0.01, 0.5, 0.95, 0.999999]))
def test_simultaneous_intervals_exclude_zero_exactly_when_p_is_small_and_are_wider_than_single_ones(
    arms: list[Counts], control: Counts, level: float
) -> None:
    for arm, found in zip(arms, dunnett(arms, control=control, level=level), strict=True):
        single = difference(treated=arm, control=control, level=level)
        assert isinstance(found, Estimate)
        assert isinstance(single, Estimate)
        assert found.p_value is not None
        assert single.p_value is not None
        assert (0.0 not in found.interval) == (found.p_value < 1.0 - level)
        assert found.interval.low <= single.interval.low + 1e-9
        assert found.interval.high >= single.interval.high - 1e-9
        assert single.p_value - 1e-9 <= found.p_value <= min(1.0, len(arms) * single.p_value) + 1e-9


def test_a_tiny_p_keeps_its_digits() -> None:
    # By Bonferroni, which is nearly exact in the tail: three comparisons at z = 12 have p just below 3 x 3.55e-33.
    assert multiplicity._dunnett_tail([10**6] * 3, 10**6, 12.0) == pytest.approx(3 * 3.552965e-33, rel=1e-3)


def test_an_empty_arm_is_not_among_the_comparisons() -> None:
    with_empty = dunnett([*KARLAN_LIST, Counts(0, 0)], control=NO_MATCH)
    assert with_empty[:3] == dunnett(KARLAN_LIST, control=NO_MATCH)
    assert with_empty[3] == NotEstimable("The treated arm is empty.")


def test_nothing_can_be_compared_with_an_empty_control() -> None:
    assert dunnett(KARLAN_LIST[:1], control=Counts(0, 0)) == [NotEstimable("The control arm is empty.")]
    assert dunnett([Counts(0, 0)], control=NO_MATCH) == [NotEstimable("The treated arm is empty.")]
