"""PURE  What a comparison takes: the counts of each arm, and the plan's rules."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from analytics.comparison import grouped
from analytics.comparison.correction import Correction
from analytics.stats import equivalence, sequential
from analytics.stats.values import Counts, Levels

Monitoring = Literal["fixed", "group-sequential", "always-valid"]


@dataclass(frozen=True, slots=True)
class ArmCounts:
    """The counts of one arm, with its key and its weight in the split.

    `strata`, `clusters` and `cells` (stratum and day) divide the same units; each may be empty if unused. `levels` are
    the answers to an ordered outcome; `counts` are then the units exposed and those that answered. An arm that was ever
    paused is compared, but left out of the sample ratio, because it did not always get its share. `texts` are the units
    that saw each of several texts, of those that were never stopped; `stopped_texts` are the places of the others in
    the arm, each with the day of its stop.
    """

    key: str
    counts: Counts
    weight: float = 1.0
    strata: Mapping[str, Counts] = field(default_factory=dict)
    clusters: Mapping[str, Counts] = field(default_factory=dict)
    cells: Mapping[tuple[str, str], Counts] = field(default_factory=dict)
    levels: Levels | None = None
    was_paused: bool = False
    texts: Sequence[int] = ()
    stopped_texts: Set[tuple[int, date]] = frozenset()

    @property
    def answers(self) -> Levels:
        """The answers to an ordered outcome, which an arm must have."""
        if self.levels is None:
            raise ValueError(f"the arm {self.key!r} has no levels, which an ordered outcome needs")
        return self.levels


@dataclass(frozen=True, slots=True)
class Rules:
    """A plan's rules of comparison.

    `monitoring` allows one look at the end ("fixed"), planned looks ("group-sequential") or any look ("always-valid").
    `looks` are the shares of the planned units at the group-sequential looks so far, this one last; 1 is the last
    planned look, and `planned_looks` are those that the plan names. All but "fixed" need `planned_per_arm`: the planned
    units in all, divided by the number of arms with a weight. "dunnett" corrects intervals too; it takes one look,
    plain counts and pairs against the one control. `clusters` were assigned whole ("nested"), saw all arms ("crossed"),
    or are sets of `periods`, of which each arm had one. An `ordered` outcome is compared by the probability that a
    treated unit answers higher, minus one half; it uses neither strata nor clusters. A verdict that `views_per_network`
    views, as many as one network may have counted, could turn is held. With `watched_split` this is one of many looks
    at the split, though the outcomes have one.
    """

    level: float = 0.95
    smallest_difference: float | None = None
    better: equivalence.Direction = "higher"
    correction: Correction = "holm"
    monitoring: Monitoring = "fixed"
    planned_per_arm: int | None = None
    looks: tuple[float, ...] = ()
    planned_looks: tuple[float, ...] = ()
    spending: sequential.Spending = "obrien-fleming"
    stratified: bool = False
    clusters: grouped.ClusterDesign | None = None
    ordered: bool = False
    views_per_network: int = 0
    watched_split: bool = False

    def __post_init__(self) -> None:
        if self.correction == "dunnett" and (self.monitoring != "fixed" or self.is_grouped or self.ordered):
            raise ValueError("Dunnett's correction is for one look at plain yes/no counts")

    @property
    def is_grouped(self) -> bool:
        """Whether units come in strata or clusters, so that methods for plain counts do not apply."""
        return self.stratified or self.clusters is not None
