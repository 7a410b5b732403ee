import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from analytics.stats import Counts, NotEstimable, clusters
from analytics.stats.clusters import ClusterEstimate

TREATED = [Counts(12, 5), Counts(30, 9), Counts(7, 4), Counts(21, 10), Counts(15, 3)]
CONTROL = [Counts(10, 1), Counts(25, 6), Counts(18, 2), Counts(9, 3)]


def known(value: object) -> ClusterEstimate:
    assert isinstance(value, ClusterEstimate)
    return value


def rows() -> tuple[list[int], list[int], list[int]]:
    """One row per unit: outcome, arm, cluster."""
    y: list[int] = []
    arm: list[int] = []
    cluster: list[int] = []
    for number, (side, counts) in enumerate([(1, c) for c in TREATED] + [(0, c) for c in CONTROL]):
        y += [1] * counts.events + [0] * (counts.n - counts.events)
        arm += [side] * counts.n
        cluster += [number] * counts.n
    return y, arm, cluster


def test_cr1_agrees_with_statsmodels() -> None:
    import statsmodels.api as sm

    # statsmodels OLS(y, const + arm).fit(cov_type="cluster", use_correction=True): Stata's factor G/(G-1) (N-1)/(N-2).
    y, arm, cluster = rows()
    fit = sm.OLS(np.array(y), sm.add_constant(np.array(arm))).fit(
        cov_type="cluster", cov_kwds={"groups": np.array(cluster), "use_correction": True}, use_t=True
    )
    ours = known(clusters.difference(treated=TREATED, control=CONTROL, variance="cr1"))
    assert ours.effect == pytest.approx(fit.params[1], rel=1e-9)
    assert ours.standard_error == pytest.approx(fit.bse[1], rel=1e-9)
    assert ours.p_value == pytest.approx(fit.pvalues[1], rel=1e-6)


def test_clusters_of_one_unit_are_hc2() -> None:
    import statsmodels.api as sm

    # statsmodels OLS(...).get_robustcov_results("HC2"): one cluster per unit.
    y, arm, _ = rows()
    fit = sm.OLS(np.array(y), sm.add_constant(np.array(arm))).fit(cov_type="HC2")
    ones = {side: [Counts(1, v) for v, a in zip(y, arm, strict=True) if a == side] for side in (0, 1)}
    ours = known(clusters.difference(treated=ones[1], control=ones[0]))
    assert ours.standard_error == pytest.approx(fit.bse[1], rel=1e-9)
    assert ours.design_effect == pytest.approx(1.0)


def test_equal_clusters_are_welch_on_their_rates() -> None:
    # scipy.stats.ttest_ind(equal_var=False) on the cluster means gives the same statistic. The degrees of freedom
    # assume independent units alike in both arms: (1/4 + 1/5)^2 / ((1/4)^2 / 3 + (1/5)^2 / 4) = 6.5676.
    t, c = [3, 7, 5, 9], [2, 4, 1, 3, 6]
    ours = known(clusters.difference(treated=[Counts(20, x) for x in t], control=[Counts(20, x) for x in c]))
    theirs = ttest_ind([x / 20 for x in t], [x / 20 for x in c], equal_var=False)
    assert ours.statistic == pytest.approx(theirs.statistic, rel=1e-9)
    assert ours.df == pytest.approx(6.5676, abs=1e-4)


def test_swapping_arms_flips_the_sign() -> None:
    there = known(clusters.difference(treated=TREATED, control=CONTROL))
    back = known(clusters.difference(treated=CONTROL, control=TREATED))
    assert there.effect == pytest.approx(-back.effect)
    assert there.p_value == pytest.approx(back.p_value)


def test_one_cluster_in_an_arm_is_not_enough() -> None:
    assert isinstance(clusters.difference(treated=TREATED[:1], control=CONTROL), NotEstimable)


def test_empty_clusters_are_skipped() -> None:
    assert clusters.difference(treated=[*TREATED, Counts(0, 0)], control=CONTROL) == clusters.difference(
        treated=TREATED, control=CONTROL
    )


ONE = st.integers(1, 10**6).flatmap(lambda n: st.integers(0, n).map(lambda x: Counts(n, x)))
MANY = st.lists(ONE, min_size=2, max_size=6)


@pytest.mark.slow
@settings(max_examples=200)
@given(MANY, MANY, st.sampled_from([0.5, 0.95, 0.999]))
def test_interval_and_p_value_agree(treated: list[Counts], control: list[Counts], level: float) -> None:
    estimate = clusters.difference(treated=treated, control=control, level=level)
    if isinstance(estimate, ClusterEstimate):
        assert estimate.p_value is not None
        assert (0.0 not in estimate.interval) == (estimate.p_value < 1 - level)


def test_the_interval_covers_when_clusters_share_their_luck() -> None:
    source = np.random.default_rng(8)
    covered, trials = 0, 500
    for _ in range(trials):
        sides = [[Counts(30, int(source.binomial(30, p))) for p in source.beta(6, 14, size=size)] for size in (12, 15)]
        covered += 0.0 in known(clusters.difference(treated=sides[0], control=sides[1])).interval
    # Binomial(500, 0.95): 475 with standard deviation 4.9; four of them.
    assert abs(covered - 475) < 20


UNEVEN = (
    [Counts(*c) for c in ((200, 61), (3, 1), (45, 10), (1, 0), (80, 31), (12, 5), (33, 9))],
    [Counts(*c) for c in ((7, 3), (150, 33), (22, 4), (64, 20), (2, 0), (91, 15), (18, 6), (40, 7))],
)


@pytest.mark.parametrize(
    ("treated", "control", "effect", "cr2", "df", "p", "cr1"),
    [
        # R 4.2, clubSandwich: coef_test(lm(y ~ arm), vcov = "CR2", cluster, test = "Satterthwaite"), and vcovCR(type =
        # "CR1S"), one row per unit; reference/clusters.R and its output.
        (TREATED, CONTROL, 0.171157495256167, 0.0732532576523454, 5.2357998716736, 0.0643456014996463,
         0.0675789020158048),
        (*UNEVEN, 0.0894839707918236, 0.0329784259157648, 5.16286999928669, 0.0407260069773519, 0.0307108250894861),
    ],
)  # fmt: skip
def test_unequal_clusters_agree_with_clubsandwich(
    treated: list[Counts], control: list[Counts], effect: float, cr2: float, df: float, p: float, cr1: float
) -> None:
    found = known(clusters.difference(treated=treated, control=control))
    assert (found.effect, found.standard_error, found.df, found.p_value) == pytest.approx(
        (effect, cr2, df, p), rel=1e-6
    )
    simple = known(clusters.difference(treated=treated, control=control, variance="cr1"))
    assert simple.standard_error == pytest.approx(cr1, rel=1e-6)


@pytest.mark.parametrize("level", [1e-9, 0.5, 0.99, 1 - 1e-9])
def test_intervals_nest_by_level(level: float) -> None:
    inner, outer = (known(clusters.difference(treated=TREATED, control=CONTROL, level=x)) for x in (level / 2, level))
    assert outer.interval.low <= inner.interval.low <= inner.interval.high <= outer.interval.high
