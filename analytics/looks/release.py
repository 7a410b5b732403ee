"""Decides, once for each look, what of its counts may be shown, and puts that on record beside the exact numbers.

It knows every earlier release of the campaign: a count is shown anew only if each arm moved by none or by at least
SMALL_CELL people, and the whole history is attacked before the new release is stored. analytics.disclosure.gate says
why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from analytics.comparison.compare import Comparison, Rules, suppress_arms
from analytics.looks.tallies import CampaignTallies
from analytics.models import Release
from analytics.suppression import suppress
from analytics.suppression.cells import ReleasedCells, is_small
from campaign.models import Campaign
from campaign.outcomes import OUTCOMES


def parts_per_outcome() -> dict[str, int]:
    """The number of cells that each outcome splits the people of an arm into."""
    return {key: len(outcome.values or (0,)) + 1 for key, outcome in OUTCOMES.items()}


def decide_release(
    campaign: Campaign, primary: str, seen: CampaignTallies, found: Mapping[str, Comparison], rules: Mapping[str, Rules]
) -> Release:
    """Hide, attack, hide more until nothing is found: what the next look may show, not stored yet.

    `found` holds the outcomes that the look tells of: none before the first planned one.
    """
    rule = suppress.SuppressionPolicy(
        primary=primary,
        parts_per_outcome=parts_per_outcome(),
        least=settings.SMALL_CELL,
        joint_outcomes=frozenset(key for key, each in rules.items() if each.correction == "dunnett"),
        is_final_look=campaign.state == Campaign.State.CLOSED,
    )
    cells = {arm.key: seen.cells(arm, found) for arm in seen.arms}
    past = list(Release.objects.filter(analysis__campaign=campaign, held=False).order_by("analysis__look"))
    shown = suppress.suppress_cells(cells, [looked for each in past if (looked := _read_release(each))], rule)
    if shown is None:
        return Release(least=rule.least, held=True)
    sent = {arm.key: seen.served_by_arm[arm.pk] for arm in seen.arms}
    return Release(
        least=rule.least,
        arms={
            key: {"n": arm.n, "served": _served(sent[key], arm.n, key, past, rule.least), "totals": arm.totals}
            for key, arm in shown.items()
        },
        verdicts=_recompute_verdicts(shown, found, rules),
        table={key: {"seen": arm.seen, "parts": arm.parts} for key, arm in shown.items()}
        if any(arm.seen for arm in shown.values())
        else None,
    )


def _read_release(stored: Release) -> dict[str, ReleasedCells]:
    """What a stored release shows of each arm."""
    looked = {}
    for key, arm in stored.arms.items():
        table = (stored.table or {}).get(key, {"seen": {}, "parts": {}})
        parts = {outcome: {at: _parts(each) for at, each in row.items()} for outcome, row in table["parts"].items()}
        totals = {outcome: _parts(each) for outcome, each in arm["totals"].items()}
        looked[key] = ReleasedCells(arm["n"], totals, table["seen"], parts)
    return looked


def _parts(stored: Sequence[int] | None) -> tuple[int, ...] | None:
    return None if stored is None else tuple(stored)


def _served(count: int, n: int, arm: str, past: Sequence[Release], least: int) -> int | None:
    """Messages sent, unless few were sent or few of them not seen, or either is few more than when it was last told."""
    told = [each.arms[arm] for each in past if arm in each.arms and each.arms[arm]["served"] is not None]
    sent, seen = (told[-1]["served"], told[-1]["n"]) if told else (count, n)
    groups = (count, count - n, count - sent, (count - n) - (sent - seen))
    return None if any(is_small(each, least) for each in groups) else count


def _recompute_verdicts(
    bare: Mapping[str, ReleasedCells], found: Mapping[str, Comparison], rules: Mapping[str, Rules]
) -> dict[str, list[dict[str, Any]]]:
    """Each comparison of an outcome with hidden arms, corrected and judged as if those could not be estimated."""
    verdicts = {}
    for outcome, comparison in found.items():
        hidden = {key for key, shown in bare.items() if outcome in shown.totals and shown.totals[outcome] is None}
        if hidden:
            verdicts[outcome] = [
                {"p_adjusted": row.p_adjusted, "verdict": row.verdict, "more_per_arm": row.more_per_arm}
                for row in suppress_arms(comparison, hidden, rules[outcome]).comparisons
            ]
    return verdicts
