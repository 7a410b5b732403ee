"""The same question over several campaigns: each campaign's last look, pooled by random effects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from analytics.comparison import ArmCounts
from analytics.models import Analysis, Estimate
from analytics.rows import PooledRow
from analytics.stats import Counts, NotEstimable, meta, proportions
from campaign.models import Campaign

# Treated minus control, by frame: only messages of a frame can be met again in another campaign.
QUESTIONS = (
    ("victim", "neutral", "Harm to the victim, against the neutral text"),
    ("user", "neutral", "Harm to you, against the neutral text"),
    ("both", "neutral", "Both harms, against the neutral text"),
    ("both", "victim", "Harm to you, on top of harm to the victim"),
)


def pooled(campaign: Campaign, arms: Sequence[ArmCounts], *, outcome: str, level: float) -> tuple[PooledRow, ...]:
    """The comparisons of this look that another campaign's look also made on the same outcome, pooled.

    Another campaign counts with its newest look that is neither embargoed nor withheld.
    """
    frames = {arm.key: arm.frame for arm in campaign.arms.select_related("revision__message")}
    seen = Counter(frames.values())
    mine = {frames[arm.key]: arm.counts for arm in arms if seen[frames[arm.key]] == 1}
    looks = (
        Analysis.objects.filter(outcome=outcome, embargoed=False)
        .exclude(sample_ratio=Analysis.SampleRatio.ALARM)
        .exclude(campaign=campaign)
        .order_by("look")
    )
    newest = {look.campaign_id: look.pk for look in looks}
    everyone = [mine, *_arms(list(newest.values()), outcome)]
    rows = []
    for treated, control, name in QUESTIONS:
        if treated not in mine or control not in mine:
            continue
        estimates = [
            proportions.difference(treated=one[treated], control=one[control], method="wald", level=level)
            for one in everyone
            if treated in one and control in one
        ]
        found = meta.random_effects(estimates, level=level, never_narrower=True)
        if isinstance(found, NotEstimable):
            continue
        rows.append(
            PooledRow(
                name=name,
                campaigns=found.campaigns,
                effect=found.effect,
                low=max(found.interval.low, -1.0),
                high=min(found.interval.high, 1.0),
                next_low=max(found.prediction.low, -1.0),
                next_high=min(found.prediction.high, 1.0),
            )
        )
    return tuple(rows)


def _arms(analyses: Sequence[int], outcome: str) -> list[dict[str, Counts]]:
    """For each analysis, the counts of each arm whose frame no other arm of the campaign has."""
    found: dict[int, dict[str, list[Counts]]] = {number: {} for number in analyses}
    rows = Estimate.objects.filter(
        analysis__in=analyses, kind=Estimate.Kind.RATE, outcome=outcome, n__isnull=False, events__isnull=False
    ).values_list("analysis", "treated__revision__message__frame", "n", "events")
    for analysis, frame, n, events in rows:
        found[analysis].setdefault(frame, []).append(Counts(n or 0, events or 0))
    return [{frame: counts[0] for frame, counts in arms.items() if len(counts) == 1} for arms in found.values()]
