"""A stored analysis as the values that a page, the API and the terminal show. Reads, never computes statistics."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal

from analytics import words
from analytics.models import Analysis, Estimate, GuardEvent
from campaign.models import Campaign
from campaign.outcomes import CATALOGUE, Outcome

Status = Literal["ok", "caution", "alarm", "unknown"]


@dataclass(frozen=True, slots=True)
class RateRow:
    """One arm: of `n` who saw it, `events` did it; rate and interval are shares (0 to 1), None if not estimable."""

    key: str
    name: str
    frame: str
    is_control: bool
    served: int | None
    n: int
    events: int | None
    rate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """Treated minus control, in shares (0.09 is 9 more in 100). Numbers are None where `reason` says why."""

    treated: str
    treated_name: str
    treated_frame: str
    control: str
    control_name: str
    control_phrase: str
    effect: float | None
    low: float | None
    high: float | None
    p_value: float | None
    p_adjusted: float | None
    verdict: str
    verdict_name: str
    sentence: str
    more_per_arm: int | None
    reason: str
    method: str


@dataclass(frozen=True, slots=True)
class QualityItem:
    """One check of the data: what was checked, how it stands, and a sentence that explains it."""

    label: str
    status: Status
    detail: str


@dataclass(frozen=True, slots=True)
class FactorialRow:
    """One contrast of the victim x user factorial, in shares; None where it cannot be estimated."""

    term: str
    name: str
    effect: float | None
    low: float | None
    high: float | None
    p_adjusted: float | None
    verdict: str
    verdict_name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class OutcomeBlock:
    """Everything about one planned outcome."""

    outcome: Outcome
    role: str
    rates: tuple[RateRow, ...]
    differences: tuple[DifferenceRow, ...]
    smallest_difference: float | None


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


_STATUS: dict[str, Status] = {"ok": "ok", "caution": "caution", "alarm": "alarm", "unknown": "unknown"}


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
    sentence, interval_sentence, lead = _headline(primary, analysis, withheld=withheld)
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
        quality=_quality(analysis, primary, plan.planned_per_arm),
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
    scale = words.scale_for([row.rate for row in rates if row.rate is not None])
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
        sentence = words.comparison_sentence(said, scale)
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


def _headline(primary: OutcomeBlock, analysis: Analysis, *, withheld: bool) -> tuple[str, str, str]:
    """The one sentence, its interval, and the frame whose colour it takes.

    The comparison told first is a harm if there is one, else the best arm that beat the control, else the first.
    """
    if withheld:
        return (
            "We are not showing a comparison: the messages were not shown as often as planned.",
            "A broken split can make any message look good or bad. Find the cause, mend it, and start a new campaign.",
            "neutral",
        )
    if analysis.embargoed:
        return (
            "It is too early to compare: the plan’s first look is not reached yet.",
            f"{min(analysis.information, 1.0):.0%} of the planned people have been counted. Early leads often vanish, "
            "so rates and differences stay hidden until then. Whether the data are sound is shown below.",
            "neutral",
        )
    controls = {row.key for row in primary.rates if row.is_control}
    against_control = [row for row in primary.differences if row.control in controls and row.effect is not None]
    if not against_control:
        return "Nobody has been counted yet.", "The first numbers show after the first closed views.", "neutral"
    sign = -1.0 if primary.outcome.better == "lower" else 1.0
    ranked = sorted(against_control, key=lambda row: sign * (row.effect or 0.0), reverse=True)
    worse = [row for row in ranked if row.verdict == "worse"]
    better = [row for row in ranked if row.verdict == "better"]
    lead = worse[-1] if worse else better[0] if better else ranked[0]
    percent = f"{analysis.level:.0%}"
    holds = "" if analysis.monitoring == "fixed" else ", and it holds at every look"
    caution = " This look is exploratory: the plan does not hold it." if analysis.exploratory else ""
    scale = words.scale_for([row.rate for row in primary.rates if row.rate is not None])
    also = "".join(
        f"Against {row.control_phrase}: {words.gap(row.effect, scale)} ({words.span(row.low, row.high, scale)}). "
        for row in primary.differences
        if row is not lead and row.treated == lead.treated and row.verdict in ("better", "worse")
        if row.effect is not None and row.low is not None and row.high is not None
    )
    return (
        lead.sentence,
        f"{also}The range in brackets is the {percent} interval: where the true difference very likely lies"
        f"{holds}.{caution}",
        lead.treated_frame,
    )


def _quality(analysis: Analysis, primary: OutcomeBlock, planned_per_arm: int) -> tuple[QualityItem, ...]:
    ratio = Analysis.SampleRatio(analysis.sample_ratio)
    status: Status = _STATUS[ratio]
    p = "" if analysis.sample_ratio_p is None else f" (p {words.p_value(analysis.sample_ratio_p)})"
    details = {
        "ok": f"Each message was seen about as often as its share asks{p}.",
        "caution": f"The shares are a little off{p}. Watch it; nothing is withheld yet.",
        "alarm": f"The shares are far off{p}. Something changes who sees which message, so verdicts are withheld.",
        "unknown": "Too few people so far to check the shares.",
    }
    items = [QualityItem(ratio.label, status, details[status])]
    if analysis.reach_p is None:
        items.append(QualityItem("Too few to check reach", "unknown", "Not enough messages were served to compare."))
    elif analysis.reach_p < 0.0005:
        items.append(
            QualityItem(
                "Messages reach the screen unequally",
                "caution",
                "The share of served messages that were seen differs between arms "
                f"(p {words.p_value(analysis.reach_p)}).",
            )
        )
    else:
        items.append(
            QualityItem("Messages reach the screen equally", "ok", "Of the messages sent, every arm is seen as often.")
        )
    fewest = min((row.n for row in primary.rates), default=0)
    if fewest >= planned_per_arm:
        items.append(
            QualityItem("The planned number is reached", "ok", f"At least {fewest:,} people saw each message.")
        )
    else:
        items.append(
            QualityItem(
                "Before the planned number",
                "caution",
                f"{fewest:,} of {planned_per_arm:,} planned people saw the least-seen message. "
                "An early lead can vanish: decide at the planned number.",
            )
        )
    return tuple(items)


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
