"""Two factors in four arms."""

from __future__ import annotations

from math import log, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.stats.factorial import TwoByTwo, two_by_two
from analytics.stats.proportions import difference, odds_ratio
from analytics.stats.values import Counts, Estimate, NotEstimable
from tests.analytics.stats.estimates import estimate_of

NEITHER, FIRST, SECOND, BOTH = Counts(500, 100), Counts(480, 130), Counts(510, 115), Counts(495, 170)
NAMES = ("first", "second", "interaction", "both_minus_first")
counts = st.integers(1, 50).flatmap(lambda n: st.integers(0, n).map(lambda x: Counts(n, x)))


def analysed(scale: Any, cells: tuple[Counts, ...] = (NEITHER, FIRST, SECOND, BOTH), level: float = 0.95) -> TwoByTwo:
    return two_by_two(neither=cells[0], first=cells[1], second=cells[2], both=cells[3], level=level, scale=scale)


def test_log_odds_agree_with_a_logit_model_in_effect_coding() -> None:
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    # statsmodels 0.15: GLM(Binomial, freq_weights) with factors coded -1/2 and +1/2 and their product, fitted here. In
    # that coding the coefficients are the main effects and the interaction.
    a, b = np.array([-0.5, 0.5, -0.5, 0.5] * 2), np.array([-0.5, -0.5, 0.5, 0.5] * 2)
    cells = (NEITHER, FIRST, SECOND, BOTH)
    weights = [cell.events for cell in cells] + [cell.n - cell.events for cell in cells]
    design = np.column_stack([np.ones(8), a, b, a * b])
    fitted = GLM(np.repeat([1.0, 0.0], 4), design, family=Binomial(), freq_weights=np.array(weights)).fit(tol=1e-14)
    found = analysed("odds")
    for place, name in enumerate(("first", "second", "interaction"), start=1):
        estimate = estimate_of(getattr(found, name))
        assert estimate.effect == pytest.approx(fitted.params[place], rel=1e-7)
        assert estimate.standard_error == pytest.approx(fitted.bse[place], rel=1e-7)
        assert estimate.p_value == pytest.approx(fitted.pvalues[place], rel=1e-6)


def test_a_main_effect_is_not_the_coefficient_of_a_zero_one_coded_logit() -> None:
    simple = log(130 / 350) - log(100 / 400)
    assert estimate_of(analysed("odds").first).effect != pytest.approx(simple, rel=0.1)


def test_differences_are_contrasts_of_the_four_rates() -> None:
    # By hand: p = 0.2, 0.270833, 0.225490, 0.343434; variance of a rate p (1 - p) / n.
    p = [100 / 500, 130 / 480, 115 / 510, 170 / 495]
    v = [0.2 * 0.8 / 500, p[1] * (1 - p[1]) / 480, p[2] * (1 - p[2]) / 510, p[3] * (1 - p[3]) / 495]
    found = analysed("difference")
    assert estimate_of(found.first).effect == pytest.approx(((p[1] - p[0]) + (p[3] - p[2])) / 2)
    assert estimate_of(found.second).effect == pytest.approx(((p[2] - p[0]) + (p[3] - p[1])) / 2)
    assert estimate_of(found.interaction).effect == pytest.approx((p[3] - p[2]) - (p[1] - p[0]))
    assert estimate_of(found.first).standard_error == pytest.approx(sqrt(sum(v)) / 2)
    assert estimate_of(found.interaction).standard_error == pytest.approx(sqrt(sum(v)))


def test_both_minus_first_is_the_plain_comparison_of_those_two_arms() -> None:
    wald = difference(treated=BOTH, control=FIRST, method="wald")
    ours = estimate_of(analysed("difference").both_minus_first)
    assert (ours.effect, ours.p_value) == pytest.approx((estimate_of(wald).effect, estimate_of(wald).p_value))
    woolf = estimate_of(odds_ratio(treated=BOTH, control=FIRST))
    assert estimate_of(analysed("odds").both_minus_first).effect == pytest.approx(log(woolf.effect))


@given(st.tuples(counts, counts, counts, counts), st.sampled_from(["difference", "odds"]), st.sampled_from([0.8, 0.95]))
def test_every_interval_excludes_zero_exactly_when_p_is_small(
    cells: tuple[Counts, ...], scale: str, level: float
) -> None:
    found = analysed(scale, cells, level)
    for name in NAMES:
        estimate = getattr(found, name)
        if isinstance(estimate, Estimate):
            assert estimate.p_value is not None
            assert (0.0 not in estimate.interval) == (estimate.p_value < 1 - level)
            most = 2.0 if name == "interaction" else 1.0
            assert scale == "odds" or (-most <= estimate.interval.low and estimate.interval.high <= most)


def test_exchanging_the_factors_exchanges_their_effects() -> None:
    there, back = analysed("odds"), analysed("odds", (NEITHER, SECOND, FIRST, BOTH))
    assert estimate_of(there.first).effect == pytest.approx(estimate_of(back.second).effect)
    assert estimate_of(there.interaction).effect == pytest.approx(estimate_of(back.interaction).effect)


def test_separated_data_are_said_to_be_so_instead_of_a_huge_odds_ratio() -> None:
    found = analysed("odds", (NEITHER, FIRST, Counts(30, 0), BOTH))
    assert isinstance(found.first, NotEstimable)
    assert found.first.reason == 'The arm "second" has no events: the data are separated and log odds are not finite.'
    assert isinstance(found.both_minus_first, Estimate)


def test_an_empty_arm_spoils_only_what_needs_it() -> None:
    found = analysed("difference", (Counts(0, 0), FIRST, SECOND, BOTH))
    assert found.interaction == NotEstimable('The arm "neither" is empty.')
    assert isinstance(found.both_minus_first, Estimate)


def test_arms_that_do_not_vary_are_not_estimable() -> None:
    assert isinstance(analysed("difference", (Counts(9, 0),) * 4).first, NotEstimable)


def test_an_unknown_scale_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown scale"):
        analysed("guess")
