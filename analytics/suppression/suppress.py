"""PURE  Choose the cells that one look suppresses: small ones, and enough others that no small one can be inferred.

Primary suppression hides small cells and cells that changed by a small number since they were last shown. Secondary
suppression hides a second column beside each that would stand alone, then one more for each cell that the attack still
infers. If nothing is left of the table by column, the look shows none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from analytics.suppression import inference_attack
from analytics.suppression.cells import ExactCells, Parts, ReleasedCells, is_small

TABLE_GROWTH_FACTOR = 2  # the table by column is shown anew once this many times as many people were counted


@dataclass(frozen=True, slots=True)
class SuppressionPolicy:
    """What a release has to observe. `joint_outcomes` have intervals that are computed from all arms at once."""

    primary: str
    parts_per_outcome: Mapping[str, int]
    least: int
    joint_outcomes: frozenset[str] = frozenset()
    is_final_look: bool = False


def suppress_cells(
    cells: Mapping[str, ExactCells], before: Sequence[Mapping[str, ReleasedCells]], rule: SuppressionPolicy
) -> dict[str, ReleasedCells] | None:
    """Decide what each arm shows at a look that follows the looks `before`.

    {} shows nothing, None keeps showing the previous look. Outcomes that are not shown anew are missing from `totals`.
    """
    if any(is_small(each.n, rule.least) for each in cells.values()):
        return None if before else {}
    outcomes = list(next(iter(cells.values())).parts)
    totals_only = {
        key: ReleasedCells(each.n, {o: _releasable_total(each, o, rule.least) for o in outcomes})
        for key, each in cells.items()
    }
    for outcome in rule.joint_outcomes.intersection(outcomes):
        if any(shown.totals[outcome] is None for shown in totals_only.values()):
            totals_only = {
                key: replace(shown, totals={**shown.totals, outcome: None}) for key, shown in totals_only.items()
            }
    past = {key: _constraining_looks([look[key] for look in before if key in look]) for key in cells}
    waiting = {
        outcome
        for outcome in [inference_attack.EXPOSURES, *outcomes]
        if not all(
            _may_be_shown_anew(cells[key], past[key], shown, outcome, rule) for key, shown in totals_only.items()
        )
    }
    if waiting & {inference_attack.EXPOSURES, rule.primary}:
        return None
    moving = [outcome for outcome in outcomes if outcome not in waiting]
    totals_only = {key: _restrict_to(shown, moving) for key, shown in totals_only.items()}
    if not _is_table_due(totals_only, before, rule):
        return totals_only
    tables = {key: _suppressed_table(cells[key], past[key], shown, rule) for key, shown in totals_only.items()}
    whole = {key: shown for key, shown in tables.items() if shown is not None}
    return whole if len(whole) == len(tables) else totals_only


def _releasable_total(cells: ExactCells, outcome: str, least: int) -> Parts | None:
    """The parts of an outcome over the arm; None if one is small, because the others would disclose it."""
    parts = cells.total(outcome)
    return None if any(is_small(part, least) for part in parts) else parts


def _may_be_shown_anew(
    cells: ExactCells, past: Sequence[ReleasedCells], totals_only: ReleasedCells, outcome: str, rule: SuppressionPolicy
) -> bool:
    """Whether an arm's counts may be shown anew: they moved by 0 or at least `least`, and the attack fails."""
    if outcome == inference_attack.EXPOSURES:
        return not past or not is_small(cells.n - past[-1].n, rule.least)
    known = next((parts for shown in reversed(past) if (parts := shown.totals.get(outcome)) is not None), None)
    if _is_small_change(cells.total(outcome), known, rule.least):
        return False
    alone = [_restrict_to(shown, [outcome]) for shown in [*past, totals_only]]
    return not inference_attack.find_inferable_cells(alone, rule.parts_per_outcome, least=rule.least)


def _constraining_looks(past: Sequence[ReleasedCells]) -> list[ReleasedCells]:
    """Past looks that constrain the attack: tables, the newest look, and each outcome's last mention and last total.

    A look between two others adds no constraint: any tables that fit those two allow one between that fits it.
    """
    relevant = {i for i, shown in enumerate(past) if shown.seen} | {len(past) - 1}
    for outcome in {outcome for shown in past for outcome in shown.totals}:
        relevant.add(max(i for i, shown in enumerate(past) if outcome in shown.totals))
        relevant.add(max((i for i, shown in enumerate(past) if shown.totals.get(outcome) is not None), default=-1))
    return [shown for i, shown in enumerate(past) if i in relevant]


def _restrict_to(shown: ReleasedCells, outcomes: Sequence[str]) -> ReleasedCells:
    """A look restricted to some outcomes, without its table."""
    return ReleasedCells(shown.n, {outcome: shown.totals[outcome] for outcome in outcomes if outcome in shown.totals})


def _is_table_due(
    totals_only: Mapping[str, ReleasedCells], before: Sequence[Mapping[str, ReleasedCells]], rule: SuppressionPolicy
) -> bool:
    """Whether to show the table: for a new outcome, once twice as many people were counted, and at the end."""
    tables = [look for look in before if any(shown.seen for shown in look.values())]
    people = sum(shown.n for shown in totals_only.values())
    then = sum(shown.n for shown in tables[-1].values()) if tables else 0
    tabulated = {outcome for look in tables for shown in look.values() for outcome in shown.parts}
    fresh = any(outcome not in tabulated for shown in totals_only.values() for outcome in shown.totals)
    return people > 0 and (fresh or people >= TABLE_GROWTH_FACTOR * then or (rule.is_final_look and people > then))


def _suppressed_table(
    cells: ExactCells, past: Sequence[ReleasedCells], totals_only: ReleasedCells, rule: SuppressionPolicy
) -> ReleasedCells | None:
    """Suppress columns until the attack fails; None if no table is left."""
    outcomes = (inference_attack.EXPOSURES, *totals_only.totals)
    hidden = {outcome: _small_columns(cells, past, outcome, totals_only, rule.least) for outcome in outcomes}
    while True:
        _add_secondary_suppression(hidden, cells, totals_only)
        shown = _with_table(cells, totals_only, hidden)
        inferable = inference_attack.find_inferable_cells([*past, shown], rule.parts_per_outcome, least=rule.least)
        if not inferable:
            return shown
        outcomes_to_hide = sorted({each.cell.outcome for each in inferable})
        more = [_hide_one_more(hidden[outcome], cells) for outcome in outcomes_to_hide]
        if not any(more) and not _hide_one_more(hidden[inference_attack.EXPOSURES], cells):
            return None


def _small_columns(
    cells: ExactCells, past: Sequence[ReleasedCells], outcome: str, totals_only: ReleasedCells, least: int
) -> set[str]:
    """Columns with a part that is small or changed by a small number."""
    if outcome == inference_attack.EXPOSURES:
        values: Mapping[str, Parts] = {column: (count,) for column, count in cells.seen.items()}
    elif totals_only.totals[outcome] is None:
        return set(cells.seen)
    else:
        values = cells.parts[outcome]
    return {
        column
        for column, parts in values.items()
        if any(is_small(part, least) for part in parts)
        or _is_small_change(parts, _last_shown(past, outcome, column), least)
    }


def _last_shown(past: Sequence[ReleasedCells], outcome: str, column: str) -> Parts | None:
    for shown in reversed(past):
        if outcome == inference_attack.EXPOSURES:
            if (count := shown.seen.get(column)) is not None:
                return (count,)
        elif (parts := shown.parts.get(outcome, {}).get(column)) is not None:
            return parts
    return None


def _is_small_change(now: Parts, then: Parts | None, least: int) -> bool:
    return then is not None and any(is_small(a - b, least) for a, b in zip(now, then, strict=True))


def _add_secondary_suppression(hidden: dict[str, set[str]], cells: ExactCells, totals_only: ReleasedCells) -> None:
    """Hide outcomes with their exposures, and a second column where one alone could be subtracted from its total."""
    if len(hidden[inference_attack.EXPOSURES]) == 1:
        _hide_one_more(hidden[inference_attack.EXPOSURES], cells)
    for outcome in totals_only.totals:
        hidden[outcome] |= hidden[inference_attack.EXPOSURES]
        if len(hidden[outcome]) == 1:
            _hide_one_more(hidden[outcome], cells)


def _hide_one_more(columns: set[str], cells: ExactCells) -> bool:
    """Hide the smallest column that is shown and not empty; return False if there is none."""
    left = [column for column, count in cells.seen.items() if count and column not in columns]
    if left:
        columns.add(min(left, key=lambda column: (cells.seen[column], column)))
    return bool(left)


def _with_table(cells: ExactCells, totals_only: ReleasedCells, hidden: Mapping[str, Iterable[str]]) -> ReleasedCells:
    return replace(
        totals_only,
        seen={
            column: None if column in hidden[inference_attack.EXPOSURES] else count
            for column, count in cells.seen.items()
        },
        parts={
            outcome: {
                column: None if column in hidden[outcome] else parts for column, parts in cells.parts[outcome].items()
            }
            for outcome in totals_only.totals
        },
    )
