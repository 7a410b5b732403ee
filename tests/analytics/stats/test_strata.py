import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.stats import Counts, Estimate, NotEstimable, proportions, strata
from analytics.stats.strata import ChiSquare, Stratum
from tests.analytics.stats.estimates import estimate_of

# UC Berkeley admissions 1973 by department, men and women: (applied, admitted); R's datasets::UCBAdmissions.
MEN = [(825, 512), (560, 353), (325, 120), (417, 138), (191, 53), (373, 22)]
WOMEN = [(108, 89), (25, 17), (593, 202), (375, 131), (393, 94), (341, 24)]
BERKELEY = [Stratum(treated=Counts(*m), control=Counts(*w)) for m, w in zip(MEN, WOMEN, strict=True)]


def tables(rows: list[Stratum]) -> Any:
    from statsmodels.stats.contingency_tables import StratifiedTable

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


def test_the_odds_ratio_and_its_interval_agree_with_statsmodels() -> None:
    # statsmodels StratifiedTable: oddsratio_pooled, and oddsratio_pooled_confint by Robins, Breslow and Greenland.
    theirs, ours = tables(BERKELEY), estimate_of(strata.odds_ratio(BERKELEY))
    low, high = theirs.oddsratio_pooled_confint(0.05)
    assert ours.effect == pytest.approx(theirs.oddsratio_pooled, rel=1e-9)
    assert (ours.interval.low, ours.interval.high) == pytest.approx((low, high), rel=1e-9)


def test_the_risk_ratio_agrees_with_statsmodels() -> None:
    # statsmodels StratifiedTable.riskratio_pooled.
    assert estimate_of(strata.ratio(BERKELEY)).effect == pytest.approx(tables(BERKELEY).riskratio_pooled, rel=1e-9)


@pytest.mark.parametrize("continuity", [False, True])
def test_cochran_mantel_haenszel_agrees_with_statsmodels(continuity: bool) -> None:
    # statsmodels StratifiedTable.test_null_odds.
    theirs, ours = (
        tables(BERKELEY).test_null_odds(correction=continuity),
        strata.mantel_haenszel_test(BERKELEY, continuity=continuity),
    )
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
    plain = estimate_of(proportions.difference(treated=Counts(200, 60), control=Counts(300, 60), method="wald"))
    ours = estimate_of(strata.difference(one))
    assert ours.effect == pytest.approx(plain.effect)
    assert ours.standard_error == pytest.approx(plain.standard_error, rel=1e-9)


def test_a_stratum_with_one_empty_arm_says_nothing() -> None:
    more = [*BERKELEY, Stratum(treated=Counts(0, 0), control=Counts(50, 9))]
    assert strata.difference(more) == strata.difference(BERKELEY)


def test_no_usable_stratum_is_not_estimable() -> None:
    lonely = [Stratum(treated=Counts(0, 0), control=Counts(50, 9))]
    for answer in (
        strata.difference(lonely),
        strata.ratio(lonely),
        strata.odds_ratio(lonely),
        strata.mantel_haenszel_test(lonely),
    ):
        assert isinstance(answer, NotEstimable)


COUNTS = st.integers(1, 10**9).flatmap(lambda n: st.integers(0, n).map(lambda x: Counts(n, x)))
STRATA = st.lists(st.builds(Stratum, treated=COUNTS, control=COUNTS), min_size=1, max_size=4)


@pytest.mark.slow
@given(STRATA)
def test_swapping_arms_flips_the_sign(rows: list[Stratum]) -> None:
    there = strata.difference(rows)
    back = strata.difference([Stratum(treated=row.control, control=row.treated) for row in rows])
    if isinstance(there, NotEstimable) or isinstance(back, NotEstimable):
        assert type(there) is type(back)
    else:
        assert there.effect == pytest.approx(-back.effect, abs=1e-12)


@pytest.mark.slow
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
        covered += 0.05 in estimate_of(strata.difference(rows)).interval
    # Binomial(600, 0.95): 570 with standard deviation 5.3; four of them.
    assert abs(covered - 570) < 22


def test_an_end_too_large_for_a_number_is_open() -> None:
    # Two strata of one unit beside 10^9: the standard error of the logarithm is so large that exp(high) overflows.
    rows = [
        Stratum(treated=Counts(10**9, 1), control=Counts(1, 0)),
        Stratum(treated=Counts(1, 0), control=Counts(10**9, 1)),
    ]
    for estimate in (strata.ratio(rows), strata.odds_ratio(rows)):
        assert estimate_of(estimate).interval.high == float("inf")


# R 4.2, metafor: rma.mh(measure, ai, n1i, ci, n2i) and base R's mantelhaen.test; reference/strata.R and its output. Its
# logarithms are turned into ratios here. RD is by Sato's variance, RR by Greenland and Robins', OR by Robins, Breslow
# and Greenland's.
BCG_TREATED = [(123, 4), (306, 6), (231, 3), (13598, 62), (5069, 33), (1541, 180), (2545, 8), (88391, 505), (7499, 29)]
BCG_TREATED += [(1716, 17), (50634, 186), (2498, 5), (16913, 27)]
BCG_CONTROL = [(139, 11), (303, 29), (220, 11), (12867, 248), (5808, 47), (1451, 372), (629, 10), (88391, 499)]
BCG_CONTROL += [(7277, 45), (1665, 65), (27338, 141), (2341, 3), (17854, 29)]
# Breslow and Day 1980, chapter 4: oesophageal cancer and alcohol by age; Mantel and Haenszel's odds ratio there: 5.158.
OESOPHAGUS = (
    [(10, 1), (30, 4), (54, 25), (69, 42), (37, 19), (5, 5)],
    [(106, 0), (169, 5), (159, 21), (173, 34), (124, 36), (39, 8)],
)
TABLES = {"bcg": (BCG_TREATED, BCG_CONTROL), "berkeley": (MEN, WOMEN), "oesophagus": OESOPHAGUS}


def stratified(name: str) -> list[strata.Stratum]:
    return [strata.Stratum(Counts(*t), Counts(*c)) for t, c in zip(*TABLES[name], strict=True)]


@pytest.mark.parametrize(
    ("name", "effect", "se", "low", "high", "p"),
    [
        ("bcg", -0.003288181832613, 0.000286656748527374, -0.00385001873565201, -0.00272634492957399,
         1.84944534582781e-30),
        ("berkeley", -0.0184251961908525, 0.0148253944383109, -0.0474824353465422, 0.0106320429648372,
         0.213936670016646),
        ("oesophagus", 0.299710464966447, 0.0366856313159409, 0.227807948837088, 0.371612981095806,
         3.09166850240704e-16),
    ],
)  # fmt: skip
def test_the_difference_with_satos_variance_agrees_with_metafor(
    name: str, effect: float, se: float, low: float, high: float, p: float
) -> None:
    found = strata.difference(stratified(name))
    assert isinstance(found, Estimate)
    told = (found.effect, found.standard_error, found.interval.low, found.interval.high, found.p_value)
    assert told == pytest.approx((effect, se, low, high, p), rel=1e-6)


@pytest.mark.parametrize(
    ("method", "name", "log", "se", "low", "high", "p"),
    [
        (strata.ratio, "bcg", -0.453709604683754, 0.0393373668712944, -0.53080942699813, -0.376609782369378,
         8.91137967074168e-31),
        (strata.ratio, "berkeley", -0.0566708617288724, 0.0442239944392498, -0.143348298082302, 0.0300065746245569,
         0.200035460545521),
        (strata.ratio, "oesophagus", 1.06049281229977, 0.112718792013799, 0.839568039571861, 1.28141758502767,
         5.04200259803349e-21),
        (strata.odds_ratio, "bcg", -0.473410988388585, 0.0410077784042314, -0.553784757146878, -0.393037219630292,
         7.87716732544439e-31),
        (strata.odds_ratio, "berkeley", -0.100155387805351, 0.0809889096562209, -0.258890733878712, 0.0585799582680104,
         0.216214972780908),
        (strata.odds_ratio, "oesophagus", 1.64047585207085, 0.188838684639897, 1.27035883128873, 2.01059287285296,
         3.71543580311782e-18),
    ],
)  # fmt: skip
def test_ratios_agree_with_metafor(
    method: Any, name: str, log: float, se: float, low: float, high: float, p: float
) -> None:
    found = method(stratified(name))
    told = (found.effect, found.standard_error, found.interval.low, found.interval.high, found.p_value)
    assert told == pytest.approx((math.exp(log), se, math.exp(low), math.exp(high), p), rel=1e-6)


@pytest.mark.parametrize(
    ("name", "cmh", "cmh_p", "breslow_day", "tarone", "tarone_p"),
    [
        ("bcg", 136.162976744635, 1.83807338632165e-31, 171.765366579396, 171.756672993871, 2.08678239453652e-30),
        ("berkeley", 1.52460666044343, 0.216923697055519, 18.8255137052365, 18.8255012520532, 0.00207140139788083),
        ("oesophagus", 85.0094970347336, 2.96935424371892e-20, 9.32339709242593, 9.2993290785873, 0.0977042428280019),
    ],
)
def test_the_tests_agree_with_metafor(
    name: str, cmh: float, cmh_p: float, breslow_day: float, tarone: float, tarone_p: float
) -> None:
    any_difference, plain, corrected = (
        strata.mantel_haenszel_test(stratified(name)),
        strata.homogeneity(stratified(name), tarone=False),
        strata.homogeneity(stratified(name)),
    )
    assert isinstance(any_difference, strata.ChiSquare)
    assert isinstance(plain, strata.ChiSquare)
    assert isinstance(corrected, strata.ChiSquare)
    assert (any_difference.statistic, any_difference.p_value) == pytest.approx((cmh, cmh_p), rel=1e-6)
    assert plain.statistic == pytest.approx(breslow_day, rel=1e-6)
    assert (corrected.statistic, corrected.p_value) == pytest.approx((tarone, tarone_p), rel=1e-6)


def test_the_continuity_correction_is_that_of_mantel_and_haenszel() -> None:
    # R: mantelhaen.test(UCBAdmissions, correct = TRUE).
    found = strata.mantel_haenszel_test(stratified("berkeley"), continuity=True)
    assert isinstance(found, strata.ChiSquare)
    assert (found.statistic, found.p_value) == pytest.approx((1.42694622858669, 0.232263462817048), rel=1e-6)


@pytest.mark.parametrize("method", [strata.difference, strata.ratio, strata.odds_ratio])
@pytest.mark.parametrize("level", [1e-9, 0.5, 0.99, 1 - 1e-9])
def test_intervals_nest_by_level(method: Any, level: float) -> None:
    inner, outer = method(stratified("bcg"), level=level / 2), method(stratified("bcg"), level=level)
    assert outer.interval.low <= inner.interval.low <= inner.interval.high <= outer.interval.high
