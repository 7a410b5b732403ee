"""PURE  Chooses what one arm hides at one look: small cells, and as many more as keep them from being worked out.

The order is: what is small, what changed by a small number since it was last shown, a second column beside each that
stands alone; then the attack, and one column more for each cell that it still gets too close to, until it gets to
none. At the worst the table by column is not shown at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from analytics import attack
from analytics.cells import Cells, Parts, Shown, small


def total(cells: Cells, outcome: str, *, least: int) -> Parts | None:
    """How an outcome divides the arm; None if any part is small, because the others would tell it."""
    parts = cells.total(outcome)
    return None if any(small(part, least) for part in parts) else parts


def moves_on(cells: Cells, before: Sequence[Shown], outcome: str, *, least: int) -> bool:
    """Whether an arm's total may be shown anew: each part as it was last shown, or moved by `least` people or more."""
    if outcome == attack.SEEN:
        last = next((shown.n for shown in reversed(before)), None)
        return last is None or not small(cells.n - last, least)
    known = next((parts for shown in reversed(before) if (parts := shown.totals.get(outcome)) is not None), None)
    return not _changed_a_little(cells.total(outcome), known, least)


def table(cells: Cells, before: Sequence[Shown], bare: Shown, widths: Mapping[str, int], *, least: int) -> Shown | None:
    """The arm by column, with so much hidden that the attack finds nothing; None if no such table is left.

    `bare` is what is shown without it. `before` are earlier looks, of which the last is the newest.
    """
    hidden = {outcome: _small_columns(cells, before, outcome, bare, least) for outcome in (attack.SEEN, *bare.totals)}
    while True:
        _accompany(hidden, cells, bare)
        shown = _veiled(cells, bare, hidden)
        found = attack.narrow([*before, shown], widths, least=least)
        if not found:
            return shown
        more = [_hide_one_more(hidden[outcome], cells) for outcome in sorted({each.target.outcome for each in found})]
        if not any(more) and not _hide_one_more(hidden[attack.SEEN], cells):
            return None


def _small_columns(cells: Cells, before: Sequence[Shown], outcome: str, bare: Shown, least: int) -> set[str]:
    """The columns that may not be shown: a part of them is small, or changed by a small number."""
    if outcome == attack.SEEN:
        values: Mapping[str, Parts] = {column: (count,) for column, count in cells.seen.items()}
    elif bare.totals[outcome] is None:
        return set(cells.seen)
    else:
        values = cells.parts[outcome]
    return {
        column
        for column, parts in values.items()
        if any(small(part, least) for part in parts)
        or _changed_a_little(parts, _last_shown(before, outcome, column), least)
    }


def _last_shown(before: Sequence[Shown], outcome: str, column: str) -> Parts | None:
    for shown in reversed(before):
        if outcome == attack.SEEN:
            if (count := shown.seen.get(column)) is not None:
                return (count,)
        elif (parts := shown.parts.get(outcome, {}).get(column)) is not None:
            return parts
    return None


def _changed_a_little(now: Parts, then: Parts | None, least: int) -> bool:
    return then is not None and any(small(a - b, least) for a, b in zip(now, then, strict=True))


def _accompany(hidden: dict[str, set[str]], cells: Cells, bare: Shown) -> None:
    """Who saw it is hidden with all that they did, and no column is hidden alone beside a total that is shown."""
    if len(hidden[attack.SEEN]) == 1:
        _hide_one_more(hidden[attack.SEEN], cells)
    for outcome in bare.totals:
        hidden[outcome] |= hidden[attack.SEEN]
        if len(hidden[outcome]) == 1:
            _hide_one_more(hidden[outcome], cells)


def _hide_one_more(columns: set[str], cells: Cells) -> bool:
    """Hide the smallest column that is shown and not empty; False if there is none."""
    left = [column for column, count in cells.seen.items() if count and column not in columns]
    if left:
        columns.add(min(left, key=lambda column: (cells.seen[column], column)))
    return bool(left)


def _veiled(cells: Cells, bare: Shown, hidden: Mapping[str, Iterable[str]]) -> Shown:
    return replace(
        bare,
        seen={column: None if column in hidden[attack.SEEN] else count for column, count in cells.seen.items()},
        parts={
            outcome: {
                column: None if column in hidden[outcome] else parts for column, parts in cells.parts[outcome].items()
            }
            for outcome in bare.totals
        },
    )
