"""A stored analysis as the values that a page, the API and the terminal show. Reads, never computes statistics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext

from analytics import wording
from analytics.disclosure import gate
from analytics.models import Analysis, Estimate, GuardEvent
from analytics.report_rows import (
    CrossCheckRow,
    DeviationRow,
    DifferenceRow,
    FactorialRow,
    OutcomeBlock,
    PooledRow,
    PosteriorRow,
    QualityItem,
    RateRow,
)
from analytics.results import split_after_pause
from analytics.results.headline import lead_sentence, look_quality
from campaign.models import Campaign
from campaign.outcomes import OUTCOMES

__all__ = [
    "DifferenceRow",
    "OutcomeBlock",
    "QualityItem",
    "RateRow",
    "Report",
    "as_dict",
    "build",
    "deviations",
    "latest",
    "look_summaries",
]


@dataclass(frozen=True, slots=True)
class Report:
    """One look at one campaign, in the order a reader needs it: sentence, rates, differences, data quality."""

    campaign: Campaign
    look: int
    shown_look: int
    note: str
    made_at: datetime
    from_day: date | None
    to_day: date | None
    level: float
    smallest_difference: float
    sentence: str
    interval_sentence: str
    withheld: bool
    lead_frame: str
    people: int | None
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
    deviations: tuple[DeviationRow, ...]
    monitoring: str
    factorial: tuple[FactorialRow, ...]
    guardrail_pauses: tuple[str, ...]
    checks: tuple[CrossCheckRow, ...]
    chances: tuple[PosteriorRow, ...]
    pooled: tuple[PooledRow, ...]
    information: float | None
    sample_ratio: str
    sample_ratio_p: float | None
    reach_p: float | None

    @property
    def people_in_words(self) -> str:
        return wording.people_text(self.people)

    @property
    def seen_so_far(self) -> str:
        return wording.exposure_sentence(self.people)


@dataclass(frozen=True, slots=True)
class LookSummary:
    """What a list of campaigns says of the last look at one."""

    look: int
    made_at: datetime
    sentence: str
    withheld: bool
    lead_frame: str
    people_in_words: str


def look_summaries(campaigns: Sequence[Campaign], *, early: bool = True) -> dict[int, LookSummary]:
    """The sentence of the last look at each campaign that has one, by its number: as its results page says it."""
    found = {}
    for look in gate.latest_released_looks(campaigns, early=early):
        estimates = [e for e in look.estimates if e.kind != Estimate.Kind.FACTORIAL]
        primary = _block(look.analysis.outcome, estimates, embargoed=look.shown_analysis.embargoed)
        withheld = look.shown_analysis.sample_ratio == Analysis.SampleRatio.ALARM
        sentence, _, lead = lead_sentence(primary, look, withheld=withheld)
        found[look.analysis.campaign_id] = LookSummary(
            look=look.analysis.look,
            made_at=look.analysis.made_at,
            sentence=sentence,
            withheld=withheld,
            lead_frame=lead,
            people_in_words=wording.people_text(_people(primary)),
        )
    return found


def _people(primary: OutcomeBlock) -> int | None:
    """How many saw a message; None if that is hidden for one of the arms."""
    seen = [row.n for row in primary.rates if row.n is not None]
    return sum(seen) if len(seen) == len(primary.rates) else None


def latest(campaign: Campaign) -> Report | None:
    """The most recent look at a campaign, or None before the first."""
    analysis = campaign.analyses.order_by("-look").first()
    return build(analysis) if analysis else None


def build(asked: Analysis, *, early: bool = True) -> Report:
    """One stored analysis as a report, of what may be shown of it; without `early`, to who may not look early."""
    look = gate.released_look(asked, early=early)
    analysis, campaign = look.shown_analysis, asked.campaign
    plan = campaign.plan
    contrasts = [e for e in look.estimates if e.kind == Estimate.Kind.FACTORIAL]
    estimates = [e for e in look.estimates if e.kind != Estimate.Kind.FACTORIAL]
    blocks = [
        _block(outcome, [e for e in estimates if e.outcome == outcome], embargoed=analysis.embargoed)
        for outcome in dict.fromkeys(e.outcome for e in estimates)
    ]
    primary = next(block for block in blocks if block.role == "primary")
    withheld = analysis.sample_ratio == Analysis.SampleRatio.ALARM
    sentence, interval_sentence, lead = lead_sentence(primary, look, withheld=withheld)
    return Report(
        campaign=campaign,
        look=asked.look,
        shown_look=analysis.look,
        note=_note(look),
        made_at=asked.made_at,
        from_day=analysis.from_day,
        to_day=analysis.to_day,
        level=analysis.level,
        smallest_difference=analysis.smallest_difference,
        sentence=sentence,
        interval_sentence=interval_sentence,
        withheld=withheld,
        lead_frame=lead,
        people=_people(primary),
        planned_per_arm=plan.planned_per_arm,
        quality=look_quality(
            analysis,
            primary,
            plan.planned_per_arm,
            gate.exclusion_percentages(analysis),
            split_after_pause.arm_shares_at(
                analysis.made_at, campaign, {e.treated_id: e.treated for e in estimates}.values()
            ),
        ),
        primary=primary,
        others=tuple(block for block in blocks if block is not primary),
        omnibus_statistic=analysis.omnibus_statistic,
        omnibus_df=analysis.omnibus_df,
        omnibus_p=analysis.omnibus_p,
        plan_fingerprint=analysis.plan_fingerprint,
        plan_frozen_at=plan.frozen_at,
        embargoed=analysis.embargoed,
        exploratory=analysis.exploratory,
        exception=asked.exception or analysis.exception,
        deviations=deviations(campaign),
        monitoring=analysis.monitoring,
        factorial=() if any(row.hidden for row in primary.rates) else tuple(_contrast(e, primary) for e in contrasts),
        checks=_checks(look.checks, primary),
        chances=_chances(look.checks, primary),
        pooled=tuple(
            PooledRow(**row | {"name": wording.translate_reason(row["name"])}) for row in look.checks.get("pooled", [])
        ),
        guardrail_pauses=tuple(
            guardrail_pause_sentence(event) for event in campaign.guard_events.select_related("arm")
        ),
        information=look.information,
        sample_ratio=analysis.sample_ratio,
        sample_ratio_p=analysis.sample_ratio_p,
        reach_p=analysis.reach_p,
    )


def deviations(campaign: Campaign) -> tuple[DeviationRow, ...]:
    """What was done otherwise than planned: it stands with every look, also with those from before it."""
    return tuple(DeviationRow(at=made.at, what=made.what, why=made.why) for made in campaign.deviations.all())


def _note(look: gate.ReleasedLook) -> str:
    """Why numbers are missing, or are those of an earlier look; empty if all of them are there."""
    held = (
        [wording.earlier_look_sentence(look.analysis.look, look.shown_analysis.look, look.least)]
        if look.shows_earlier_look
        else []
    )
    hides = [wording.hidden_note(look.least)] if look.has_hidden_counts else []
    return " ".join([*held, *hides, wording.small_counts_note()]) if held or hides else ""


def _contrast(e: Estimate, primary: OutcomeBlock) -> FactorialRow:
    scale = wording.choose_scale([row.rate for row in primary.rates if row.rate is not None])
    known = e.effect is not None and e.low is not None and e.high is not None
    numbers = (e.effect, e.low, e.high) if known else (None, None, None)
    return FactorialRow(
        term=e.term,
        name=wording.term_name(e.term),
        effect=numbers[0],
        low=numbers[1],
        high=numbers[2],
        p_adjusted=e.p_adjusted,
        verdict=e.verdict,
        verdict_name=wording.verdict_name(e.verdict),
        sentence=wording.contrast_sentence(e.term, e.verdict, e.effect, e.low, e.high, scale)
        if known
        else wording.translate_reason(e.reason),
    )


def _checks(stored: dict[str, Any], primary: OutcomeBlock) -> tuple[CrossCheckRow, ...]:
    """The stored cross-checks of each comparison, in words."""
    arms = {row.key: row for row in primary.rates}
    scale = wording.choose_scale([row.rate for row in primary.rates if row.rate is not None])
    return tuple(
        CrossCheckRow(
            treated=pair["treated"],
            treated_name=arms[pair["treated"]].name,
            treated_frame=arms[pair["treated"]].frame,
            control_name=arms[pair["control"]].name,
            exact_p=pair["exact_p"],
            tipping=""
            if pair["was_significant"] is None
            else wording.tipping_sentence(pair["tips_at"], was_significant=pair["was_significant"]),
            without=_without(pair["lowest"], pair["highest"], scale),
        )
        for pair in stored.get("pairs", [])
    )


def _without(lowest: dict[str, Any] | None, highest: dict[str, Any] | None, scale: wording.PeopleScale) -> str:
    if lowest is None or highest is None:
        return ""
    return gettext("%(low)s without %(one)s to %(high)s without %(other)s") % {
        "low": scale.signed(lowest["effect"]),
        "one": lowest["stratum"],
        "high": scale.signed(highest["effect"]),
        "other": highest["stratum"],
    }


def _chances(stored: dict[str, Any], primary: OutcomeBlock) -> tuple[PosteriorRow, ...]:
    arms = {row.key: row for row in primary.rates}
    return tuple(
        PosteriorRow(name=arms[each["arm"]].name, frame=arms[each["arm"]].frame, best=each["best"], loss=each["loss"])
        for each in stored.get("arms", [])
    )


def guardrail_pause_sentence(event: GuardEvent) -> str:
    """What was crossed, without how far: that was measured between two looks, and would tell of the few in between."""
    scale = wording.choose_scale([event.margin])
    return gettext(
        "“%(arm)s” was paused on %(day)s. %(outcome)s: surely worse than the control by more than the %(margin)s in "
        "%(people)s that the plan allows."
    ) % {
        "arm": event.arm.name,
        "day": date_format(event.at, "DATE_FORMAT"),
        "outcome": wording.translate_outcome(OUTCOMES[event.outcome]).name,
        "margin": wording.compact_number(event.margin * scale.base),
        "people": scale.people,
    }


def outcome_blocks(estimates: Sequence[Estimate]) -> list[OutcomeBlock]:
    """Rates and differences by outcome, the primary one first: of estimates that need not be on record."""
    found = [
        _block(outcome, [e for e in estimates if e.outcome == outcome], embargoed=False)
        for outcome in dict.fromkeys(e.outcome for e in estimates if e.kind != Estimate.Kind.FACTORIAL)
    ]
    return sorted(found, key=lambda block: block.role != "primary")


def _block(outcome: str, estimates: list[Estimate], *, embargoed: bool) -> OutcomeBlock:
    rates = [_rate(e, embargoed=embargoed) for e in estimates if e.kind == Estimate.Kind.RATE]
    by_key = {row.key: row for row in rates}
    frames = Counter(row.frame for row in rates)
    phrases = {row.key: wording.arm_phrase(row.name, row.frame, unique=frames[row.frame] == 1) for row in rates}
    ordered = OUTCOMES[outcome].kind == "ordered"
    scale = (
        wording.PeopleScale(100)
        if ordered
        else wording.choose_scale([row.rate for row in rates if row.rate is not None])
    )
    differences = [_difference(e, by_key, phrases, scale) for e in estimates if e.kind == Estimate.Kind.DIFFERENCE]
    return OutcomeBlock(
        outcome=wording.translate_outcome(OUTCOMES[outcome]),
        role=estimates[0].role,
        rates=tuple(rates),
        differences=tuple(differences),
        smallest_difference=next(
            (e.smallest_difference for e in estimates if e.kind == Estimate.Kind.DIFFERENCE), None
        ),
    )


def _rate(e: Estimate, *, embargoed: bool) -> RateRow:
    return RateRow(
        key=e.treated.key,
        name=e.treated.name,
        frame=e.treated.frame,
        is_control=e.treated.is_control,
        served=e.served,
        n=e.n,
        events=e.events,
        rate=e.effect,
        low=e.low,
        high=e.high,
        hidden=e.n is None or (e.events is None and not embargoed),
    )


def _difference(
    e: Estimate, rates: dict[str, RateRow], phrases: dict[str, str], scale: wording.PeopleScale
) -> DifferenceRow:
    assert e.control is not None  # a database constraint
    outcome = OUTCOMES[e.outcome]
    treated, control = phrases[e.treated.key], phrases[e.control.key]
    rate = rates[e.treated.key].rate
    hidden = rates[e.treated.key].hidden or rates[e.control.key].hidden
    if hidden:
        sentence = wording.hidden_comparison_sentence(treated, control)
    elif e.effect is None or e.low is None or e.high is None or rate is None:
        sentence = wording.not_compared_sentence(treated, control, e.reason)
    else:
        said = wording.ComparisonNumbers(
            treated=treated,
            control=control,
            phrase=wording.outcome_phrase(outcome, round(rate * scale.base)),
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
        sentence = wording.ordinal_sentence(said) if ordered else wording.comparison_sentence(said, scale)
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
        verdict_name=wording.verdict_name(e.verdict),
        sentence=sentence,
        more_per_arm=e.more_per_arm,
        reason=wording.translate_reason(e.reason),
        method=e.method,
        hidden=hidden,
    )


def as_dict(report: Report) -> dict[str, Any]:
    """A report as plain values for JSON: the shape that `manage.py report --json` prints."""
    return {
        "campaign": report.campaign.slug,
        "look": report.look,
        "shown_look": report.shown_look,
        "note": report.note,
        "made_at": report.made_at.isoformat(),
        "plan": report.plan_fingerprint,
        "sentence": report.sentence,
        "withheld": report.withheld,
        "embargoed": report.embargoed,
        "exploratory": report.exploratory,
        "exception": report.exception,
        "deviations": [asdict(row) | {"at": row.at.isoformat()} for row in report.deviations],
        "monitoring": report.monitoring,
        "factorial": [asdict(row) for row in report.factorial],
        "guardrails_crossed": list(report.guardrail_pauses),
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
