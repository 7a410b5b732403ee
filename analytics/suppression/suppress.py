"""PURE  Choose the cells that one look suppresses: small ones, and enough others that no small one can be inferred.

Primary suppression hides small cells and cells that changed by a small number since they were last shown. Secondary
suppression hides a second column beside each that would stand alone, then one more for each group that the attack still
infers: a related outcome in its column, or another column. If nothing is left of the table by column, the look shows
none. The totals of related outcomes are shown in the order of the plan, as far as they disclose no group together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from analytics.suppression import inference_attack
from analytics.suppression.cells import (
    EXPOSURES,
    WHOLE_ARM,
    ExactCells,
    Parts,
    RelatedOutcomes,
    ReleasedCells,
    is_small,
)
from analytics.suppression.inference_attack import PeopleGroup
from analytics.suppression.joint_table import is_sum_of

TABLE_GROWTH_FACTOR = 2  # the table by column is shown anew once this many times as many people were counted


@dataclass(frozen=True, slots=True)
class SuppressionPolicy:
    """What a release has to observe. `joint_outcomes` have intervals that are computed from all arms at once.

    `related` holds every outcome that this look or an earlier one shows.
    """

    primary: str
    related: Sequence[RelatedOutcomes]
    least: int
    joint_outcomes: frozenset[str] = frozenset()
    is_final_look: bool = False


def suppress_cells(
    cells: Mapping[str, ExactCells], before: Sequence[Mapping[str, ReleasedCells]], rule: SuppressionPolicy
) -> dict[str, ReleasedCells] | None:
    """Decide what each arm shows at a look that follows the looks `before`.

    {} shows nothing, None keeps showing the previous look. Outcomes that are not shown anew are missing from `totals`.
    Of related outcomes the first in order are shown rather than the later ones.
    """
    if any(is_small(each.n, rule.least) for each in cells.values()):
        return None if before else {}
    outcomes = list(next(iter(cells.values())).parts)
    totals_only = {
        key: ReleasedCells(each.n, {o: _releasable_total(each, o, rule.least) for o in outcomes})
        for key, each in cells.items()
    }
    past = {key: _constraining_looks([look[key] for look in before if key in look], rule) for key in cells}
    if any(shown and is_small(cells[key].n - shown[-1].n, rule.least) for key, shown in past.items()):
        return None
    moving = [o for o in outcomes if not any(_moved_by_few(cells[key], past[key], o, rule) for key in cells)]
    decided = _releasable_totals(totals_only, past, moving, rule)
    if rule.primary in outcomes and rule.primary not in next(iter(decided.values())).totals:
        return None
    if not _is_table_due(decided, before, rule):
        return decided
    tables = {key: _suppressed_table(cells[key], past[key], shown, rule) for key, shown in decided.items()}
    whole = {key: shown for key, shown in tables.items() if shown is not None}
    return whole if len(whole) == len(tables) else decided


def suppress_texts(
    cells: Mapping[str, ExactCells],
    shown: Mapping[str, ReleasedCells],
    before: Sequence[Mapping[str, ReleasedCells]],
    rule: SuppressionPolicy,
) -> dict[str, ReleasedCells] | None:
    """Decide what arms show of each text beside what a look shows; None if that is nothing new.

    What is said of texts of a kind is made of all texts of all arms. So an outcome is shown of all of them, or of none;
    and none is shown without the primary one.
    """
    past = {
        key: [*_constraining_looks([look[key] for look in before if key in look], rule), shown[key]] for key in cells
    }
    if any(_small_columns(each, past[key], EXPOSURES, shown[key], rule.least) for key, each in cells.items()):
        return None
    tellable = [
        outcome
        for outcome in shown[next(iter(cells))].totals
        if all(
            shown[key].totals.get(outcome) is not None
            and not _small_columns(each, past[key], outcome, shown[key], rule.least)
            for key, each in cells.items()
        )
    ]
    chosen: list[str] = []
    for outcomes in [tellable, *([outcome] for outcome in tellable)]:
        tried = [*chosen, *(outcome for outcome in outcomes if outcome not in chosen)]
        tables = {key: _text_table(each, shown[key], tried) for key, each in cells.items()}
        if not any(
            inference_attack.find_inferable_groups([*past[key], table], rule.related, least=rule.least)
            for key, table in tables.items()
        ):
            chosen = tried
    if rule.primary not in chosen:
        return None
    return {key: _text_table(each, shown[key], chosen) for key, each in cells.items()}


def _text_table(cells: ExactCells, shown: ReleasedCells, outcomes: Sequence[str]) -> ReleasedCells:
    """The table of an arm by text, which shows these outcomes."""
    return ReleasedCells(
        shown.n, shown.totals, dict(cells.seen), {outcome: cells.parts[outcome] for outcome in outcomes}, by_text=True
    )


def tellable_arms(
    cells: Mapping[str, ReleasedCells],
    before: Sequence[Mapping[str, ReleasedCells]],
    related: Sequence[RelatedOutcomes],
    *,
    least: int,
) -> set[str]:
    """The arms of which these cells may be told: no part of them is small or moved by few, and the attack fails."""
    tellable = set()
    for key, each in cells.items():
        past = [look[key] for look in before if key in look]
        totals = {outcome: parts for outcome, parts in each.totals.items() if parts is not None}
        columns: dict[tuple[str, str], Parts] = {
            (EXPOSURES, column): (count,) for column, count in each.seen.items() if count is not None
        }
        columns |= {
            (outcome, column): parts
            for outcome, row in each.parts.items()
            for column, parts in row.items()
            if parts is not None
        }
        known = [(each.n,), *totals.values(), *columns.values()]
        last = [
            (past[-1].n,) if past else None,
            *(_last_total(past, outcome) for outcome in totals),
            *(_last_shown(past, outcome, column) for outcome, column in columns),
        ]
        if (
            not any(is_small(part, least) for parts in known for part in parts)
            and not any(_is_small_change(now, then, least) for now, then in zip(known, last, strict=True))
            and not inference_attack.find_inferable_groups([*past, each], related, least=least)
        ):
            tellable.add(key)
    return tellable


def _releasable_total(cells: ExactCells, outcome: str, least: int) -> Parts | None:
    """The parts of an outcome over the arm; None if one is small, because the others would disclose it."""
    parts = cells.total(outcome)
    return None if any(is_small(part, least) for part in parts) else parts


def _moved_by_few(cells: ExactCells, past: Sequence[ReleasedCells], outcome: str, rule: SuppressionPolicy) -> bool:
    """Whether a part of an arm's outcome changed by a small number since it was last shown."""
    return _is_small_change(cells.total(outcome), _last_total(past, outcome), rule.least)


def _last_total(past: Sequence[ReleasedCells], outcome: str) -> Parts | None:
    return next((parts for shown in reversed(past) if (parts := shown.totals.get(outcome)) is not None), None)


def _releasable_totals(
    totals: Mapping[str, ReleasedCells],
    past: Mapping[str, Sequence[ReleasedCells]],
    moving: Sequence[str],
    rule: SuppressionPolicy,
) -> dict[str, ReleasedCells]:
    """Restrict all arms to outcomes that the attack cannot use, together with each other and with the past.

    An outcome that was shown before waits in all arms; one that never was is suppressed in the arms that it would harm.
    """

    def inferable_arms(shown: Mapping[str, ReleasedCells]) -> set[str]:
        return {
            key
            for key, each in shown.items()
            if inference_attack.find_inferable_groups(
                [*past[key], each], _only_with(rule.related, each.totals), least=rule.least
            )
        }

    shown = _suppress_jointly({key: _restrict_to(each, moving) for key, each in totals.items()}, rule)
    if not inferable_arms(shown):
        return shown
    shown = {key: _restrict_to(each, []) for key, each in totals.items()}
    for outcome in moving:
        tried = _with_outcome(shown, totals, outcome, rule)
        if harmed := inferable_arms(tried):
            is_new = not any(outcome in each.totals for looks in past.values() for each in looks)
            without = {
                k: replace(t, totals={**t.totals, outcome: None}) if k in harmed else t for k, t in totals.items()
            }
            tried = _with_outcome(shown, without, outcome, rule)
            if not is_new or inferable_arms(tried):
                continue
        shown = tried
    return shown


def _only_with(related: Iterable[RelatedOutcomes], outcomes: Iterable[str]) -> list[RelatedOutcomes]:
    return [each for each in related if {*each.outcomes} & {*outcomes}]


def _with_outcome(
    shown: Mapping[str, ReleasedCells], totals: Mapping[str, ReleasedCells], outcome: str, rule: SuppressionPolicy
) -> dict[str, ReleasedCells]:
    """Show one outcome more in each arm."""
    return _suppress_jointly(
        {
            key: replace(each, totals={**each.totals, outcome: totals[key].totals[outcome]})
            for key, each in shown.items()
        },
        rule,
    )


def _suppress_jointly(shown: Mapping[str, ReleasedCells], rule: SuppressionPolicy) -> dict[str, ReleasedCells]:
    """Suppress an outcome in all arms if its intervals are computed from all arms and it is suppressed in one."""
    hidden = {
        outcome: None
        for outcome in rule.joint_outcomes
        if any(outcome in each.totals and each.totals[outcome] is None for each in shown.values())
    }
    return {key: replace(each, totals={**each.totals, **hidden}) for key, each in shown.items()}


def _constraining_looks(past: Sequence[ReleasedCells], rule: SuppressionPolicy) -> list[ReleasedCells]:
    """Past looks that constrain the attack.

    Those are tables, the newest look, each outcome's last mention and last total, and every look that shows two related
    outcomes. Any other look adds no constraint: any tables that fit the looks around it allow one between that fits it.
    """
    relevant = {i for i, shown in enumerate(past) if shown.seen} | {len(past) - 1}
    for outcome in {outcome for shown in past for outcome in shown.totals}:
        relevant.add(max(i for i, shown in enumerate(past) if outcome in shown.totals))
        relevant.add(max((i for i, shown in enumerate(past) if shown.totals.get(outcome) is not None), default=-1))
    for each in rule.related:
        relevant |= {
            i for i, shown in enumerate(past) if sum(shown.totals.get(o) is not None for o in each.outcomes) > 1
        }
    return [shown for i, shown in enumerate(past) if i in relevant]


def _restrict_to(shown: ReleasedCells, outcomes: Sequence[str]) -> ReleasedCells:
    """A look restricted to some outcomes, without its table."""
    return ReleasedCells(shown.n, {outcome: shown.totals[outcome] for outcome in outcomes if outcome in shown.totals})


def _is_table_due(
    totals_only: Mapping[str, ReleasedCells], before: Sequence[Mapping[str, ReleasedCells]], rule: SuppressionPolicy
) -> bool:
    """Whether to show the table: for a new outcome, once twice as many people were counted, and at the end."""
    tables = [look for look in before if any(shown.seen and not shown.by_text for shown in look.values())]
    people = sum(shown.n for shown in totals_only.values())
    then = sum(shown.n for shown in tables[-1].values()) if tables else 0
    tabulated = {outcome for look in tables for shown in look.values() for outcome in shown.parts}
    fresh = any(outcome not in tabulated for shown in totals_only.values() for outcome in shown.totals)
    return people > 0 and (fresh or people >= TABLE_GROWTH_FACTOR * then or (rule.is_final_look and people > then))


def _suppressed_table(
    cells: ExactCells, past: Sequence[ReleasedCells], totals_only: ReleasedCells, rule: SuppressionPolicy
) -> ReleasedCells | None:
    """Suppress columns until the attack fails; None if no table is left."""
    outcomes = (EXPOSURES, *totals_only.totals)
    hidden = {outcome: _small_columns(cells, past, outcome, totals_only, rule.least) for outcome in outcomes}
    while True:
        _add_secondary_suppression(hidden, cells, totals_only)
        shown = _with_table(cells, totals_only, hidden)
        inferable = inference_attack.find_inferable_groups([*past, shown], rule.related, least=rule.least)
        if not inferable:
            return shown
        groups = [each.group for each in inferable]
        if not _hide_against(groups, hidden, cells) and not _hide_one_more(hidden[EXPOSURES], cells):
            return None


def _hide_against(groups: Iterable[PeopleGroup], hidden: Mapping[str, set[str]], cells: ExactCells) -> bool:
    """Hide what gives these groups away; return False if nothing is left to hide.

    A related outcome is hidden in the column of the group if that helps, the last one first, and a further column
    otherwise.
    """
    more: set[str] = set()
    changed = False
    for group in groups:
        outcomes = [outcome for outcome in hidden if group.related and outcome in group.related.outcomes]
        beside = [outcome for outcome in outcomes if group.column != WHOLE_ARM and group.column not in hidden[outcome]]
        own = [outcome for outcome, _ in group.parts if outcome in outcomes]
        if not group.related:
            more.add(EXPOSURES)
        elif beside and (len(group.parts) > 1 or _is_disclosed(group, beside, cells)):
            last = beside[::-1]
            telling = [o for o in last if not _is_disclosed(group, [other for other in beside if other != o], cells)]
            hidden[(telling or last)[0]].add(group.column)
            changed = True
        else:
            left = [o for o in [*own, *outcomes[::-1]] if any(n and c not in hidden[o] for c, n in cells.seen.items())]
            more.update(left[:1])
    for outcome in sorted(more):
        changed |= _hide_one_more(hidden[outcome], cells)
    return changed


def _is_disclosed(group: PeopleGroup, outcomes: Iterable[str], cells: ExactCells) -> bool:
    """Whether the counts of these outcomes in a column add up to the group."""
    assert group.related is not None  # exposures are no part of an outcome
    width = {outcome: len(next(iter(cells.parts[outcome].values()))) for outcome in outcomes}
    return is_sum_of(group.related, group.parts, tuple(width.items()))


def _small_columns(
    cells: ExactCells, past: Sequence[ReleasedCells], outcome: str, totals_only: ReleasedCells, least: int
) -> set[str]:
    """Columns with a part that is small or changed by a small number."""
    if outcome == EXPOSURES:
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
        if outcome == EXPOSURES:
            if (count := shown.seen.get(column)) is not None:
                return (count,)
        elif (parts := shown.parts.get(outcome, {}).get(column)) is not None:
            return parts
    return None


def _is_small_change(now: Parts, then: Parts | None, least: int) -> bool:
    return then is not None and any(is_small(a - b, least) for a, b in zip(now, then, strict=True))


def _add_secondary_suppression(hidden: dict[str, set[str]], cells: ExactCells, totals_only: ReleasedCells) -> None:
    """Hide outcomes with their exposures, and a second column where one alone could be subtracted from its total."""
    if len(hidden[EXPOSURES]) == 1:
        _hide_one_more(hidden[EXPOSURES], cells)
    for outcome in totals_only.totals:
        hidden[outcome] |= hidden[EXPOSURES]
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
        seen={column: None if column in hidden[EXPOSURES] else count for column, count in cells.seen.items()},
        parts={
            outcome: {
                column: None if column in hidden[outcome] else parts for column, parts in cells.parts[outcome].items()
            }
            for outcome in totals_only.totals
        },
    )
