"""The same question over several campaigns: each campaign's last look, pooled by random effects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.utils.translation import gettext_noop

from analytics.comparison.compare import ArmCounts
from analytics.disclosure import gate
from analytics.report_rows import PooledRow
from analytics.stats import Counts, NotEstimable, meta, proportions
from campaign.models import Arm, Campaign

# Treated minus control, by frame: only messages of a frame can be met again in another campaign.
POOLED_CONTRASTS = (
    ("victim", "neutral", gettext_noop("Harm to the victim, against the neutral text")),
    ("user", "neutral", gettext_noop("Harm to you, against the neutral text")),
    ("both", "neutral", gettext_noop("Both harms, against the neutral text")),
    ("both", "victim", gettext_noop("Harm to you, on top of harm to the victim")),
)


def pool_comparisons(
    campaign: Campaign, arms: Sequence[ArmCounts], *, outcome: str, level: float
) -> tuple[PooledRow, ...]:
    """The comparisons of this look that another campaign's look also made on the same outcome, pooled.

    Another campaign counts with the newest counts that it shows, if they are not withheld: pooling must not tell what
    its own page hides.
    """
    frames = {arm.key: arm.frame for arm in campaign.arms.select_related("revision__message")}
    seen = Counter(frames.values())
    mine = {frames[arm.key]: arm.counts for arm in arms if seen[frames[arm.key]] == 1}
    everyone = [mine, *_others(campaign, outcome)]
    rows = []
    for treated, control, name in POOLED_CONTRASTS:
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


def _others(campaign: Campaign, outcome: str) -> list[dict[str, Counts]]:
    """For each other campaign, the counts that it shows of each arm whose frame no other arm of it has."""
    newest: dict[int, gate.ReleasedCounts] = {}
    for shown in gate.released_counts_elsewhere(campaign, outcome):
        newest[shown.campaign] = shown
    frames: dict[int, dict[str, str]] = {number: {} for number in newest}
    for arm in Arm.objects.filter(campaign__in=newest).select_related("revision__message"):
        frames[arm.campaign_id][arm.key] = arm.frame
    found = []
    for number, shown in newest.items():
        seen = Counter(frames[number].values())
        found.append(
            {
                frames[number][key]: Counts(sum(parts), parts[0])
                for key, parts in shown.arms.items()
                if seen[frames[number][key]] == 1
            }
        )
    return found
