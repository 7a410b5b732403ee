"""PURE  Arms whose units come in named strata or clusters, matched by name."""

from collections.abc import Mapping, Sequence
from math import exp, fsum, log
from typing import Literal

from analytics.stats import clusters, strata
from analytics.stats.numerics.count_columns import CountColumns
from analytics.stats.values import Counts, Estimate, NotEstimable

ClusterDesign = Literal["nested", "crossed"]
Groups = Mapping[str, Counts]

NO_OMNIBUS = NotEstimable("With strata or clusters the arms are compared pair by pair.")
# A table is refused if units assigned one by one would leave out arms in so many clusters less often than this.
_IMPLAUSIBLE = 1e-6
_NONE = Counts(0, 0)


class NeitherDesign(ValueError):
    """Raised for clusters that were neither assigned whole nor each seen by all arms. The message is for users."""


def find_cluster_design(arms: Sequence[Groups]) -> ClusterDesign:
    """Tell whether each cluster is in one arm ("nested") or saw them all ("crossed"), but for chance in small ones.

    Were units assigned one by one, a cluster of m units would lack an arm of share s with the chance (1 - s)^m. Sums of
    such chances are held against what is seen by Chernoff's bound (Hoeffding 1963, Journal of the American Statistical
    Association 58:13, theorem 1).
    """
    names = dict.fromkeys(name for arm in arms for name, counts in arm.items() if counts.n)
    cells = {name: [arm.get(name, _NONE).n for arm in arms] for name in names}
    totals = [sum(column) for column in zip(*cells.values(), strict=True)]
    if all(sum(n > 0 for n in cell) == 1 for cell in cells.values()):
        return "nested"
    shares = [n / sum(totals) for n in totals if n]
    incomplete = [
        name for name, cell in cells.items() if any(n == 0 < total for n, total in zip(cell, totals, strict=True))
    ]
    chances = [min(fsum((1 - share) ** sum(cell) for share in shares), 1.0) for cell in cells.values()]
    if _upper_tail(len(incomplete), fsum(chances), len(cells)) < _IMPLAUSIBLE:
        raise NeitherDesign(
            f"{len(incomplete)} of {len(cells)} clusters lack an arm, such as “{incomplete[0]}”, and the others have "
            "all. Either each cluster is in one arm, or each has units of every arm: give clusters that are not the "
            "same names of their own, or leave out those that lack an arm."
        )
    return "crossed"


def _upper_tail(seen: int, expected: float, trials: int) -> float:
    """A bound on the chance that so many of these trials succeed, of which `expected` do on average."""
    if seen <= expected:
        return 1.0
    share, mean = seen / trials, expected / trials
    divergence = share * log(share / mean) + (0.0 if share == 1.0 else (1 - share) * log((1 - share) / (1 - mean)))
    return exp(-trials * divergence)


def clustered_difference(
    treated: Groups, control: Groups, design: ClusterDesign, *, level: float
) -> Estimate | NotEstimable:
    """Estimate the difference of two arms that come in clusters."""
    first, second = (
        (list(treated.values()), list(control.values())) if design == "nested" else match_groups([treated, control])
    )
    return clusters.difference(treated=first, control=second, crossed=design == "crossed", level=level)


def stratified_difference(treated: Groups, control: Groups, *, level: float) -> Estimate | NotEstimable:
    """Estimate the difference of two arms within strata."""
    return strata.difference(match_strata(treated, control), level=level)


def match_strata(treated: Groups, control: Groups) -> Sequence[strata.Stratum]:
    """The strata with units in both arms; as columns if both arms are held so."""
    if isinstance(treated, CountColumns) and isinstance(control, CountColumns) and treated.names is control.names:
        shared = (treated.n > 0) & (control.n > 0)
        if not shared.all():
            treated, control = treated.select(shared), control.select(shared)
        return strata.StratumColumns(treated=treated, control=control)
    pairs = zip(*match_groups([treated, control]), strict=True)
    return [strata.Stratum(treated=one, control=other) for one, other in pairs if one.n and other.n]


def design_effect(estimate: Estimate | NotEstimable, treated: Counts, control: Counts) -> float | None:
    """By what factor strata or clusters changed the variance of a difference; None where it cannot be told."""
    if isinstance(estimate, NotEstimable) or not estimate.standard_error:
        return None
    plain = fsum(arm.proportion * (1 - arm.proportion) / arm.n for arm in (treated, control) if arm.n)
    return estimate.standard_error**2 / plain if plain else None


def clustered_rate(arm: Groups, *, level: float) -> Estimate | NotEstimable:
    """Estimate the rate of an arm that comes in clusters."""
    return clusters.rate(list(arm.values()), level=level)


def match_groups(arms: Sequence[Groups]) -> list[list[Counts]]:
    """List the groups of each arm in one order, empty where an arm lacks one."""
    names = sorted(set().union(*arms))
    return [[arm.get(name, _NONE) for name in names] for arm in arms]
