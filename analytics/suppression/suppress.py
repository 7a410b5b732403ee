"""PURE  Chooses what one look hides: small cells, and as many more as keep them from being worked out.

The order is: what is small, what changed by a small number since it was last shown, a second column beside each that
stands alone; then the attack, and one column more for each cell that it still gets too close to, until it gets to
none. At the worst the table by column is not shown at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from analytics.suppression import inference_attack
from analytics.suppression.cells import ExactCells, Parts, ReleasedCells, is_small

TABLE_GROWTH_FACTOR = 2  # the table by column is shown anew when there are so many times as many people


@dataclass(frozen=True, slots=True)
class SuppressionPolicy:
    """What the plan and the settings ask of a release.

    `widths` says how many parts each outcome has. `together` are the outcomes whose intervals come from all arms at
    once. `final` is the last look of a campaign.
    """

    primary: str
    parts_per_outcome: Mapping[str, int]
    least: int
    joint_outcomes: frozenset[str] = frozenset()
    is_final_look: bool = False


def suppress_cells(
    cells: Mapping[str, ExactCells], before: Sequence[Mapping[str, ReleasedCells]], rule: SuppressionPolicy
) -> dict[str, ReleasedCells] | None:
    """What each arm shows at one look after the looks `before`; {} if nothing at all, None if still what it showed.

    An outcome that a look does not show anew is missing from its `totals`.
    """
    if any(is_small(each.n, rule.least) for each in cells.values()):
        return None if before else {}
    outcomes = list(next(iter(cells.values())).parts)
    bare = {
        key: ReleasedCells(each.n, {o: _total(each, o, rule.least) for o in outcomes}) for key, each in cells.items()
    }
    for outcome in rule.joint_outcomes.intersection(outcomes):
        if any(shown.totals[outcome] is None for shown in bare.values()):
            bare = {key: replace(shown, totals={**shown.totals, outcome: None}) for key, shown in bare.items()}
    past = {key: _that_matter([look[key] for look in before if key in look]) for key in cells}
    waiting = {
        outcome
        for outcome in [inference_attack.EXPOSURES, *outcomes]
        if not all(_may_move(cells[key], past[key], shown, outcome, rule) for key, shown in bare.items())
    }
    if waiting & {inference_attack.EXPOSURES, rule.primary}:
        return None
    moving = [outcome for outcome in outcomes if outcome not in waiting]
    bare = {key: _only(shown, moving) for key, shown in bare.items()}
    if not _time_for_a_table(bare, before, rule):
        return bare
    tables = {key: _table(cells[key], past[key], shown, rule) for key, shown in bare.items()}
    whole = {key: shown for key, shown in tables.items() if shown is not None}
    return whole if len(whole) == len(tables) else bare


def _total(cells: ExactCells, outcome: str, least: int) -> Parts | None:
    """How an outcome divides the arm; None if any part is small, because the others would tell it."""
    parts = cells.total(outcome)
    return None if any(is_small(part, least) for part in parts) else parts


def _may_move(
    cells: ExactCells, past: Sequence[ReleasedCells], bare: ReleasedCells, outcome: str, rule: SuppressionPolicy
) -> bool:
    """Whether an arm's number may be shown anew: it moved by none or enough people, and the attack finds nothing."""
    if outcome == inference_attack.EXPOSURES:
        return not past or not is_small(cells.n - past[-1].n, rule.least)
    known = next((parts for shown in reversed(past) if (parts := shown.totals.get(outcome)) is not None), None)
    if _changed_a_little(cells.total(outcome), known, rule.least):
        return False
    alone = [_only(shown, [outcome]) for shown in [*past, bare]]
    return not inference_attack.find_inferable_cells(alone, rule.parts_per_outcome, least=rule.least)


def _that_matter(past: Sequence[ReleasedCells]) -> list[ReleasedCells]:
    """Tables, the newest look without one, and for each outcome where it was last shown and where it last stood.

    A look between two others tells nothing that they do not: any tables that fit them have one between that fits it.
    """
    kept = {at for at, shown in enumerate(past) if shown.seen} | {len(past) - 1}
    for outcome in {outcome for shown in past for outcome in shown.totals}:
        kept.add(max(at for at, shown in enumerate(past) if outcome in shown.totals))
        kept.add(max((at for at, shown in enumerate(past) if shown.totals.get(outcome) is not None), default=-1))
    return [shown for at, shown in enumerate(past) if at in kept]


def _only(shown: ReleasedCells, outcomes: Sequence[str]) -> ReleasedCells:
    """A look's numbers of some outcomes, without its table."""
    return ReleasedCells(shown.n, {outcome: shown.totals[outcome] for outcome in outcomes if outcome in shown.totals})


def _time_for_a_table(
    bare: Mapping[str, ReleasedCells], before: Sequence[Mapping[str, ReleasedCells]], rule: SuppressionPolicy
) -> bool:
    """At the first look of each outcome, when twice as many people are counted, and at the end."""
    tables = [look for look in before if any(shown.seen for shown in look.values())]
    people = sum(shown.n for shown in bare.values())
    then = sum(shown.n for shown in tables[-1].values()) if tables else 0
    told = {outcome for look in tables for shown in look.values() for outcome in shown.parts}
    fresh = any(outcome not in told for shown in bare.values() for outcome in shown.totals)
    return people > 0 and (fresh or people >= TABLE_GROWTH_FACTOR * then or (rule.is_final_look and people > then))


def _table(
    cells: ExactCells, past: Sequence[ReleasedCells], bare: ReleasedCells, rule: SuppressionPolicy
) -> ReleasedCells | None:
    """The arm by column, with so much hidden that the attack finds nothing; None if no such table is left."""
    outcomes = (inference_attack.EXPOSURES, *bare.totals)
    hidden = {outcome: _small_columns(cells, past, outcome, bare, rule.least) for outcome in outcomes}
    while True:
        _add_secondary_suppression(hidden, cells, bare)
        shown = _veiled(cells, bare, hidden)
        found = inference_attack.find_inferable_cells([*past, shown], rule.parts_per_outcome, least=rule.least)
        if not found:
            return shown
        more = [_hide_one_more(hidden[outcome], cells) for outcome in sorted({each.cell.outcome for each in found})]
        if not any(more) and not _hide_one_more(hidden[inference_attack.EXPOSURES], cells):
            return None


def _small_columns(
    cells: ExactCells, past: Sequence[ReleasedCells], outcome: str, bare: ReleasedCells, least: int
) -> set[str]:
    """The columns that may not be shown: a part of them is small, or changed by a small number."""
    if outcome == inference_attack.EXPOSURES:
        values: Mapping[str, Parts] = {column: (count,) for column, count in cells.seen.items()}
    elif bare.totals[outcome] is None:
        return set(cells.seen)
    else:
        values = cells.parts[outcome]
    return {
        column
        for column, parts in values.items()
        if any(is_small(part, least) for part in parts)
        or _changed_a_little(parts, _last_shown(past, outcome, column), least)
    }


def _last_shown(past: Sequence[ReleasedCells], outcome: str, column: str) -> Parts | None:
    for shown in reversed(past):
        if outcome == inference_attack.EXPOSURES:
            if (count := shown.seen.get(column)) is not None:
                return (count,)
        elif (parts := shown.parts.get(outcome, {}).get(column)) is not None:
            return parts
    return None


def _changed_a_little(now: Parts, then: Parts | None, least: int) -> bool:
    return then is not None and any(is_small(a - b, least) for a, b in zip(now, then, strict=True))


def _add_secondary_suppression(hidden: dict[str, set[str]], cells: ExactCells, bare: ReleasedCells) -> None:
    """Who saw it is hidden with all that they did, and no column is hidden alone beside a total that is shown."""
    if len(hidden[inference_attack.EXPOSURES]) == 1:
        _hide_one_more(hidden[inference_attack.EXPOSURES], cells)
    for outcome in bare.totals:
        hidden[outcome] |= hidden[inference_attack.EXPOSURES]
        if len(hidden[outcome]) == 1:
            _hide_one_more(hidden[outcome], cells)


def _hide_one_more(columns: set[str], cells: ExactCells) -> bool:
    """Hide the smallest column that is shown and not empty; False if there is none."""
    left = [column for column, count in cells.seen.items() if count and column not in columns]
    if left:
        columns.add(min(left, key=lambda column: (cells.seen[column], column)))
    return bool(left)


def _veiled(cells: ExactCells, bare: ReleasedCells, hidden: Mapping[str, Iterable[str]]) -> ReleasedCells:
    return replace(
        bare,
        seen={
            column: None if column in hidden[inference_attack.EXPOSURES] else count
            for column, count in cells.seen.items()
        },
        parts={
            outcome: {
                column: None if column in hidden[outcome] else parts for column, parts in cells.parts[outcome].items()
            }
            for outcome in bare.totals
        },
    )
