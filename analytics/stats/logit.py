"""Two arms compared by an additive logit: an effect beside those of placement, day or weekday, on the scale of odds."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from analytics.stats.numerics import wald
from analytics.stats.values import Counts, Estimate, NotEstimable, check_level

_Matrix = npt.NDArray[np.float64]

MAX_LEVELS = 200
_STEPS = 50


@dataclass(frozen=True, slots=True)
class LogitCell:
    """The two arms within one combination of levels, such as a placement and a day: one level for each factor."""

    treated: Counts
    control: Counts
    levels: tuple[str, ...]


def adjusted_odds_ratio(cells: Sequence[LogitCell], *, level: float = 0.95) -> Estimate | NotEstimable:
    """How many times the control odds are the treated odds, once the levels of several factors are allowed for?

    Formula: log(q / (1 - q)) = a + b treated + the sum of one term for each factor's level, with q the rate of an arm
    in a cell; a, b and the terms have the largest binomial likelihood, found by Newton's steps. The effect is exp(b),
    the interval exp(b +- z sqrt(V)), with V that of b in the inverse of the information.

    Source: McCullagh and Nelder 1989, Generalized Linear Models, chapter 4; the same as R's glm(family = binomial).

    Not for: factors with few units a level, which pull the odds ratio away from 1: use `strata.odds_ratio`. Nor for
    clusters, for which the interval is too short, or for a factor that the treatment may have changed.

    Levels without events or without non-events say nothing of the arms and are left out. Factors may explain one
    another, as days explain weekdays. NotEstimable: no such level, more than 200, none with both arms, or arms that the
    outcome separates.

    Admission of women and men at Berkeley by department (Bickel, Hammel and O'Connell 1975), six departments; R's
    glm(admitted ~ gender + department) gives 0.09987 for women, standard error 0.08085:

    >>> men = [(825, 512), (560, 353), (325, 120), (417, 138), (191, 53), (373, 22)]
    >>> women = [(108, 89), (25, 17), (593, 202), (375, 131), (393, 94), (341, 24)]
    >>> cells = [LogitCell(Counts(*w), Counts(*m), (d,)) for w, m, d in zip(women, men, "ABCDEF")]
    >>> found = adjusted_odds_ratio(cells)
    >>> round(float(np.log(found.effect)), 5), round(found.standard_error, 5)
    (0.09987, 0.08085)
    """
    check_level(level)
    used = _informative(cells)
    if not used:
        return NotEstimable("No level has both events and non-events.")
    factors = len(used[0].levels)
    names = [sorted({cell.levels[factor] for cell in used}) for factor in range(factors)]
    if sum(len(each) for each in names) > MAX_LEVELS:
        return NotEstimable("There are too many levels for an additive logit.")
    rows, units, events = _design(used, names)
    found = _newton(rows, units, events)
    if found is None:
        return NotEstimable("The outcome separates the arms or levels, so the odds ratio would be zero or infinite.")
    coefficients, information = found
    # Without the treated column: what of it the other columns do not explain is what its information rests on.
    others = np.delete(np.arange(rows.shape[1]), 1)
    cross = information[others, 1]
    rest = float(information[1, 1] - cross @ np.linalg.pinv(information[np.ix_(others, others)]) @ cross)
    if rest <= 1e-9 * float(information[1, 1]):
        return NotEstimable("No level has units in both arms.")
    return wald.estimate(float(coefficients[1]), 1 / sqrt(rest), level=level, method="additive logit", ratio=True)


def _informative(cells: Sequence[LogitCell]) -> list[LogitCell]:
    """The cells without levels whose units all had or all lacked the event, which would have infinite terms."""
    used = [cell for cell in cells if cell.treated.n or cell.control.n]
    while used:
        sums: dict[tuple[int, str], Counts] = {}
        for cell in used:
            for key in enumerate(cell.levels):
                sums[key] = sums.get(key, Counts(0, 0)) + cell.treated + cell.control
        dull = {key for key, total in sums.items() if total.events in (0, total.n)}
        if not dull:
            break
        used = [cell for cell in used if not dull.intersection(enumerate(cell.levels))]
    total = sum((cell.treated + cell.control for cell in used), Counts(0, 0))
    return used if 0 < total.events < total.n else []


def _design(cells: Sequence[LogitCell], names: Sequence[Sequence[str]]) -> tuple[_Matrix, _Matrix, _Matrix]:
    """A row for each arm in each cell: 1, treated, and 1 in the column of each of its levels but the first."""
    columns = {
        (factor, name): column
        for column, (factor, name) in enumerate(
            ((factor, name) for factor, each in enumerate(names) for name in each[1:]), start=2
        )
    }
    rows, units, events = [], [], []
    for cell in cells:
        for treated, counts in ((1.0, cell.treated), (0.0, cell.control)):
            if counts.n == 0:
                continue
            row = np.zeros(2 + len(columns))
            row[:2] = 1.0, treated
            for key in enumerate(cell.levels):
                if key in columns:
                    row[columns[key]] = 1.0
            rows.append(row)
            units.append(counts.n)
            events.append(counts.events)
    return np.array(rows), np.array(units, dtype=np.float64), np.array(events, dtype=np.float64)


def _newton(rows: _Matrix, units: _Matrix, events: _Matrix) -> tuple[_Matrix, _Matrix] | None:
    """The likeliest coefficients and their information; None where they run away."""
    coefficients = np.zeros(rows.shape[1])
    share = float(events.sum() / units.sum())
    coefficients[0] = np.log(share / (1 - share))
    for _ in range(_STEPS):
        rates = 1.0 / (1.0 + np.exp(-rows @ coefficients))
        information = rows.T @ (rows * (units * rates * (1.0 - rates))[:, None])
        # The pseudo-inverse, because factors may explain one another, as days explain weekdays.
        step = np.linalg.pinv(information, hermitian=True) @ (rows.T @ (events - units * rates))
        step *= min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-300))
        coefficients = coefficients + step
        if float(np.abs(rows @ coefficients).max()) > 30.0:
            return None
        if float(np.abs(step).max()) < 1e-10:
            return coefficients, information
    return None
