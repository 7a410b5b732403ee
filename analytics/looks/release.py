"""Decide, once for each look, which of its counts may be shown, and store that beside the exact numbers.

The decision takes everything told of the campaign before into account: looks, and pauses of arms.
analytics.disclosure.gate applies it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from django.conf import settings

from analytics.comparison.compare import Comparison, PairComparison, rejudge_without_arms
from analytics.comparison.inputs import Rules
from analytics.comparison.months import LookCounts, monthly_effects
from analytics.comparison.more_needed import MoreUnits, more_needed
from analytics.disclosure import released_cells
from analytics.looks.tallies import CampaignTallies
from analytics.models import Release
from analytics.network_views import views_of_one_network
from analytics.stats import Counts
from analytics.suppression import suppress
from analytics.suppression.cells import ExactCells, ReleasedCells, start_of_band
from analytics.suppression.unseen_messages import ReleasedMessages, releasable_messages
from campaign.models import Campaign


def decide_release(
    campaign: Campaign,
    primary: str,
    tallies: CampaignTallies,
    comparisons: Mapping[str, Comparison],
    rules: Mapping[str, Rules],
    texts: Mapping[str, ExactCells],
    now: datetime,
) -> Release:
    """Build the unsaved release of the next look, which shows `comparisons`: none before the first planned look.

    `texts` are the counts by text of arms that have several, if the look answers for texts of their kind.
    """
    cells = {arm.key: tallies.cells(arm, comparisons) for arm in tallies.arms}
    past = list(Release.objects.filter(analysis__campaign=campaign, is_withheld=False).order_by("analysis__look"))
    before = released_cells.released_cells(campaign)
    ever_shown = [*comparisons, *(outcome for look in before for arm in look.values() for outcome in arm.totals)]
    rule = suppress.SuppressionPolicy(
        primary=primary,
        related=released_cells.joint_tables(tuple(dict.fromkeys(ever_shown))),
        least=settings.SMALL_CELL,
        joint_outcomes=frozenset(key for key, each in rules.items() if each.correction == "dunnett"),
        is_final_look=campaign.state == Campaign.State.CLOSED,
    )
    waiting = (
        {} if rule.joint_outcomes else _waiting_arms(campaign, {key: each.n for key, each in cells.items()}, before)
    )
    moved = {key: each for key, each in cells.items() if key not in waiting}
    shown = suppress.suppress_cells(moved or cells, before, rule)
    if shown is None:
        return Release(least=rule.least, is_withheld=True)
    by_text = suppress.suppress_texts(texts, shown, before, rule) if texts and {*texts} <= {*shown} else None
    hidden = dict.fromkeys(next(iter(shown.values())).totals) if shown else {}
    waits = {key: ReleasedCells(n, hidden) for key, n in waiting.items() if shown}
    messages = releasable_messages(
        {key: arm.n for key, arm in shown.items()},
        {arm.key: tallies.served_by_arm[arm.pk] for arm in tallies.arms if arm.key in shown},
        tallies.withdrawn,
        [_read_messages(each) for each in past],
        least=rule.least,
    )
    return Release(
        least=rule.least,
        arms={key: {"n": arm.n, "served": messages.served[key], "totals": arm.totals} for key, arm in shown.items()}
        | {key: {"n": arm.n, "served": None, "totals": arm.totals, "waits": True} for key, arm in waits.items()},
        verdicts=_recompute_verdicts(shown | waits, comparisons, rules),
        table={key: {"seen": arm.seen, "parts": arm.parts} for key, arm in shown.items()}
        if any(arm.seen for arm in shown.values())
        else None,
        by_month=_by_month(campaign, primary, past, shown, rules[primary], now=now) if campaign.is_use else None,
        withdrawn=messages.withdrawn[1] if messages.withdrawn else None,
        texts=None if by_text is None else {k: {"seen": arm.seen, "parts": arm.parts} for k, arm in by_text.items()},
    )


def released_people(campaign: Campaign, seen: Mapping[str, int]) -> int:
    """How many people saw the arms, as a look may count them: of a paused arm that waits, those who were told."""
    if not any(arm.paused_at for arm in campaign.arms.all()):
        return sum(seen.values())
    return sum({**seen, **_waiting_arms(campaign, seen, released_cells.released_cells(campaign))}.values())


def _waiting_arms(
    campaign: Campaign, seen: Mapping[str, int], told: Sequence[released_cells.ArmCells]
) -> dict[str, int]:
    paused = [arm.key for arm in campaign.arms.all() if arm.paused_at is not None]
    return released_cells.waiting_arms(told, seen, paused, least=settings.SMALL_CELL)


def _by_month(
    use: Campaign, primary: str, past: Sequence[Release], shown: released_cells.ArmCells, rules: Rules, *, now: datetime
) -> list[dict[str, Any]] | None:
    """Compare message and holdout month by month, from nothing but what this look and those before show of them."""
    pair = use.plan.pairs[0]
    planned = [each for each in past if not each.analysis.exception]  # else everybody saw what one person asked to see
    told = [(each.analysis.made_at, released_cells.read_release(each)) for each in planned]
    looks = []
    for at, cells in [*told, (now, shown)]:
        treated, control = (cells[key].totals.get(primary) for key in (pair.treated, pair.control))
        if treated and control and len(treated) == len(control) == 2:  # a yes/no outcome that is not suppressed
            looks.append(LookCounts(at.date(), Counts(sum(treated), treated[0]), Counts(sum(control), control[0])))
    if not looks or use.launched_at is None:
        return None
    arms = list(use.arms.all())

    def views_per_network(first: date, last: date) -> int:
        return views_of_one_network(use.plan, arms, first=first, last=last)

    months = monthly_effects(
        looks,
        first_day=use.launched_at.date(),
        level=rules.level,
        people_planned=use.plan.planned_people,
        higher_is_better=rules.better == "higher",
        views_per_network=views_per_network,
    )
    return [asdict(month) | {"from_day": str(month.from_day), "to_day": str(month.to_day)} for month in months]


def _read_messages(stored: Release) -> ReleasedMessages:
    """What a stored release tells of messages that were sent."""
    return ReleasedMessages(
        {key: arm["n"] for key, arm in stored.arms.items() if not arm.get("waits")},
        {key: arm["served"] for key, arm in stored.arms.items() if not arm.get("waits")},
        None if stored.withdrawn is None else (start_of_band(stored.withdrawn, stored.least), stored.withdrawn),
    )


def _recompute_verdicts(
    cells: Mapping[str, ReleasedCells], comparisons: Mapping[str, Comparison], rules: Mapping[str, Rules]
) -> dict[str, list[dict[str, Any]]]:
    """Correct and judge outcomes with suppressed arms as if those arms could not be estimated."""
    verdicts = {}
    for outcome, comparison in comparisons.items():
        hidden = {key for key, shown in cells.items() if outcome in shown.totals and shown.totals[outcome] is None}
        if hidden:
            rejudged = rejudge_without_arms(comparison, hidden, rules[outcome])
            more = more_needed(rejudged, rules[outcome])
            verdicts[outcome] = [
                {"p_adjusted": row.p_adjusted, "verdict": row.verdict, "reason": row.hold_reason}
                | more_per_arm_fields(more, row)
                for row in rejudged.comparisons
            ]
    return verdicts


def more_per_arm_fields(more: Mapping[tuple[str, str], MoreUnits], pair: PairComparison) -> dict[str, int | None]:
    """How many more people a comparison takes, as an estimate and a release store it."""
    found = more.get((pair.treated, pair.control))
    return {
        "more_per_arm": found.likely if found else None,
        "more_per_arm_low": found.low if found else None,
        "more_per_arm_high": found.high if found else None,
    }
