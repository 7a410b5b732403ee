"""PURE  Arms whose units come in named strata or clusters, matched by name."""

from collections.abc import Iterable, Mapping, Sequence
from math import exp, fsum, log
from typing import Literal

import numpy as np

from analytics.stats import clusters, exact_sequence, strata, switchback
from analytics.stats.numerics.count_columns import CountColumns, CountList, as_count_list
from analytics.stats.values import Counts, Estimate, NotEstimable

ClusterDesign = Literal["nested", "crossed", "periods"]
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
    names = _shared_names(arms)
    cells = np.array([side.n for side in match_groups(arms, names)])
    cells = cells[cells.sum(axis=1) > 0]  # arms without units lack no cluster
    sizes = cells.sum(axis=0)
    used, count = sizes > 0, int(np.count_nonzero(sizes))
    if (np.count_nonzero(cells, axis=0)[used] == 1).all():
        return "nested"
    incomplete = np.flatnonzero(used & (cells == 0).any(axis=0))
    shares = cells.sum(axis=1) / sizes.sum()
    chances = sum((1 - share) ** sizes[used] for share in shares)
    if _upper_tail(incomplete.size, float(np.minimum(chances, 1.0).sum()), count) < _IMPLAUSIBLE:
        raise NeitherDesign(
            f"{incomplete.size} of {count} clusters lack an arm, such as “{names[incomplete[0]]}”, and the others have "
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
    """Estimate the difference of two arms that come in clusters; with periods, by drawing their order anew."""
    first, second = match_groups([treated, control])
    if design == "periods":
        return switchback.difference(treated=first, control=second, level=level)
    return clusters.difference(treated=first, control=second, crossed=design == "crossed", level=level)


def forgeries_to_turn(treated: Groups, control: Groups, effects: Iterable[float], *, level: float, views: int) -> int:
    """How many forgers of so many views it takes until periods no longer rule out each of these effects."""
    first, second = match_groups([treated, control])
    return min(
        switchback.forgeries_to_turn(treated=first, control=second, effect=effect, level=level, views=views)
        for effect in effects
    )


def clustered_ratio(
    treated: Groups, control: Groups, design: ClusterDesign, *, level: float
) -> Estimate | NotEstimable:
    """Estimate the ratio of two arms that come in clusters."""
    first, second = match_groups([treated, control])
    return clusters.ratio(treated=first, control=second, crossed=design == "crossed", level=level)


def stratified_difference(treated: Groups, control: Groups, *, level: float) -> Estimate | NotEstimable:
    """Estimate the difference of two arms within strata."""
    return strata.difference(match_strata(treated, control), level=level)


def exact_stratified_difference(treated: Groups, control: Groups, *, level: float) -> Estimate | NotEstimable:
    """The same with an interval that is exact at every look, for few events."""
    return exact_sequence.stratified_difference(match_strata(treated, control), level=level)


def match_strata(treated: Groups, control: Groups) -> Sequence[strata.Stratum]:
    """The strata with units in both arms; as columns if both arms are held so."""
    if isinstance(treated, CountColumns) and isinstance(control, CountColumns) and treated.names is control.names:
        shared = (treated.n > 0) & (control.n > 0)
        if not shared.all():
            treated, control = treated.select(shared), control.select(shared)
        return strata.StratumColumns(treated=treated, control=control)
    names = sorted(set(treated) & set(control))
    pairs = ((treated[name], control[name]) for name in names)
    return [strata.Stratum(treated=one, control=other) for one, other in pairs if one.n and other.n]


def design_effect(estimate: Estimate | NotEstimable, treated: Counts, control: Counts) -> float | None:
    """By what factor strata or clusters changed the variance of a difference; None where it cannot be told."""
    if isinstance(estimate, NotEstimable) or not estimate.standard_error:
        return None
    plain = fsum(arm.proportion * (1 - arm.proportion) / arm.n for arm in (treated, control) if arm.n)
    return estimate.standard_error**2 / plain if plain else None


def clustered_rate(arm: Groups, *, level: float) -> Estimate | NotEstimable:
    """Estimate the rate of an arm that comes in clusters."""
    return clusters.rate(match_groups([arm])[0], level=level)


def count_clusters(arms: Sequence[Groups]) -> int:
    """How many clusters have units in any of the arms."""
    return int(np.count_nonzero(sum(side.n for side in match_groups(arms))))


def match_groups(arms: Sequence[Groups], names: Sequence[str] | None = None) -> list[CountList]:
    """List the groups of each arm in one order, empty where an arm lacks one."""
    names = names or _shared_names(arms)
    return [
        arm.without_names()
        if isinstance(arm, CountColumns) and arm.names is names
        else as_count_list([arm.get(name, _NONE) for name in names])
        for arm in arms
    ]


def _shared_names(arms: Sequence[Groups]) -> Sequence[str]:
    """The names of all groups, in the order of the arms."""
    first = arms[0]
    if isinstance(first, CountColumns) and all(
        isinstance(arm, CountColumns) and arm.names is first.names for arm in arms
    ):
        return first.names
    return list(dict.fromkeys(name for arm in arms for name in arm))
