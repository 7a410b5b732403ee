"""Pool a comparison over campaigns by random effects, from each campaign's newest released look."""

from collections import Counter
from collections.abc import Sequence

from django.utils.translation import gettext_noop

from analytics.comparison.inputs import ArmCounts
from analytics.disclosure import gate
from analytics.report_rows import PooledRow
from analytics.stats import Counts, NotEstimable, meta, proportions
from campaign.models import AnalysisPlan, Arm, Campaign

# Treated minus control, by frame, because only frames recur in other campaigns.
POOLED_CONTRASTS = (
    ("victim", "neutral", gettext_noop("Harm to the victim, against the neutral text")),
    ("user", "neutral", gettext_noop("Harm to the person making it, against the neutral text")),
    ("both", "neutral", gettext_noop("Both harms, against the neutral text")),
    ("both", "victim", gettext_noop("Harm to the person making it, on top of harm to the victim")),
)


def pool_comparisons(
    campaign: Campaign, arms: Sequence[ArmCounts], *, outcome: str, level: float
) -> tuple[PooledRow, ...]:
    """Pool the comparisons of this look with what other campaigns show of them, and nothing they suppress."""
    frames = {arm.key: arm.frame for arm in campaign.arms.with_texts()}
    occurrences = Counter(frames.values())
    own = {frames[arm.key]: arm.counts for arm in arms if occurrences[frames[arm.key]] == 1}
    all_campaigns = [own, *_other_campaigns(campaign, outcome)]
    rows = []
    for treated, control, name in POOLED_CONTRASTS:
        if treated not in own or control not in own:
            continue
        estimates = [
            proportions.difference(treated=counts[treated], control=counts[control], method="wald", level=level)
            for counts in all_campaigns
            if treated in counts and control in counts
        ]
        pooled = meta.random_effects(estimates, level=level, never_narrower=True)
        if isinstance(pooled, NotEstimable):
            continue
        rows.append(
            PooledRow(
                name=name,
                campaigns=pooled.campaigns,
                effect=pooled.effect,
                low=max(pooled.interval.low, -1.0),
                high=min(pooled.interval.high, 1.0),
                next_low=max(pooled.prediction.low, -1.0),
                next_high=min(pooled.prediction.high, 1.0),
            )
        )
    return tuple(rows)


def _other_campaigns(campaign: Campaign, outcome: str) -> list[dict[str, Counts]]:
    """Counts by frame that each other campaign of plain counts shows, without frames that several of its arms have."""
    newest: dict[int, gate.ReleasedCounts] = {}
    for shown in gate.released_counts_elsewhere(campaign, outcome):
        newest[shown.campaign] = shown
    plain = AnalysisPlan.objects.filter(campaign__in=newest, strata="", clusters="").values_list("campaign", flat=True)
    newest = {number: newest[number] for number in plain}
    frames: dict[int, dict[str, str]] = {number: {} for number in newest}
    for arm in Arm.objects.filter(campaign__in=newest).with_texts():
        frames[arm.campaign_id][arm.key] = arm.frame
    counts = []
    for number, shown in newest.items():
        occurrences = Counter(frames[number].values())
        counts.append(
            {
                frames[number][key]: Counts(sum(parts), parts[0])
                for key, parts in shown.arms.items()
                if occurrences[frames[number][key]] == 1
            }
        )
    return counts
