import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import StratifiedTable

from analytics.stats import Counts, Estimate, NotEstimable, proportions, strata
from analytics.stats.strata import ChiSquare, Stratum

# UC Berkeley admissions 1973 by department, men and women: (applied, admitted); R's datasets::UCBAdmissions.
MEN = [(825, 512), (560, 353), (325, 120), (417, 138), (191, 53), (373, 22)]
WOMEN = [(108, 89), (25, 17), (593, 202), (375, 131), (393, 94), (341, 24)]
BERKELEY = [Stratum(treated=Counts(*m), control=Counts(*w)) for m, w in zip(MEN, WOMEN, strict=True)]


def tables(rows: list[Stratum]) -> StratifiedTable:
    return StratifiedTable(
        [
            np.array(
                [
                    [row.treated.events, row.treated.n - row.treated.events],
                    [row.control.events, row.control.n - row.control.events],
                ]
            )
            for row in rows
        ]
    )


def known(value: object) -> Estimate:
    assert isinstance(value, Estimate)
    return value


def test_the_odds_ratio_and_its_interval_agree_with_statsmodels() -> None:
    # statsmodels StratifiedTable: oddsratio_pooled, and oddsratio_pooled_confint by Robins, Breslow and Greenland.
    theirs, ours = tables(BERKELEY), known(strata.odds_ratio(BERKELEY))
    low, high = theirs.oddsratio_pooled_confint(0.05)
    assert ours.effect == pytest.approx(theirs.oddsratio_pooled, rel=1e-9)
    assert (ours.interval.low, ours.interval.high) == pytest.approx((low, high), rel=1e-9)


def test_the_risk_ratio_agrees_with_statsmodels() -> None:
    # statsmodels StratifiedTable.riskratio_pooled.
    assert known(strata.ratio(BERKELEY)).effect == pytest.approx(tables(BERKELEY).riskratio_pooled, rel=1e-9)


@pytest.mark.parametrize("continuity", [False, True])
def test_cochran_mantel_haenszel_agrees_with_statsmodels(continuity: bool) -> None:
    # statsmodels StratifiedTable.test_null_odds.
    theirs, ours = tables(BERKELEY).test_null_odds(correction=continuity), strata.test(BERKELEY, continuity=continuity)
    assert isinstance(ours, ChiSquare)
    assert (ours.statistic, ours.p_value) == pytest.approx((theirs.statistic, theirs.pvalue), rel=1e-9)


@pytest.mark.parametrize("tarone", [False, True])
def test_breslow_day_agrees_with_statsmodels(tarone: bool) -> None:
    # statsmodels StratifiedTable.test_equal_odds(adjust=...).
    theirs, ours = tables(BERKELEY).test_equal_odds(adjust=tarone), strata.homogeneity(BERKELEY, tarone=tarone)
    assert isinstance(ours, ChiSquare)
    assert (ours.statistic, ours.p_value) == pytest.approx((theirs.statistic, theirs.pvalue), rel=1e-6)


def test_one_stratum_is_the_plain_difference() -> None:
    one = [Stratum(treated=Counts(200, 60), control=Counts(300, 60))]
    plain = known(proportions.difference(treated=Counts(200, 60), control=Counts(300, 60), method="wald"))
    ours = known(strata.difference(one))
    assert ours.effect == pytest.approx(plain.effect)
    assert ours.standard_error == pytest.approx(plain.standard_error, rel=1e-9)


def test_a_stratum_with_one_empty_arm_says_nothing() -> None:
    more = [*BERKELEY, Stratum(treated=Counts(0, 0), control=Counts(50, 9))]
    assert strata.difference(more) == strata.difference(BERKELEY)


def test_no_usable_stratum_is_not_estimable() -> None:
    lonely = [Stratum(treated=Counts(0, 0), control=Counts(50, 9))]
    for answer in (strata.difference(lonely), strata.ratio(lonely), strata.odds_ratio(lonely), strata.test(lonely)):
        assert isinstance(answer, NotEstimable)


COUNTS = st.integers(1, 10**9).flatmap(lambda n: st.integers(0, n).map(lambda x: Counts(n, x)))
STRATA = st.lists(st.builds(Stratum, treated=COUNTS, control=COUNTS), min_size=1, max_size=4)


@given(STRATA)
def test_swapping_arms_flips_the_sign(rows: list[Stratum]) -> None:
    there = strata.difference(rows)
    back = strata.difference([Stratum(treated=row.control, control=row.treated) for row in rows])
    if isinstance(there, NotEstimable) or isinstance(back, NotEstimable):
        assert type(there) is type(back)
    else:
        assert there.effect == pytest.approx(-back.effect, abs=1e-12)


@given(STRATA, st.sampled_from([0.5, 0.95, 0.999]))
def test_interval_and_p_value_agree(rows: list[Stratum], level: float) -> None:
    for estimate, null in ((strata.difference(rows, level=level), 0.0), (strata.odds_ratio(rows, level=level), 1.0)):
        if isinstance(estimate, Estimate):
            assert estimate.p_value is not None
            assert (null not in estimate.interval) == (estimate.p_value < 1 - level)


def test_the_interval_covers_about_its_level() -> None:
    source = np.random.default_rng(5)
    covered, trials = 0, 600
    for _ in range(trials):
        rows = [
            Stratum(
                treated=Counts(120, int(source.binomial(120, base + 0.05))),
                control=Counts(80, int(source.binomial(80, base))),
            )
            for base in (0.1, 0.3, 0.6)
        ]
        covered += 0.05 in known(strata.difference(rows)).interval
    # Binomial(600, 0.95): 570 with standard deviation 5.3; four of them.
    assert abs(covered - 570) < 22


def test_an_end_too_large_for_a_number_is_open() -> None:
    # Two strata of one unit beside 10^9: the standard error of the logarithm is so large that exp(high) overflows.
    rows = [
        Stratum(treated=Counts(10**9, 1), control=Counts(1, 0)),
        Stratum(treated=Counts(1, 0), control=Counts(10**9, 1)),
    ]
    for estimate in (strata.ratio(rows), strata.odds_ratio(rows)):
        assert known(estimate).interval.high == float("inf")
