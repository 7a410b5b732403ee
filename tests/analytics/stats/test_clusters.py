import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import stdtr, stdtrit
from scipy.stats import ttest_ind

from analytics.stats import Counts, NotEstimable, clusters, proportions
from analytics.stats.clusters import ClusterEstimate, Variance
from tests.analytics.stats.estimates import estimate_of

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


# Clusters that saw both arms

DAYS = (
    [Counts(*c) for c in ((60, 18), (12, 1), (45, 10), (0, 0), (40, 15), (12, 5), (33, 9))],
    [Counts(*c) for c in ((55, 15), (9, 3), (52, 8), (3, 1), (31, 8), (0, 0), (40, 15))],
)


def by_matrices(treated: list[Counts], control: list[Counts]) -> tuple[float, float, float]:
    """Effect, standard error and df of CR2 from the matrices of Bell and McCaffrey 2002, one row per unit."""
    y: list[float] = []
    x: list[float] = []
    names: list[int] = []
    for number, pair in enumerate(zip(treated, control, strict=True)):
        for side, counts in zip((1.0, 0.0), pair, strict=True):
            y += [1.0] * counts.events + [0.0] * (counts.n - counts.events)
            x += [side] * counts.n
            names += [number] * counts.n
    design = np.column_stack([np.ones(len(y)), x])
    bread = np.linalg.inv(design.T @ design)
    hat = design @ bread @ design.T
    effect = bread @ design.T @ np.array(y)
    residual = np.array(y) - design @ effect
    meat, rows = np.zeros((2, 2)), []
    for number in sorted(set(names)):
        own = [i for i, name in enumerate(names) if name == number]
        values, vectors = np.linalg.eigh(np.eye(len(own)) - hat[np.ix_(own, own)])
        adjust = vectors @ np.diag(values**-0.5) @ vectors.T
        score = design[own].T @ adjust @ residual[own]
        meat += np.outer(score, score)
        rows.append((np.eye(len(y))[own] - hat[own]).T @ adjust @ design[own] @ bread[:, 1])
    form = np.array(rows) @ np.array(rows).T
    df = np.trace(form) ** 2 / np.sum(form * form)
    return float(effect[1]), float((bread @ meat @ bread)[1, 1] ** 0.5), float(df)


def test_crossed_clusters_agree_with_the_matrices() -> None:
    found = known(clusters.difference(treated=DAYS[0], control=DAYS[1], crossed=True))
    assert (found.effect, found.standard_error, found.df) == pytest.approx(by_matrices(*DAYS), rel=1e-9)


def test_crossed_cr1_agrees_with_statsmodels() -> None:
    import statsmodels.api as sm

    # statsmodels OLS(y, const + arm).fit(cov_type="cluster", use_correction=True), the arms of a day in one group.
    y, arm, day = [], [], []
    for number, pair in enumerate(zip(*DAYS, strict=True)):
        for side, counts in zip((1, 0), pair, strict=True):
            y += [1] * counts.events + [0] * (counts.n - counts.events)
            arm += [side] * counts.n
            day += [number] * counts.n
    fit = sm.OLS(np.array(y), sm.add_constant(np.array(arm))).fit(
        cov_type="cluster", cov_kwds={"groups": np.array(day), "use_correction": True}, use_t=True
    )
    ours = known(clusters.difference(treated=DAYS[0], control=DAYS[1], crossed=True, variance="cr1"))
    assert (ours.effect, ours.standard_error) == pytest.approx((fit.params[1], fit.bse[1]), rel=1e-9)
    assert ours.p_value == pytest.approx(fit.pvalues[1], rel=1e-6)


def test_the_pair_cluster_variance_is_its_formula() -> None:
    # u = (e1 - p1 n1)/N1 - (e0 - p0 n0)/N0 of each cluster, V = G/(G-1) times the sum of u^2, t with G-1.
    (n1, e1), (n0, e0) = (np.array([[c.n for c in arm], [c.events for c in arm]], dtype=float) for arm in DAYS)
    p1, p0 = e1.sum() / n1.sum(), e0.sum() / n0.sum()
    u = (e1 - p1 * n1) / n1.sum() - (e0 - p0 * n0) / n0.sum()
    error = float(np.sqrt(7 / 6 * np.sum(u**2)))
    found = known(clusters.difference(treated=DAYS[0], control=DAYS[1], crossed=True, variance="pair-cluster"))
    assert (found.standard_error, found.df) == pytest.approx((error, 6.0))
    assert found.p_value == pytest.approx(2 * stdtr(6, -abs(p1 - p0) / error))


def test_in_clusters_of_equal_size_the_small_sample_correction_is_that_formula() -> None:
    treated, control = [Counts(20, x) for x in (3, 7, 5, 9)], [Counts(30, x) for x in (2, 9, 4, 8)]
    first, second = (
        known(clusters.difference(treated=treated, control=control, crossed=True, variance=name))
        for name in ("cr2", "pair-cluster")
    )
    assert (first.standard_error, first.df) == pytest.approx((second.standard_error, second.df))
    assert first.df == pytest.approx(3)


Sizes = npt.NDArray[np.int64]
Rates = npt.NDArray[np.float64]


def draw(source: np.random.Generator, sizes: tuple[Sizes, Sizes], rates: Rates, effect: float) -> list[list[Counts]]:
    return [
        [Counts(int(n), int(source.binomial(n, min(p + gain, 1.0)))) for n, p in zip(side, rates, strict=True)]
        for side, gain in zip(sizes, (effect, 0.0), strict=True)
    ]


def test_cells_that_saw_both_arms_are_no_clusters_of_one_arm() -> None:
    # The audit's design: 28 placement-days of 50% that differ (beta with variance 0.05/1.05 of p q), about 3,800 people
    # per arm, true difference 4 points. It found a standard error of .0310 where .0112 is true, and a power of 4.7%
    # where 92.7% is possible. By hand: sqrt(2 * 0.25 (1 - 0.0476) / 3808) = .0112.
    source = np.random.default_rng(19)
    size = np.full(28, 136)
    errors: dict[bool, list[float]] = {True: [], False: []}
    called = {True: 0, False: 0}
    for _ in range(300):
        sides = draw(source, (size, size), source.beta(10, 10, size=28), 0.04)
        for crossed in (True, False):
            found = known(clusters.difference(treated=sides[0], control=sides[1], crossed=crossed))
            errors[crossed].append(found.standard_error or 0.0)
            called[crossed] += 0.0 not in found.interval
    assert float(np.mean(errors[False])) == pytest.approx(0.0310, abs=0.001)
    assert float(np.mean(errors[True])) == pytest.approx(0.0112, abs=0.0003)
    # Binomial(300, .927) has the standard deviation 4.5; four of them.
    assert abs(called[True] - 0.927 * 300) < 18
    assert called[False] < 0.1 * 300


def test_placements_at_5_and_60_percent_are_compared_within_themselves() -> None:
    # The audit: power 0% as nested clusters, 46.5% as crossed ones.
    source = np.random.default_rng(20)
    size, rates = np.full(28, 60), np.repeat([0.05, 0.60], 14)
    called = {True: 0, False: 0}
    for _ in range(300):
        sides = draw(source, (size, size), rates, 0.025)
        for crossed in (True, False):
            found = known(clusters.difference(treated=sides[0], control=sides[1], crossed=crossed))
            called[crossed] += 0.0 not in found.interval
    assert abs(called[True] - 0.465 * 300) < 35
    assert called[False] == 0


@pytest.mark.parametrize("variance", ["cr2", "pair-cluster"])
def test_crossed_clusters_cover_where_the_days_are_unequal(variance: Variance) -> None:
    # Three placements of 200, 40 and 10 people an arm and day, for three days: pair-cluster with t(G-1) covers 90%, and
    # CR2 keeps its level (6,000 trials: 90.3% and 95.9%).
    source = np.random.default_rng(21)
    size = np.tile([200, 40, 10], 3)
    covered, trials = 0, 500
    for _ in range(trials):
        sides = draw(source, (size, size), source.beta(6, 14, size=9), 0.0)
        found = known(clusters.difference(treated=sides[0], control=sides[1], crossed=True, variance=variance))
        covered += 0.0 in found.interval
    assert (covered >= 465) == (variance == "cr2")


def test_whole_clusters_are_crossed_ones_that_lack_an_arm() -> None:
    none = Counts(0, 0)
    treated, control = [*TREATED, *[none] * 4], [*[none] * 5, *CONTROL]
    assert clusters.difference(treated=treated, control=control, crossed=True) == clusters.difference(
        treated=TREATED, control=CONTROL
    )


def test_clusters_with_one_and_the_same_difference_say_nothing_of_its_error() -> None:
    treated, control = [Counts(10, 6), Counts(10, 4)], [Counts(10, 3), Counts(10, 1)]
    assert clusters.difference(treated=treated, control=control, crossed=True) == clusters.SAME_DIFFERENCE
    assert clusters.ratio(treated=treated[:1], control=control[:1], crossed=True) == clusters.TOO_FEW


# Other numbers of clusters


def test_a_contrast_of_two_arms_is_their_difference() -> None:
    one = known(clusters.contrast(DAYS, (1, -1)))
    other = known(clusters.difference(treated=DAYS[0], control=DAYS[1], crossed=True))
    assert (one.effect, one.standard_error, one.df, one.design_effect) == pytest.approx(
        (other.effect, other.standard_error, other.df, other.design_effect)
    )


def test_a_contrast_needs_as_many_weights_as_arms() -> None:
    with pytest.raises(ValueError, match="weights"):
        clusters.contrast(DAYS, (1, -1, 1))


@pytest.mark.parametrize("crossed", [True, False])
def test_the_error_of_a_ratio_is_that_of_small_changes(crossed: bool) -> None:
    # The delta method by hand: with whole clusters the variances of both arms over p^2 add up.
    treated, control = DAYS if crossed else (TREATED, CONTROL)
    found = known(clusters.ratio(treated=treated, control=control, crossed=crossed))
    rates = [sum(c.events for c in arm) / sum(c.n for c in arm) for arm in (treated, control)]
    assert found.effect == pytest.approx(rates[0] / rates[1])
    if not crossed:
        alone = []
        for arm, p in zip((treated, control), rates, strict=True):
            n = sum(c.n for c in arm)
            alone.append(sum(((c.events - c.n * p) / n) ** 2 / (1 - c.n / n) for c in arm) / p**2)
        assert found.standard_error == pytest.approx(sum(alone) ** 0.5)
    assert (1.0 in found.interval) == ((found.p_value or 0) >= 0.05)


def test_a_ratio_needs_events_in_both_arms() -> None:
    assert isinstance(clusters.ratio(treated=TREATED, control=[Counts(9, 0), Counts(8, 0)]), NotEstimable)


def test_a_rate_of_clusters_is_wilsons_with_fewer_units() -> None:
    # By hand: V = sum of r^2/(1 - f), n* = p q / V (z/t)^2.
    n, x = sum(c.n for c in TREATED), sum(c.events for c in TREATED)
    p = x / n
    v = sum(((c.events - c.n * p) / n) ** 2 / (1 - c.n / n) for c in TREATED)
    f = [c.n / n for c in TREATED]
    q = [share / (n * (1 - share)) ** 0.5 for share in f]
    form = [[share / n if i == j else -q[i] * q[j] for j in range(5)] for i, share in enumerate(f)]
    df = np.trace(form) ** 2 / np.sum(np.square(form))
    effective = p * (1 - p) / v * (1.959964 / abs(stdtrit(df, 0.025))) ** 2
    z2 = 1.959964**2
    half = 1.959964 * (p * (1 - p) / effective + z2 / (4 * effective**2)) ** 0.5
    middle, divisor = p + z2 / (2 * effective), 1 + z2 / effective
    found = estimate_of(clusters.rate(TREATED))
    assert (found.effect, found.interval.low, found.interval.high) == pytest.approx(
        (p, (middle - half) / divisor, (middle + half) / divisor), rel=1e-5
    )
    plain = estimate_of(proportions.rate(Counts(n, x))).interval
    assert found.interval.width > plain.width


def test_without_events_each_cluster_counts_as_one_unit() -> None:
    assert (
        estimate_of(clusters.rate([Counts(40, 0)] * 20)).interval
        == estimate_of(proportions.rate(Counts(20, 0))).interval
    )


def test_a_rate_of_clusters_covers_where_a_plain_one_does_not() -> None:
    source = np.random.default_rng(22)
    covered = plain = 0
    for _ in range(400):
        side = [Counts(30, int(source.binomial(30, p))) for p in source.beta(2, 8, size=15)]
        covered += 0.2 in estimate_of(clusters.rate(side)).interval
        total = Counts(450, sum(c.events for c in side))
        plain += 0.2 in estimate_of(proportions.rate(total)).interval
    assert abs(covered - 380) < 18
    assert plain < 330


def test_a_rate_needs_two_clusters() -> None:
    assert clusters.rate([Counts(10, 3), Counts(0, 0)]) == clusters.TOO_FEW
