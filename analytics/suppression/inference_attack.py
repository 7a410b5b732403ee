"""PURE  Attack suppressed cells: bound them by linear programs over everything ever released.

The unknowns are the joint tables: how many people of a column are in each pattern of related outcomes, at each look.
The constraints are sums (patterns add up to the parts of each outcome and to the exposures, columns to the totals)
and time (no count of a joint table falls). Counts are non-negative real numbers; nothing else is assumed, not even that
a hidden cell is small. See Fischetti and Salazar (2001), Management Science 47:1008.

Attacked are hidden cells, every group of people in several parts at once, and the growth of both between two looks.
What is a sum of shown counts needs no program. Nor does a day of the daily chart, which shows exposures alone: see
decision 23.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from analytics.suppression.cells import WHOLE_ARM, Parts, RelatedOutcomes, ReleasedCells
from analytics.suppression.joint_table import Matrix, PartNames, disclosed_by, intersections, margins
from analytics.suppression.linear_bounds import SLACK, Constraints, Row, bound_rows


@dataclass(frozen=True, slots=True)
class PeopleGroup:
    """People of one column (or WHOLE_ARM) at a look who are in all of these parts; with `since`, those who came after.

    Without parts: all who saw the message.
    """

    look: int
    parts: PartNames
    column: str
    since: int | None = None
    related: RelatedOutcomes | None = None


@dataclass(frozen=True, slots=True)
class FeasibleRange:
    """The values that the released numbers allow for a group of people."""

    group: PeopleGroup
    low: float
    high: float


def find_inferable_groups(
    looks: Sequence[ReleasedCells], related: Iterable[RelatedOutcomes], *, least: int
) -> list[FeasibleRange]:
    """Find groups that `looks`, in order, tell to within fewer than `least` people, unless surely 0.

    A group whose count is shown is not among them, nor is one that is surely `least` or more and no hidden cell.
    """
    return _LinearSystem(looks, related, least).inferable()


@dataclass(slots=True)
class _Targets:
    """Groups to attack: names and rows of coefficients."""

    groups: list[PeopleGroup] = field(default_factory=list)
    is_cell: list[bool] = field(default_factory=list)  # hidden cells may not be known to within `least` even if large
    rows: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Block:
    """The joint table of one column at one look: its variables, and its groups that are sums of shown counts."""

    start: int
    shown: frozenset[str]
    values: Matrix  # of each group; nan where the shown counts do not determine it


@dataclass(frozen=True, slots=True)
class _Column:
    """What is known of the groups of a column, or of the whole arm, and the joint tables that it sums."""

    sums: _Block
    blocks: tuple[_Block, ...]


class _LinearSystem:
    """The released numbers of one arm as linear constraints on its joint tables."""

    def __init__(self, looks: Sequence[ReleasedCells], related: Iterable[RelatedOutcomes], least: int) -> None:
        self._looks, self._least = looks, least
        self._found: list[FeasibleRange] = []
        self._size = 0
        self._fixed: dict[int, float] = {}
        self._equal: list[tuple[Row, float]] = []
        self._at_most: list[Row] = []
        self._targets = _Targets()
        self._exposures: dict[tuple[int, str], int] = {}
        hides_exposures = any(None in shown.seen.values() for shown in looks)
        if hides_exposures:
            self._add_exposures()
        for each in related:
            self._add_related(each, always=hides_exposures)

    def _new_variables(self, count: int) -> int:
        self._size += count
        return self._size - count

    # Exposures, which are unknowns only where a look hides some of them

    def _add_exposures(self) -> None:
        columns: dict[str, list[int]] = {}
        for look, shown in enumerate(self._looks):
            for column, value in shown.seen.items():
                at = self._exposures[look, column] = self._new_variables(1)
                if value is not None:
                    self._fixed[at] = float(value)
                columns.setdefault(column, []).append(look)
            if shown.seen:
                variables = [self._exposures[look, column] for column in shown.seen]
                self._equal.append(((variables, np.ones(len(variables))), float(shown.n)))
        for column, numbers in columns.items():
            hidden = [look for look in numbers if self._looks[look].seen[column] is None]
            for look in hidden:
                self._add_target(PeopleGroup(look, (), column), ([self._exposures[look, column]], [1.0]))
            for then, now in combinations(hidden, 2):
                both = [self._exposures[now, column], self._exposures[then, column]]
                self._add_target(PeopleGroup(now, (), column, then), (both, [1.0, -1.0]))
            self._at_most += [
                ([self._exposures[then, column], self._exposures[now, column]], [1.0, -1.0])
                for then, now in pairwise(numbers)
            ]

    def _add_target(self, group: PeopleGroup, row: Row, *, is_cell: bool = True) -> None:
        self._targets.groups.append(group)
        self._targets.rows.append(row)
        self._targets.is_cell.append(is_cell)

    # Joint tables

    def _add_related(self, related: RelatedOutcomes, *, always: bool) -> None:
        """Add the joint tables of related outcomes, unless the shown counts alone tell all that they tell."""
        numbers = self._binding_looks(related)
        size = self._size
        tables = {look: self._blocks(look, related) for look in numbers}
        totals = {look: self._total_block(look, related, tables[look]) for look in numbers}
        unknown = any(np.isnan(block.values).any() for blocks in tables.values() for block in blocks.values())
        if always or unknown:
            for look in numbers:
                self._constrain(look, related, tables[look])
            self._add_monotonicity(related, numbers, tables)
        else:
            self._size = size
        columns = {look: {c: _Column(b, (b,)) for c, b in tables[look].items()} for look in numbers}
        for look in numbers:
            columns[look][WHOLE_ARM] = _Column(totals[look], tuple(tables[look].values()))
            for column, now in columns[look].items():
                self._attack(related, (look, column), now)
        for earlier, look in combinations(numbers, 2):
            for column, now in columns[look].items():
                if column in columns[earlier]:
                    self._attack(related, (look, column), now, since=earlier, then=columns[earlier][column])

    def _binding_looks(self, related: RelatedOutcomes) -> list[int]:
        """The looks that say something of these outcomes, without those that the newest one cannot interact with.

        A look that shows the totals of all of them parts what came before from what came after, because the sums of
        either are known; later tables would join them again by column. So nothing changes before the newest such look,
        and growth over both times is the sum of two that were attacked.
        """
        numbers = [look for look, shown in enumerate(self._looks) if shown.totals.keys() & set(related.outcomes)]
        last_table = max((look for look, shown in enumerate(self._looks) if shown.seen), default=0)
        whole = [
            look
            for look in numbers[:-1]
            if look >= last_table and all(self._looks[look].totals.get(key) is not None for key in related.outcomes)
        ]
        return [look for look in numbers if look >= whole[-1]] if whole else numbers

    def _blocks(self, look: int, related: RelatedOutcomes) -> dict[str, _Block]:
        shown = self._looks[look]
        if not shown.seen:
            return {WHOLE_ARM: self._block(related, shown.n, shown.totals)}
        return {
            column: self._block(related, count, {key: row[column] for key, row in shown.parts.items()})
            for column, count in shown.seen.items()
        }

    def _total_block(self, look: int, related: RelatedOutcomes, blocks: Mapping[str, _Block]) -> _Block:
        """The joint table of the whole arm; that of a look by column has no variables of its own."""
        if WHOLE_ARM in blocks:
            return blocks[WHOLE_ARM]
        shown = self._looks[look]
        block = self._block(related, shown.n, shown.totals, variables=False)
        summed = np.sum([each.values for each in blocks.values()], axis=0)
        return _Block(block.start, block.shown, np.where(np.isnan(block.values), summed, block.values))

    def _block(
        self, related: RelatedOutcomes, n: int | None, parts: Mapping[str, Parts | None], *, variables: bool = True
    ) -> _Block:
        told = {key: values for key in related.outcomes if (values := parts.get(key)) is not None}
        start = self._new_variables(len(related.patterns)) if variables else -1
        if n is None:
            return _Block(start, frozenset(told), np.full(len(intersections(related).names), np.nan))
        known = disclosed_by(related, tuple((key, len(values)) for key, values in told.items()))
        sums = known.coefficients @ np.array([n, *(count for values in told.values() for count in values)], dtype=float)
        return _Block(start, frozenset(told), np.where(known.is_known, np.round(sums), np.nan))

    def _constrain(self, look: int, related: RelatedOutcomes, blocks: Mapping[str, _Block]) -> None:
        """Sum the joint tables to the exposures, the parts and the totals that the look shows."""
        shown, size = self._looks[look], len(related.patterns)
        for column, block in blocks.items():
            inside = np.arange(block.start, block.start + size)
            if (look, column) in self._exposures:
                row = (np.append(inside, self._exposures[look, column]), np.append(np.ones(size), -1.0))
                self._equal.append((row, 0.0))
            else:
                n = shown.seen[column] if shown.seen else shown.n
                self._equal.append(((inside, np.ones(size)), float(n or 0)))
            for outcome in block.shown:
                values = shown.parts[outcome][column] if shown.seen else shown.totals[outcome]
                assert values is not None  # it is shown
                for members, value in zip(margins(related, outcome, len(values)), values, strict=True):
                    self._equal.append(((inside[members > 0], np.ones(int(members.sum()))), float(value)))
        if shown.seen:
            starts = np.array([block.start for block in blocks.values()])
            for outcome in related.outcomes:
                if (total := shown.totals.get(outcome)) is None:
                    continue
                for members, value in zip(margins(related, outcome, len(total)), total, strict=True):
                    inside = (starts[:, None] + np.flatnonzero(members)).ravel()
                    self._equal.append(((inside, np.ones(len(inside))), float(value)))

    def _add_monotonicity(
        self, related: RelatedOutcomes, numbers: Sequence[int], tables: Mapping[int, Mapping[str, _Block]]
    ) -> None:
        """Require that no count falls: by column from table to table, and in total from look to look.

        A table by text has the people of the look before it. As none may fall and their number is the same, both agree
        on each pattern. More cannot be said, for whatever tables by column and by text agree on that are the margins of
        one by both (a transport problem), which no look shows.
        """
        by_column = [look for look in numbers if WHOLE_ARM not in tables[look]]
        chains = ([look for look in by_column if self._looks[look].by_text is by_text] for by_text in (False, True))
        pairs = [
            ([tables[then][column]], [tables[now][column]])
            for chain in chains
            for then, now in pairwise(chain)
            for column in tables[then]
            if column in tables[now]
        ]
        pairs += [
            (list(tables[then].values()), list(tables[now].values()))
            for then, now in pairwise(numbers)
            if WHOLE_ARM in {*tables[then], *tables[now]} or self._looks[then].by_text != self._looks[now].by_text
        ]
        for old, new in pairs:
            signs = np.append(np.ones(len(old)), -np.ones(len(new)))
            starts = np.array([block.start for block in (*old, *new)])
            self._at_most += [(starts + pattern, signs) for pattern in range(len(related.patterns))]

    def _attack(
        self,
        related: RelatedOutcomes,
        place: tuple[int, str],
        now: _Column,
        *,
        since: int | None = None,
        then: _Column | None = None,
    ) -> None:
        """Attack each group of a look and column, or its growth, but for parts that a look shows there."""
        look, column = place
        shown, hidden, values = now.sums.shown, _hidden_outcomes(self._looks[look], related, column), now.sums.values
        if then is not None and since is not None:
            shown = shown | then.sums.shown
            hidden = hidden & _hidden_outcomes(self._looks[since], related, column)
            values = np.abs(values - then.sums.values)
        is_cell, is_unknown = _parts_of(related, hidden), np.isnan(values)
        is_told = ~is_unknown & (values > 0.5) & (is_cell | (values < self._least))
        names = intersections(related).names
        for at in np.flatnonzero(~_parts_of(related, shown) & (is_told | is_unknown)):
            group = PeopleGroup(look, names[at], column, since, related)
            if is_told[at]:
                self._found.append(FeasibleRange(group, float(values[at]), float(values[at])))
                continue
            row = _row(related, int(at), now.blocks)
            if then is not None:
                less, ones = _row(related, int(at), then.blocks)
                row = (np.append(row[0], less), np.append(row[1], -ones))
            self._add_target(group, row, is_cell=bool(is_cell[at]))

    # Solving

    def inferable(self) -> list[FeasibleRange]:
        """Find the groups that are sums of shown counts, and bound the others."""
        targets = self._targets
        if not targets.groups:
            return self._found
        is_cell = np.array(targets.is_cell)
        low, high = bound_rows(targets.rows, self._constraints(), least=self._least)
        narrow = (high - low < self._least - SLACK) & (high > 0.5) & (is_cell | (low < self._least - SLACK))
        return self._found + [
            FeasibleRange(targets.groups[at], float(low[at]), float(high[at])) for at in np.flatnonzero(narrow)
        ]

    def _constraints(self) -> Constraints:
        bounds = np.tile([0.0, float(max(shown.n for shown in self._looks))], (self._size, 1))
        for at, value in self._fixed.items():
            bounds[at] = value
        return Constraints.of(bounds, self._equal, [(row, 0.0) for row in self._at_most])


@lru_cache(maxsize=4096)
def _parts_of(related: RelatedOutcomes, outcomes: frozenset[str]) -> Any:
    """Which groups are a part of one of these outcomes."""
    return np.array([bool(equal_to & outcomes) for equal_to in intersections(related).equal_to], dtype=bool)


def _hidden_outcomes(shown: ReleasedCells, related: RelatedOutcomes, column: str) -> frozenset[str]:
    """The outcomes whose cells the look has and suppresses."""
    parts = shown.totals if column == WHOLE_ARM else {key: row[column] for key, row in shown.parts.items()}
    return frozenset(key for key in related.outcomes if key in parts and parts[key] is None)


def _row(related: RelatedOutcomes, group: int, blocks: Sequence[_Block]) -> Row:
    members = np.flatnonzero(intersections(related).members[group])
    inside = (np.array([block.start for block in blocks])[:, None] + members).ravel()
    return inside, np.ones(len(inside))
