"""The additive logit, against other programs."""

import numpy as np
import pytest

from analytics.stats import Counts, NotEstimable, logit, proportions, strata
from analytics.stats.logit import LogitCell, adjusted_odds_ratio
from tests.analytics.stats.estimates import estimate_of


def drawn(gain: float, seed: int, *, per_cell: int = 80) -> list[LogitCell]:
    """Two placements on ten days, whose log odds add up."""
    source = np.random.default_rng(seed)
    cells = []
    for place, base in (("a", -2.0), ("b", 0.5)):
        for day in range(10):
            odds = base + 0.3 * (day % 5)
            arms = [
                Counts(n, int(source.binomial(n, 1 / (1 + np.exp(-odds - more)))))
                for n, more in ((per_cell + 3 * day, gain), (per_cell - 2 * day, 0.0))
            ]
            cells.append(LogitCell(arms[0], arms[1], (place, f"day {day}")))
    return cells


def test_it_agrees_with_statsmodels() -> None:
    import statsmodels.api as sm

    # statsmodels GLM(family=Binomial) with a column for each level but the first, called here.
    cells = drawn(0.4, 1)
    days = sorted({cell.levels[1] for cell in cells})
    rows, outcome = [], []
    for cell in cells:
        for treated, counts in ((1, cell.treated), (0, cell.control)):
            rows.append([1, treated, cell.levels[0] == "b", *(cell.levels[1] == day for day in days[1:])])
            outcome.append([counts.events, counts.n - counts.events])
    fit = sm.GLM(np.array(outcome, dtype=float), np.array(rows, dtype=float), family=sm.families.Binomial()).fit()
    found = estimate_of(adjusted_odds_ratio(cells))
    assert np.log(found.effect) == pytest.approx(fit.params[1], rel=1e-6)
    assert found.standard_error == pytest.approx(fit.bse[1], rel=1e-6)
    assert found.p_value == pytest.approx(fit.pvalues[1], rel=1e-5)


def test_without_factors_it_is_woolfs_odds_ratio() -> None:
    treated, control = Counts(70, 56), Counts(80, 48)
    found = estimate_of(adjusted_odds_ratio([LogitCell(treated, control, ())]))
    plain = estimate_of(proportions.odds_ratio(treated=treated, control=control))
    assert (found.effect, found.standard_error, found.interval.low) == pytest.approx(
        (plain.effect, plain.standard_error, plain.interval.low)
    )


def test_a_factor_that_another_explains_changes_nothing() -> None:
    cells = drawn(0.4, 2)
    more = [
        LogitCell(c.treated, c.control, (*c.levels, "weekend" if c.levels[1] in ("day 5", "day 6") else ""))
        for c in cells
    ]
    one, other = estimate_of(adjusted_odds_ratio(cells)), estimate_of(adjusted_odds_ratio(more))
    assert (one.effect, one.standard_error) == pytest.approx((other.effect, other.standard_error), rel=1e-6)


def test_levels_without_events_say_nothing() -> None:
    cells = drawn(0.4, 3)
    more = [
        *cells,
        LogitCell(Counts(50, 0), Counts(40, 0), ("a", "day 77")),
        LogitCell(Counts(0, 0), Counts(0, 0), ("c", "")),
    ]
    assert adjusted_odds_ratio(more) == adjusted_odds_ratio(cells)


def test_a_shift_of_the_mix_is_allowed_for() -> None:
    # Simpson's paradox by hand: (180 * 90) / (720 * 10) = 2.25 in x and (90 * 180) / (10 * 720) = 2.25 in y; thrown
    # together (270 * 270) / (730 * 730) = 0.14.
    cells = [LogitCell(Counts(900, 180), Counts(100, 10), ("x",)), LogitCell(Counts(100, 90), Counts(900, 720), ("y",))]
    together = estimate_of(proportions.odds_ratio(treated=Counts(1000, 270), control=Counts(1000, 730)))
    assert together.effect < 1
    tables = [strata.Stratum(treated=cell.treated, control=cell.control) for cell in cells]
    assert estimate_of(adjusted_odds_ratio(cells)).effect == pytest.approx(
        estimate_of(strata.odds_ratio(tables)).effect, rel=0.02
    )
    assert estimate_of(adjusted_odds_ratio(cells)).effect == pytest.approx(2.25, rel=0.001)


def test_what_cannot_be_estimated() -> None:
    assert isinstance(adjusted_odds_ratio([]), NotEstimable)
    assert isinstance(adjusted_odds_ratio([LogitCell(Counts(9, 9), Counts(9, 0), ("x",))]), NotEstimable)  # separated
    apart = [LogitCell(Counts(9, 3), Counts(0, 0), ("x",)), LogitCell(Counts(0, 0), Counts(9, 4), ("y",))]
    assert adjusted_odds_ratio(apart) == NotEstimable("No level has units in both arms.")
    many = [LogitCell(Counts(9, 3), Counts(9, 4), (str(n),)) for n in range(logit.MAX_LEVELS + 1)]
    assert isinstance(adjusted_odds_ratio(many), NotEstimable)


def test_it_covers_its_level() -> None:
    covered = sum(
        np.exp(0.4) in estimate_of(adjusted_odds_ratio(drawn(0.4, seed))).interval for seed in range(100, 180)
    )
    # Binomial(80, .95): 76, standard deviation 1.9.
    assert covered >= 70
