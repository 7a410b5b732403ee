"""Decides, once for each look, what of its counts may be shown, and puts that on record beside the exact numbers.

It knows every earlier release of the campaign: a count is shown anew only if each arm moved by none or by at least
SMALL_CELL people, and the whole history is attacked before the new release is stored. analytics.disclose says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from analytics import attack, suppress
from analytics.cells import Cells, Shown, small
from analytics.comparison import Comparison, Rules, without
from analytics.models import Analysis, Release
from analytics.tallied import Tallied
from campaign.models import Campaign
from campaign.outcomes import CATALOGUE

GROWTH = 2  # the table by placement and locale is shown anew when there are so many times as many people


@dataclass
class _History:
    """What earlier releases have shown: per arm, oldest first; and how many people the last table told of."""

    looks: dict[str, list[Shown]] = field(default_factory=dict)
    served: dict[str, int] = field(default_factory=dict)
    people_in_table: int = 0
    outcomes_in_table: frozenset[str] = frozenset()


def release(analysis: Analysis, seen: Tallied, found: Mapping[str, Comparison], rules: Mapping[str, Rules]) -> Release:
    """Hide, attack, hide more until nothing is found, and store what is left."""
    least: int = settings.SMALL_CELL
    primary = analysis.outcome
    outcomes = [] if analysis.embargoed else list(found)
    cells = {arm.key: seen.cells(arm, outcomes) for arm in seen.arms}
    served = {arm.key: seen.served[arm.pk] for arm in seen.arms}
    widths = {outcome: len(CATALOGUE[outcome].values) + 1 if CATALOGUE[outcome].values else 2 for outcome in CATALOGUE}
    past = _history(analysis)
    if any(small(each.n, least) for each in cells.values()):
        nothing: dict[str, Any] = {key: {"n": None, "served": None, "totals": {}} for key in cells}
        return Release.objects.create(analysis=analysis, least=least, arms=nothing, held=bool(past.looks))
    bare = {
        key: Shown(each.n, {outcome: suppress.total(each, outcome, least=least) for outcome in outcomes})
        for key, each in cells.items()
    }
    _hide_if_corrected_together(bare, rules)
    waiting = {
        outcome
        for outcome in [attack.SEEN, *outcomes]
        if not all(_may_move(key, each, bare[key], past, outcome, widths, least) for key, each in cells.items())
    }
    if waiting & {attack.SEEN, primary}:
        return Release.objects.create(analysis=analysis, least=least, held=True)
    bare = {key: _only(shown, [each for each in outcomes if each not in waiting]) for key, shown in bare.items()}
    tables = _tables(analysis, cells, bare, past, widths, least)
    return Release.objects.create(
        analysis=analysis,
        least=least,
        arms={
            key: {
                "n": shown.n,
                "served": _served(served[key], shown.n, past.served.get(key), least),
                "totals": shown.totals,
            }
            for key, shown in bare.items()
        },
        verdicts=_verdicts(bare, found, rules),
        table=None if tables is None else {key: {"seen": t.seen, "parts": t.parts} for key, t in tables.items()},
    )


def _history(analysis: Analysis) -> _History:
    past = _History()
    earlier = Release.objects.filter(analysis__campaign=analysis.campaign, analysis__look__lt=analysis.look, held=False)
    for each in earlier.order_by("analysis__look"):
        for key, arm in each.arms.items():
            if arm["n"] is None:
                continue
            past.looks.setdefault(key, []).append(_shown(arm, (each.table or {}).get(key)))
            if arm["served"] is not None:
                past.served[key] = arm["served"]
        if each.table is not None:
            past.people_in_table = sum(arm["n"] for arm in each.arms.values())
            past.outcomes_in_table |= {outcome for arm in each.table.values() for outcome in arm["parts"]}
    return past


def _shown(arm: Mapping[str, Any], table: Mapping[str, Any] | None) -> Shown:
    """One arm of a stored release."""
    totals = {outcome: _parts(parts) for outcome, parts in arm["totals"].items()}
    if table is None:
        return Shown(arm["n"], totals)
    parts = {key: {column: _parts(each) for column, each in row.items()} for key, row in table["parts"].items()}
    return Shown(arm["n"], totals, table["seen"], parts)


def _parts(stored: Sequence[int] | None) -> tuple[int, ...] | None:
    return None if stored is None else tuple(stored)


def _hide_if_corrected_together(bare: dict[str, Shown], rules: Mapping[str, Rules]) -> None:
    """Dunnett's intervals come from all arms at once: where one is hidden, all are."""
    for outcome, rule in rules.items():
        if rule.correction == "dunnett" and any(
            outcome in b.totals and b.totals[outcome] is None for b in bare.values()
        ):
            for key, shown in bare.items():
                bare[key] = Shown(shown.n, {**shown.totals, outcome: None})


def _may_move(
    key: str, cells: Cells, bare: Shown, past: _History, outcome: str, widths: Mapping[str, int], least: int
) -> bool:
    """Whether one arm's number may be shown anew: it moved by enough people, and the attack finds nothing."""
    before = past.looks.get(key, [])
    if not suppress.moves_on(cells, before, outcome, least=least):
        return False
    alone = [_only(shown, [outcome]) for shown in [*_that_matter(before), bare]]
    return outcome == attack.SEEN or not attack.narrow(alone, widths, least=least)


def _that_matter(before: Sequence[Shown]) -> list[Shown]:
    """Tables, and the newest looks without one: what lies between two looks adds nothing that they do not tell."""
    return [shown for at, shown in enumerate(before) if shown.seen or at >= len(before) - 2]


def _only(shown: Shown, outcomes: Sequence[str]) -> Shown:
    """A look's numbers of some outcomes, without its table."""
    return Shown(shown.n, {outcome: shown.totals[outcome] for outcome in outcomes if outcome in shown.totals})


def _tables(
    analysis: Analysis,
    cells: Mapping[str, Cells],
    bare: Mapping[str, Shown],
    past: _History,
    widths: Mapping[str, int],
    least: int,
) -> dict[str, Shown] | None:
    """Each arm by placement and locale; None if it is not time for it, or if nothing of it could be shown safely."""
    people = sum(shown.n for shown in bare.values())
    fresh = any(set(shown.totals) - past.outcomes_in_table for shown in bare.values())
    final = analysis.campaign.state == Campaign.State.CLOSED and people > past.people_in_table
    if people == 0 or not (fresh or final or people >= GROWTH * past.people_in_table):
        return None
    tables = {}
    for key, shown in bare.items():
        before = _that_matter(past.looks.get(key, []))
        table = suppress.table(cells[key], before, shown, widths, least=least)
        if table is None:
            return None
        tables[key] = table
    return tables


def _served(count: int, n: int, before: int | None, least: int) -> int | None:
    """Messages sent, unless few were sent, few of them not seen, or few more than last time."""
    moved = 0 if before is None else count - before
    return None if any(small(each, least) for each in (count, count - n, moved)) else count


def _verdicts(
    bare: Mapping[str, Shown], found: Mapping[str, Comparison], rules: Mapping[str, Rules]
) -> dict[str, list[dict[str, Any]]]:
    """Each comparison of an outcome with hidden arms, corrected and judged as if those could not be estimated."""
    verdicts = {}
    for outcome, comparison in found.items():
        hidden = {key for key, shown in bare.items() if outcome in shown.totals and shown.totals[outcome] is None}
        if hidden:
            verdicts[outcome] = [
                {"p_adjusted": row.p_adjusted, "verdict": row.verdict, "more_per_arm": row.more_per_arm}
                for row in without(comparison, hidden, rules[outcome]).comparisons
            ]
    return verdicts
