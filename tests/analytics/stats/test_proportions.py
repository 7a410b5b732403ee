"""The rate of one arm and the difference, ratio and odds ratio of two, against published tables and other programs.

Sources used more than once:
- Newcombe 1998a, Statistics in Medicine 17:857 (one proportion), table I.
- Newcombe 1998b, Statistics in Medicine 17:873 (two proportions), table II.
- contingencytables: the R package of Fagerland, Lydersen and Laake, Statistical Analysis of Contingency Tables (2017);
  its own tests print these numbers.
"""

from __future__ import annotations

from math import inf, isfinite, log
from typing import Any, get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy import errstate
from scipy.stats import binomtest

from analytics.stats import proportions
from analytics.stats.proportions import difference, odds_ratio, rate, ratio
from analytics.stats.values import Counts, Estimate, NotEstimable, OpenEstimate
from tests.analytics.stats.estimates import estimate_of

BILLION = 10**9


def ends(found: Estimate | NotEstimable) -> tuple[float, float]:
    interval = estimate_of(found).interval
    return interval.low, interval.high


def counts(limit: int = 60) -> st.SearchStrategy[Counts]:
    small = st.integers(1, limit).flatmap(lambda n: st.integers(0, n).map(lambda x: Counts(n, x)))
    large = st.sampled_from([10**3, 10**6, BILLION]).flatmap(
        lambda n: st.one_of(st.integers(0, n), st.sampled_from([0, 1, 7, n - 3, n])).map(lambda x: Counts(n, x))
    )
    return st.one_of(small, small, large)


levels = st.one_of(st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99]), st.floats(1e-9, 1.0 - 1e-12))


# One arm


@pytest.mark.parametrize(
    ("x", "n", "low", "high"),
    # Newcombe 1998a table I, method 3 (score), all four examples.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_intervals_of_newcombes_table(x: int, n: int, low: float, high: float) -> None:
    assert ends(rate(Counts(n, x))) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("x", "n", "low", "high"),
    # Newcombe 1998a table I, method 5 (Clopper-Pearson), all four examples.
    [(81, 263, 0.2527, 0.3676), (15, 148, 0.0578, 0.1617), (0, 20, 0.0, 0.1684), (1, 29, 0.0009, 0.1776)],
)
def test_clopper_pearson_gives_the_intervals_of_newcombes_table(x: int, n: int, low: float, high: float) -> None:
    assert ends(rate(Counts(n, x), method="clopper-pearson")) == pytest.approx((low, high), abs=5e-5)


def test_jeffreys_gives_the_interval_of_another_program() -> None:
    # contingencytables: Jeffreys_CI_1x2(X = 13, n = 16) prints 0.5792 to 0.9442.
    assert ends(rate(Counts(16, 13), method="jeffreys")) == pytest.approx((0.5792, 0.9442), abs=5e-5)


@pytest.mark.parametrize(
    ("method", "theirs"), [("wilson", "wilson"), ("jeffreys", "jeffreys"), ("clopper-pearson", "beta")]
)
@pytest.mark.parametrize(("n", "x"), [(263, 81), (29, 1), (7, 6), (10**6, 213), (BILLION, 12)])
def test_rates_agree_with_statsmodels(method: Any, theirs: str, n: int, x: int) -> None:
    from statsmodels.stats import proportion as sm

    # statsmodels 0.15: proportion_confint(x, n, alpha=0.1, method=...), called here.
    expected = sm.proportion_confint(x, n, alpha=0.1, method=theirs)
    assert ends(rate(Counts(n, x), level=0.9, method=method)) == pytest.approx(expected, rel=1e-6)


def test_wilson_agrees_with_scipy() -> None:
    # scipy 1.17: binomtest(3, 1000).proportion_ci(0.99, "wilson"), called here.
    expected = binomtest(3, 1000).proportion_ci(0.99, "wilson")
    assert ends(rate(Counts(1000, 3), level=0.99)) == pytest.approx((expected.low, expected.high), rel=1e-10)


@pytest.mark.parametrize("method", get_args(proportions.RateMethod))
def test_a_rate_without_events_starts_at_exactly_zero_and_a_full_one_ends_at_exactly_one(method: Any) -> None:
    for n in (1, 10, BILLION):
        assert ends(rate(Counts(n, 0), method=method))[0] == 0.0
        assert ends(rate(Counts(n, n), method=method))[1] == 1.0


def test_a_rate_has_no_p_value() -> None:
    assert estimate_of(rate(Counts(263, 81))).p_value is None


def test_the_rate_of_an_empty_arm_cannot_be_estimated() -> None:
    assert rate(Counts(0, 0)) == NotEstimable("The arm is empty.")


@given(counts(), levels, levels)
def test_wilson_contains_the_rate_and_nests_by_level(arm: Counts, one: float, other: float) -> None:
    narrow, wide = (estimate_of(rate(arm, level=level)).interval for level in sorted((one, other)))
    assert 0.0 <= wide.low <= narrow.low + 1e-12
    assert narrow.low <= arm.proportion <= narrow.high
    assert narrow.high - 1e-12 <= wide.high <= 1.0


# Difference

TABLE_II = [(56, 70, 48, 80), (9, 10, 3, 10), (6, 7, 2, 7), (5, 56, 0, 29), (0, 10, 0, 20), (0, 10, 0, 10)]
TABLE_II += [(10, 10, 0, 20), (10, 10, 0, 10)]


@pytest.mark.parametrize(
    ("cell", "low", "high"),
    # Newcombe 1998b table II, method 6 (Miettinen-Nurminen), contrasts (a) to (h).
    [
        (TABLE_II[0], 0.0528, 0.3382),
        (TABLE_II[1], 0.1700, 0.8406),
        (TABLE_II[2], 0.0342, 0.8534),
        (TABLE_II[3], -0.0326, 0.1933),
        (TABLE_II[4], -0.1658, 0.2844),
        (TABLE_II[5], -0.2879, 0.2879),
        (TABLE_II[6], 0.7156, 1.0),
        (TABLE_II[7], 0.6636, 1.0),
    ],
)
def test_miettinen_nurminen_gives_newcombes_table(cell: tuple[int, int, int, int], low: float, high: float) -> None:
    a, m, b, n = cell
    found = difference(treated=Counts(m, a), control=Counts(n, b))
    assert ends(found) == pytest.approx((low, high), abs=5e-5)
    assert estimate_of(found).effect == pytest.approx(a / m - b / n)


@pytest.mark.parametrize(
    ("cell", "low", "high"),
    # Newcombe 1998b table II, method 10 (score intervals combined), contrasts (a) to (h).
    [
        (TABLE_II[0], 0.0524, 0.3339),
        (TABLE_II[1], 0.1705, 0.8090),
        (TABLE_II[2], 0.0582, 0.8062),
        (TABLE_II[3], -0.0381, 0.1926),
        (TABLE_II[4], -0.1611, 0.2775),
        (TABLE_II[5], -0.2775, 0.2775),
        (TABLE_II[6], 0.6791, 1.0),
        (TABLE_II[7], 0.6075, 1.0),
    ],
)
def test_newcombe_gives_newcombes_table(cell: tuple[int, int, int, int], low: float, high: float) -> None:
    a, m, b, n = cell
    found = difference(treated=Counts(m, a), control=Counts(n, b), method="newcombe")
    assert ends(found) == pytest.approx((low, high), abs=5e-5)


def test_miettinen_nurminen_agrees_with_a_plain_reading_of_the_paper() -> None:
    # The cubic of Miettinen and Nurminen 1985, equations 8 to 10, solved as Farrington and Manning 1990 write it.
    from math import acos, cos, pi, sqrt

    def statistic(a: int, m: int, b: int, n: int, delta: float) -> float:
        total, events = m + n, a + b
        l2 = (m + 2 * n) * delta - total - events
        l2, l1 = (n + 2 * m) * delta - total - events, (m * delta - total - 2 * a) * delta + events
        l0 = a * delta * (1 - delta)
        q = l2**3 / (27 * total**3) - l1 * l2 / (6 * total**2) + l0 / (2 * total)
        p = (1 if q > 0 else -1) * sqrt(l2**2 / (9 * total**2) - l1 / (3 * total))
        angle = (pi + acos(max(-1.0, min(1.0, q / p**3)))) / 3
        first = 2 * p * cos(angle) - l2 / (3 * total)
        second = first + delta
        variance = (first * (1 - first) / m + second * (1 - second) / n) * total / (total - 1)
        return (b / n - a / m - delta) / sqrt(variance)

    for control, treated, z in [((3, 20), (9, 25), 1.959963984540054), ((70, 400), (52, 300), 1.959963984540054)]:
        b, n = treated
        a, m = control
        for end, sign in zip(ends(difference(treated=Counts(n, b), control=Counts(m, a))), (1, -1), strict=True):
            assert statistic(a, m, b, n, end) == pytest.approx(sign * z, rel=1e-6)


@pytest.mark.parametrize(
    ("method", "cell", "low", "high"),
    [
        # contingencytables: AgrestiCaffo_CI_2x2, Newcombe_hybrid_score_CI_2x2, Wald_CI_2x2 of rbind(c(7,27), c(1,33)).
        ("agresti-caffo", (7, 34, 1, 34), 0.0116, 0.3217),
        ("newcombe", (7, 34, 1, 34), 0.0189, 0.3404),
        ("wald", (7, 34, 1, 34), 0.0292, 0.3238),
        # contingencytables: MiettinenNurminen_asymptotic_score_CI_difference_2x2 of rbind(c(0,16), c(15,57)).
        ("miettinen-nurminen", (0, 16, 15, 72), -0.3164, -0.0056),
    ],
)
def test_differences_agree_with_contingencytables(method: Any, cell: tuple[int, ...], low: float, high: float) -> None:
    a, m, b, n = cell
    found = difference(treated=Counts(m, a), control=Counts(n, b), method=method)
    assert ends(found) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("method", "theirs"), [("newcombe", "newcomb"), ("agresti-caffo", "agresti-caffo"), ("wald", "wald")]
)
@pytest.mark.parametrize("cell", [(56, 70, 48, 80), (9, 10, 3, 10), (213, 10**6, 287, 10**6 + 7)])
def test_differences_agree_with_statsmodels(method: Any, theirs: str, cell: tuple[int, int, int, int]) -> None:
    from statsmodels.stats import proportion as sm

    # statsmodels 0.15: confint_proportions_2indep(a, m, b, n, method=..., compare="diff"), called here. Its "score" is
    # not used: version 0.15 takes a wrong denominator there.
    a, m, b, n = cell
    expected = sm.confint_proportions_2indep(a, m, b, n, method=theirs, compare="diff")
    found = difference(treated=Counts(m, a), control=Counts(n, b), method=method)
    assert ends(found) == pytest.approx(expected, rel=1e-6)


def test_the_miettinen_nurminen_p_value_is_pearsons_with_n_minus_one() -> None:
    # Campbell 2007's "N - 1" chi-square: Pearson's times (N - 1)/N. For 56/70 against 48/80 scipy 1.17 gives
    # chi2_contingency([[56, 14], [48, 32]], correction=False).statistic = 7.0292397660818715 (called here).
    from math import erfc, sqrt

    from scipy.stats import chi2_contingency

    pearson = chi2_contingency([[56, 14], [48, 32]], correction=False).statistic
    found = estimate_of(difference(treated=Counts(70, 56), control=Counts(80, 48)))
    assert found.p_value == pytest.approx(erfc(sqrt(pearson * 149 / 150 / 2)), rel=1e-12)


def test_two_arms_without_events_differ_by_zero_with_p_one_and_an_interval_of_some_length() -> None:
    found = estimate_of(difference(treated=Counts(10, 0), control=Counts(10, 0)))
    assert (found.effect, found.p_value) == (0.0, 1.0)
    assert -0.3 < found.interval.low < 0.0 < found.interval.high < 0.3


def test_wald_cannot_estimate_where_neither_arm_varies() -> None:
    assert isinstance(difference(treated=Counts(9, 9), control=Counts(10, 0), method="wald"), NotEstimable)


def test_an_empty_arm_is_named() -> None:
    arm, empty = Counts(10, 3), Counts(0, 0)
    for compare in (difference, ratio, odds_ratio):
        assert compare(treated=empty, control=arm) == NotEstimable("The treated arm is empty.")
        assert compare(treated=arm, control=empty) == NotEstimable("The control arm is empty.")


def test_an_unknown_method_is_an_error() -> None:
    arm = Counts(10, 3)
    wrong: Any = "guess"
    with pytest.raises(ValueError, match="unknown method 'guess'"):
        rate(arm, method=wrong)
    with pytest.raises(ValueError, match="unknown method 'guess'"):
        difference(treated=arm, control=arm, method=wrong)
    with pytest.raises(ValueError, match="unknown method 'guess'"):
        ratio(treated=arm, control=arm, method=wrong)
    with pytest.raises(ValueError, match="unknown method 'guess'"):
        odds_ratio(treated=arm, control=arm, method=wrong)


def test_a_level_outside_zero_to_one_is_an_error() -> None:
    arm = Counts(10, 3)
    for level in (0.0, 1.0, 95.0):
        for compare in (difference, ratio, odds_ratio):
            with pytest.raises(ValueError, match="level must lie strictly between"):
                compare(treated=arm, control=arm, level=level)


differences = st.sampled_from(get_args(proportions.DifferenceMethod))


@pytest.mark.slow
@settings(max_examples=400)
@given(counts(), counts(), levels, differences)
@example(Counts(1, 1), Counts(1, 0), 0.5, "miettinen-nurminen")
@example(Counts(BILLION, 0), Counts(1, 1), 0.999999, "miettinen-nurminen")
@example(Counts(BILLION, 1), Counts(BILLION, 0), 1e-300, "newcombe")
def test_the_interval_of_a_difference_excludes_zero_exactly_when_p_is_small(
    treated: Counts, control: Counts, level: float, method: Any
) -> None:
    found = difference(treated=treated, control=control, level=level, method=method)
    if isinstance(found, NotEstimable):
        assert method == "wald"
        return
    assert found.p_value is not None
    assert 0.0 <= found.p_value <= 1.0
    assert -1.0 <= found.interval.low <= found.interval.high <= 1.0
    assert (0.0 not in found.interval) == (found.p_value < 1.0 - level)


@given(counts(), counts(), levels, differences)
def test_swapping_the_arms_flips_the_sign_of_a_difference(a: Counts, b: Counts, level: float, method: Any) -> None:
    there, back = (difference(treated=x, control=y, level=level, method=method) for x, y in ((a, b), (b, a)))
    if isinstance(there, NotEstimable) or isinstance(back, NotEstimable):
        assert there == back
        return
    assert (there.effect, there.p_value, there.interval) == (-back.effect, back.p_value, -back.interval)


@given(counts(), counts(), levels, levels, differences)
def test_intervals_of_a_difference_nest_by_level(a: Counts, b: Counts, one: float, two: float, method: Any) -> None:
    narrow, wide = (difference(treated=a, control=b, level=level, method=method) for level in sorted((one, two)))
    if isinstance(narrow, Estimate) and isinstance(wide, Estimate):
        assert wide.interval.low <= narrow.interval.low + 1e-12
        assert narrow.interval.high <= wide.interval.high + 1e-12


@given(counts())
def test_equal_arms_differ_by_zero_with_p_one(arm: Counts) -> None:
    found = estimate_of(difference(treated=arm, control=arm))
    assert (found.effect, found.p_value) == (0.0, 1.0)


def test_counting_non_events_instead_flips_the_sign() -> None:
    a, b = Counts(70, 56), Counts(81, 3)
    found, other = (
        estimate_of(difference(treated=x, control=y)) for x, y in ((a, b), (Counts(70, 14), Counts(81, 78)))
    )
    assert ends(found) == pytest.approx((-other.interval.high, -other.interval.low), rel=1e-12)


# Ratio


def test_koopman_gives_the_interval_of_another_program() -> None:
    # contingencytables: Koopman_asymptotic_score_CI_2x2(rbind(c(7,27), c(1,33))) prints 7.0000 (1.2209 to 42.5757).
    found = ratio(treated=Counts(34, 7), control=Counts(34, 1))
    assert ends(found) == pytest.approx((1.2209, 42.5757), abs=5e-5)


def test_koopman_gives_the_interval_of_his_paper() -> None:
    # Koopman 1984, Biometrics 40:513, the example 36/40 against 16/80: 4.5 with 95% interval 2.94 to 7.15.
    found = ratio(treated=Counts(40, 36), control=Counts(80, 16))
    assert estimate_of(found).effect == 4.5
    assert ends(found) == pytest.approx((2.94, 7.15), abs=5e-3)


def test_katz_gives_the_interval_of_another_program() -> None:
    # contingencytables: Katz_log_CI_2x2(rbind(c(7,27), c(1,33))) prints 7.0000 (0.9096 to 53.8695).
    found = ratio(treated=Counts(34, 7), control=Counts(34, 1), method="katz")
    assert ends(found) == pytest.approx((0.9096, 53.8695), abs=5e-5)


@pytest.mark.parametrize("cell", [(56, 70, 48, 80), (9, 10, 3, 10), (213, 10**6, 287, 10**6 + 7)])
def test_katz_agrees_with_statsmodels(cell: tuple[int, int, int, int]) -> None:
    from statsmodels.stats import proportion as sm

    # statsmodels 0.15: confint_proportions_2indep(a, m, b, n, method="log", compare="ratio"), called here.
    a, m, b, n = cell
    expected = sm.confint_proportions_2indep(a, m, b, n, method="log", compare="ratio")
    assert ends(ratio(treated=Counts(m, a), control=Counts(n, b), method="katz")) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("cell", [(56, 70, 48, 80), (9, 10, 3, 10), (0, 12, 4, 15), (213, 10**6, 287, 10**6 + 7)])
def test_koopman_agrees_with_statsmodels(cell: tuple[int, int, int, int]) -> None:
    from statsmodels.stats import proportion as sm

    # statsmodels 0.15: confint_proportions_2indep(..., compare="ratio", method="score", correction=False), called here.
    a, m, b, n = cell
    expected = sm.confint_proportions_2indep(a, m, b, n, method="score", compare="ratio", correction=False)
    found = ends(ratio(treated=Counts(m, a), control=Counts(n, b)))
    assert found[1] == pytest.approx(expected[1], rel=1e-6)
    if a:
        assert found[0] == pytest.approx(expected[0], rel=1e-6)


def test_two_full_arms_have_ratio_one_and_an_interval_known_in_closed_form() -> None:
    # By hand: with both arms full the Koopman statistic at a ratio r > 1 is n (r - 1), so the end is 1 + z^2/n.
    found = estimate_of(ratio(treated=Counts(20, 20), control=Counts(20, 20)))
    z_squared = 1.959963984540054**2
    assert (found.effect, found.p_value) == (1.0, 1.0)
    assert ends(found) == pytest.approx((1 / (1 + z_squared / 20), 1 + z_squared / 20), rel=1e-12)


def test_a_control_arm_without_events_has_no_ratio_and_a_treated_arm_without_events_has_ratio_zero() -> None:
    none, some = Counts(10, 0), Counts(10, 4)
    assert isinstance(ratio(treated=some, control=none), NotEstimable)
    assert isinstance(ratio(treated=none, control=none), NotEstimable)
    assert isinstance(ratio(treated=none, control=some, method="katz"), NotEstimable)
    assert isinstance(ratio(treated=Counts(3, 3), control=Counts(9, 9), method="katz"), NotEstimable)
    found = estimate_of(ratio(treated=none, control=some))
    assert (found.effect, found.interval.low) == (0.0, 0.0)


def test_koopman_says_above_what_an_infinite_ratio_lies() -> None:
    # By the definition, without the library: at a ratio t the likeliest rates of 4/50 and 0/50 with q1 = t q0 solve
    # 100 t q0^2 - (50 t + 4 + 50) q0 + 4 = 0, and the chi-square of both arms is 1.959964^2 at t = 1.0829300.
    t = 1.0829300
    b = 50 * t + 4 + 50
    q0 = (b - (b * b - 1600 * t) ** 0.5) / (200 * t)
    q1 = t * q0
    statistic = (4 - 50 * q1) ** 2 / (50 * q1 * (1 - q1)) + (50 * q0) / (1 - q0)
    assert statistic == pytest.approx(1.959964**2, rel=1e-5)
    found = ratio(treated=Counts(50, 4), control=Counts(50, 0))
    assert isinstance(found, OpenEstimate)
    assert found.interval.low == pytest.approx(t, abs=1e-6)
    assert found.interval.high == inf
    assert not isinstance(ratio(treated=Counts(50, 0), control=Counts(50, 0)), OpenEstimate)  # nothing is known


def test_an_infinite_odds_ratio_has_an_open_interval_too() -> None:
    # The arms exchanged have the odds ratio 0, whose interval contingencytables confirms above; this is its mirror.
    found = odds_ratio(treated=Counts(72, 15), control=Counts(16, 0), method="score")
    assert isinstance(found, OpenEstimate)
    assert found.interval.low == pytest.approx(1 / 0.9532, abs=1e-4)
    assert found.interval.high == inf


def test_katz_and_woolf_have_a_standard_error_on_the_scale_of_the_logarithm() -> None:
    # By hand, 56/70 against 48/80: sqrt(1/56 - 1/70 + 1/48 - 1/80) and sqrt(1/56 + 1/14 + 1/48 + 1/32).
    a, b = Counts(70, 56), Counts(80, 48)
    for found, error in (
        (ratio(treated=a, control=b, method="katz"), 0.109109),
        (odds_ratio(treated=a, control=b, method="woolf"), 0.375991),
    ):
        assert estimate_of(found).standard_error == pytest.approx(error, abs=5e-7)
        assert log(ends(found)[1] / estimate_of(found).effect) == pytest.approx(1.959964 * error, rel=1e-5)


# Odds ratio


def test_woolf_gives_agrestis_aspirin_example() -> None:
    # Agresti, An Introduction to Categorical Data Analysis (2007), section 2.3: 1.83, 95% interval 1.44 to 2.33.
    found = odds_ratio(treated=Counts(11034, 189), control=Counts(11037, 104))
    assert estimate_of(found).effect == pytest.approx(1.83, abs=5e-3)
    assert ends(found) == pytest.approx((1.44, 2.33), abs=5e-3)


def test_the_score_interval_of_an_odds_ratio_of_zero_agrees_with_another_program() -> None:
    # contingencytables: Uncorrected_asymptotic_score_CI_2x2(rbind(c(0,16), c(15,57))) prints 0.0000 (0.0000 to 0.9532).
    found = odds_ratio(treated=Counts(16, 0), control=Counts(72, 15), method="score")
    assert ends(found) == pytest.approx((0.0, 0.9532), abs=5e-5)


@pytest.mark.parametrize(("method", "theirs"), [("woolf", "logit"), ("score", "score")])
@pytest.mark.parametrize("cell", [(56, 70, 48, 80), (9, 10, 3, 10), (213, 10**6, 287, 10**6 + 7)])
def test_odds_ratios_agree_with_statsmodels(method: Any, theirs: str, cell: tuple[int, int, int, int]) -> None:
    from statsmodels.stats import proportion as sm

    # statsmodels 0.15: confint_proportions_2indep(..., compare="odds-ratio", correction=False), called here.
    a, m, b, n = cell
    with errstate(all="ignore"):  # its own search divides by zero
        expected = sm.confint_proportions_2indep(a, m, b, n, method=theirs, compare="odds-ratio", correction=False)
    found = ends(odds_ratio(treated=Counts(m, a), control=Counts(n, b), method=method))
    assert found == pytest.approx(expected, rel=1e-6)


def test_an_odds_ratio_that_is_not_finite_or_not_defined_is_not_estimable() -> None:
    none, some, full = Counts(9, 0), Counts(10, 4), Counts(8, 8)
    for method, treated, control in [
        ("score", some, none),
        ("score", full, some),
        ("score", none, none),
        ("score", full, full),
        ("woolf", none, some),
        ("woolf", some, full),
    ]:
        assert isinstance(odds_ratio(treated=treated, control=control, method=method), NotEstimable)  # type: ignore[arg-type]  # from a table


ratios = st.sampled_from([(ratio, "koopman"), (ratio, "katz"), (odds_ratio, "woolf"), (odds_ratio, "score")])


@pytest.mark.slow
@settings(max_examples=400)
@given(counts(), counts(), levels, ratios)
def test_the_interval_of_a_ratio_excludes_one_exactly_when_p_is_small(
    treated: Counts, control: Counts, level: float, how: tuple[Any, str]
) -> None:
    compare, method = how
    found = compare(treated=treated, control=control, level=level, method=method)
    if isinstance(found, NotEstimable):
        return
    assert 0.0 <= found.interval.low <= found.interval.high
    assert isfinite(found.interval.high)
    assert found.effect * (1 - 1e-9) <= found.interval.high
    assert found.interval.low <= found.effect * (1 + 1e-9)
    assert (1.0 not in found.interval) == (found.p_value < 1.0 - level)


@given(counts(), counts(), levels, ratios)
def test_swapping_the_arms_inverts_a_ratio(a: Counts, b: Counts, level: float, how: tuple[Any, str]) -> None:
    compare, method = how
    there, back = (compare(treated=x, control=y, level=level, method=method) for x, y in ((a, b), (b, a)))
    if isinstance(there, NotEstimable) or isinstance(back, NotEstimable) or there.effect == 0 or back.effect == 0:
        return
    assert there.p_value == pytest.approx(back.p_value, rel=1e-9)
    assert ends(there) == pytest.approx((1 / back.interval.high, 1 / back.interval.low), rel=1e-9)


@pytest.mark.parametrize(
    ("a", "b", "newcombe", "mn", "koopman"),
    # From the definitions in R 4.2, the restricted likelihood maximised numerically, ends by uniroot;
    # reference/proportions.R and its output. The first three are contrasts of Newcombe 1998b's table II, the fourth is
    # Koopman's example, the last the aspirin trial of Agresti's books.
    [
        ((70, 56), (80, 48), (0.0524314724023649, 0.333872654036906), (0.0528297132342589, 0.338172940047763),
         (1.07982150636395, 1.67080557878024)),
        ((10, 9), (10, 3), (0.170522723934503, 0.809017973535488), (0.170025016723192, 0.840649543944683),
         (1.35323719421324, 8.46766868629711)),
        ((7, 6), (7, 2), (0.0582279274823123, 0.806249637524228), (0.0341755442904147, 0.853405259859643),
         (1.10264076166275, 10.6660263212868)),
        ((40, 36), (80, 16), (0.535295461618213, 0.794739019727311), (0.542939555280767, 0.80394019677879),
         (2.93956919215462, 7.15222343724516)),
        ((11034, 189), (11037, 104), (0.0047020297463815, 0.0107750837768823),
         (0.00471684024686375, 0.010788543166576), (1.43390381415444, 2.30471285453978)),
    ],
)  # fmt: skip
def test_score_intervals_agree_with_their_definitions(
    a: tuple[int, int],
    b: tuple[int, int],
    newcombe: tuple[float, ...],
    mn: tuple[float, ...],
    koopman: tuple[float, ...],
) -> None:
    treated, control = Counts(*a), Counts(*b)
    for found, theirs in (
        (difference(treated=treated, control=control, method="newcombe"), newcombe),
        (difference(treated=treated, control=control), mn),
        (ratio(treated=treated, control=control), koopman),
    ):
        assert isinstance(found, Estimate)
        assert ends(found) == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize(("compare", "method"), [(ratio, "katz"), (odds_ratio, "woolf")])
def test_a_ratio_next_to_one_keeps_its_digits(compare: Any, method: str) -> None:
    # Found by random search: 1 of 1 against nearly all of 10^9, whose rounded ratio has lost half its digits.
    a, b = (
        (Counts(2, 1), Counts(10**9, 5 * 10**8 - 7)) if method == "woolf" else (Counts(1, 1), Counts(10**9, 10**9 - 19))
    )
    there, back = compare(treated=a, control=b, method=method), compare(treated=b, control=a, method=method)
    assert there.p_value == pytest.approx(back.p_value, rel=1e-12)
    assert there.statistic == pytest.approx(-back.statistic, rel=1e-12)
