"""A stored analysis as the values that a page, the API and the terminal show. Reads, never computes statistics."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from analytics import words
from analytics.headline import headline, quality_of
from analytics.models import Analysis, Estimate, GuardEvent
from analytics.rows import (
    ChanceRow,
    CheckRow,
    DifferenceRow,
    FactorialRow,
    OutcomeBlock,
    PooledRow,
    QualityItem,
    RateRow,
)
from campaign.models import Campaign
from campaign.outcomes import CATALOGUE

__all__ = ["DifferenceRow", "OutcomeBlock", "QualityItem", "RateRow", "Report", "as_dict", "build", "latest"]


@dataclass(frozen=True, slots=True)
class Report:
    """One look at one campaign, in the order a reader needs it: sentence, rates, differences, data quality."""

    campaign: Campaign
    look: int
    made_at: datetime
    from_day: date | None
    to_day: date | None
    level: float
    smallest_difference: float
    sentence: str
    interval_sentence: str
    withheld: bool
    lead_frame: str
    people: int
    planned_per_arm: int
    quality: tuple[QualityItem, ...]
    primary: OutcomeBlock
    others: tuple[OutcomeBlock, ...]
    omnibus_statistic: float | None
    omnibus_df: int | None
    omnibus_p: float | None
    plan_fingerprint: str
    plan_frozen_at: datetime | None
    embargoed: bool
    exploratory: bool
    exception: str
    monitoring: str
    factorial: tuple[FactorialRow, ...]
    guards: tuple[str, ...]
    checks: tuple[CheckRow, ...]
    chances: tuple[ChanceRow, ...]
    pooled: tuple[PooledRow, ...]


def latest(campaign: Campaign) -> Report | None:
    """The most recent look at a campaign, or None before the first."""
    analysis = campaign.analyses.order_by("-look").first()
    return build(analysis) if analysis else None


def under_embargo(slug: str) -> bool:
    """Whether a campaign's outcomes must stay hidden: it has a plan, and none of the plan's looks has been taken."""
    return not Analysis.objects.filter(campaign__slug=slug, embargoed=False).exists()


def build(analysis: Analysis) -> Report:
    """One stored analysis as a report."""
    campaign = analysis.campaign
    plan = campaign.plan
    estimates = list(
        analysis.estimates.select_related("treated__revision__message", "control__revision__message").order_by(
            "position"
        )
    )
    contrasts = [e for e in estimates if e.kind == Estimate.Kind.FACTORIAL]
    estimates = [e for e in estimates if e.kind != Estimate.Kind.FACTORIAL]
    blocks = [
        _block(outcome, [e for e in estimates if e.outcome == outcome])
        for outcome in dict.fromkeys(e.outcome for e in estimates)
    ]
    primary = next(block for block in blocks if block.role == "primary")
    withheld = analysis.sample_ratio == Analysis.SampleRatio.ALARM
    sentence, interval_sentence, lead = headline(primary, analysis, withheld=withheld)
    return Report(
        campaign=campaign,
        look=analysis.look,
        made_at=analysis.made_at,
        from_day=analysis.from_day,
        to_day=analysis.to_day,
        level=analysis.level,
        smallest_difference=analysis.smallest_difference,
        sentence=sentence,
        interval_sentence=interval_sentence,
        withheld=withheld,
        lead_frame=lead,
        people=sum(row.n for row in primary.rates),
        planned_per_arm=plan.planned_per_arm,
        quality=quality_of(analysis, primary, plan.planned_per_arm),
        primary=primary,
        others=tuple(block for block in blocks if block is not primary),
        omnibus_statistic=analysis.omnibus_statistic,
        omnibus_df=analysis.omnibus_df,
        omnibus_p=analysis.omnibus_p,
        plan_fingerprint=analysis.plan_fingerprint,
        plan_frozen_at=plan.frozen_at,
        embargoed=analysis.embargoed,
        exploratory=analysis.exploratory,
        exception=analysis.exception,
        monitoring=analysis.monitoring,
        factorial=tuple(_contrast(e, primary) for e in contrasts),
        checks=_checks(analysis.checks, primary),
        chances=_chances(analysis.checks, primary),
        pooled=tuple(PooledRow(**row) for row in (analysis.checks or {}).get("pooled", [])),
        guards=tuple(_guard(event) for event in campaign.guard_events.select_related("arm")),
    )


def _contrast(e: Estimate, primary: OutcomeBlock) -> FactorialRow:
    scale = words.scale_for([row.rate for row in primary.rates if row.rate is not None])
    known = e.effect is not None and e.low is not None and e.high is not None
    numbers = (e.effect, e.low, e.high) if known else (None, None, None)
    return FactorialRow(
        term=e.term,
        name=words.TERM_NAMES[e.term],
        effect=numbers[0],
        low=numbers[1],
        high=numbers[2],
        p_adjusted=e.p_adjusted,
        verdict=e.verdict,
        verdict_name=words.VERDICT_NAMES[e.verdict],
        sentence=words.contrast_sentence(e.term, e.verdict, e.effect, e.low, e.high, scale) if known else e.reason,
    )


def _checks(stored: dict[str, Any] | None, primary: OutcomeBlock) -> tuple[CheckRow, ...]:
    """The stored cross-checks of each comparison, in words."""
    arms = {row.key: row for row in primary.rates}
    scale = words.scale_for([row.rate for row in primary.rates if row.rate is not None])
    return tuple(
        CheckRow(
            treated=pair["treated"],
            treated_name=arms[pair["treated"]].name,
            treated_frame=arms[pair["treated"]].frame,
            control_name=arms[pair["control"]].name,
            exact_p=pair["exact_p"],
            tipping=""
            if pair["was_significant"] is None
            else words.tipping_sentence(pair["tips_at"], was_significant=pair["was_significant"]),
            without=_without(pair["lowest"], pair["highest"], scale),
        )
        for pair in (stored or {}).get("pairs", [])
    )


def _without(lowest: dict[str, Any] | None, highest: dict[str, Any] | None, scale: words.Scale) -> str:
    if lowest is None or highest is None:
        return ""
    return (
        f"{scale.signed(lowest['effect'])} without {lowest['stratum']} to "
        f"{scale.signed(highest['effect'])} without {highest['stratum']}"
    )


def _chances(stored: dict[str, Any] | None, primary: OutcomeBlock) -> tuple[ChanceRow, ...]:
    arms = {row.key: row for row in primary.rates}
    return tuple(
        ChanceRow(name=arms[each["arm"]].name, frame=arms[each["arm"]].frame, best=each["best"], loss=each["loss"])
        for each in (stored or {}).get("arms", [])
    )


def _guard(event: GuardEvent) -> str:
    scale = words.scale_for([event.margin, abs(event.effect)])
    return (
        f"“{event.arm.name}” was paused on {event.at:%d %B %Y}. {CATALOGUE[event.outcome].name}: worse than the "
        f"control by {event.effect * scale.base:.1f} in {scale.people}, surely by more than the plan's "
        f"{event.margin * scale.base:g}."
    )


def _block(outcome: str, estimates: list[Estimate]) -> OutcomeBlock:
    rates = [_rate(e) for e in estimates if e.kind == Estimate.Kind.RATE]
    by_key = {row.key: row for row in rates}
    frames = Counter(row.frame for row in rates)
    phrases = {row.key: words.arm_phrase(row.name, row.frame, unique=frames[row.frame] == 1) for row in rates}
    ordered = CATALOGUE[outcome].kind == "ordered"
    scale = words.Scale(100) if ordered else words.scale_for([row.rate for row in rates if row.rate is not None])
    differences = [_difference(e, by_key, phrases, scale) for e in estimates if e.kind == Estimate.Kind.DIFFERENCE]
    return OutcomeBlock(
        outcome=CATALOGUE[outcome],
        role=estimates[0].role,
        rates=tuple(rates),
        differences=tuple(differences),
        smallest_difference=next(
            (e.smallest_difference for e in estimates if e.kind == Estimate.Kind.DIFFERENCE), None
        ),
    )


def _rate(e: Estimate) -> RateRow:
    return RateRow(
        key=e.treated.key,
        name=e.treated.name,
        frame=e.treated.frame,
        is_control=e.treated.is_control,
        served=e.served,
        n=e.n or 0,
        events=e.events,
        rate=e.effect,
        low=e.low,
        high=e.high,
    )


def _difference(e: Estimate, rates: dict[str, RateRow], phrases: dict[str, str], scale: words.Scale) -> DifferenceRow:
    assert e.control is not None  # a database constraint
    outcome = CATALOGUE[e.outcome]
    treated, control = phrases[e.treated.key], phrases[e.control.key]
    rate = rates[e.treated.key].rate
    if e.effect is None or e.low is None or e.high is None or rate is None:
        sentence = f"The comparison of {treated} with {control} cannot be made yet: {e.reason}"
    else:
        said = words.Said(
            treated=treated,
            control=control,
            phrase=outcome.phrase,
            higher_is_better=outcome.better != "lower",
            treated_rate=rate,
            effect=e.effect,
            low=e.low,
            high=e.high,
            verdict=e.verdict,
            smallest_difference=e.smallest_difference,
            more_per_arm=e.more_per_arm,
        )
        ordered = outcome.kind == "ordered"
        sentence = words.ordered_sentence(said) if ordered else words.comparison_sentence(said, scale)
    return DifferenceRow(
        treated=e.treated.key,
        treated_name=e.treated.name,
        treated_frame=e.treated.frame,
        control=e.control.key,
        control_name=e.control.name,
        control_phrase=control,
        effect=e.effect,
        low=e.low,
        high=e.high,
        p_value=e.p_value,
        p_adjusted=e.p_adjusted,
        verdict=e.verdict,
        verdict_name=words.VERDICT_NAMES.get(e.verdict, ""),
        sentence=sentence,
        more_per_arm=e.more_per_arm,
        reason=e.reason,
        method=e.method,
    )


def as_dict(report: Report) -> dict[str, Any]:
    """A report as plain values for JSON: the shape that `manage.py report --json` prints."""
    return {
        "campaign": report.campaign.slug,
        "look": report.look,
        "made_at": report.made_at.isoformat(),
        "plan": report.plan_fingerprint,
        "sentence": report.sentence,
        "withheld": report.withheld,
        "embargoed": report.embargoed,
        "exploratory": report.exploratory,
        "exception": report.exception,
        "monitoring": report.monitoring,
        "factorial": [asdict(row) for row in report.factorial],
        "guardrails_crossed": list(report.guards),
        "checks": [asdict(row) for row in report.checks],
        "chances": [asdict(row) for row in report.chances],
        "across_campaigns": [asdict(row) for row in report.pooled],
        "quality": [asdict(item) for item in report.quality],
        "omnibus": {
            "statistic": report.omnibus_statistic,
            "df": report.omnibus_df,
            "p_value": report.omnibus_p,
        },
        "outcomes": [
            {
                "outcome": block.outcome.key,
                "role": block.role,
                "rates": [asdict(row) for row in block.rates],
                "comparisons": [asdict(row) for row in block.differences],
            }
            for block in (report.primary, *report.others)
        ],
    }
