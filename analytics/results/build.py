"""Build a report from a stored analysis. No statistics are computed here."""

from dataclasses import dataclass
from datetime import date, datetime

from analytics import report_rows, wording
from analytics.disclosure import gate
from analytics.models import Analysis, Estimate
from analytics.results import opt_outs, paused_arms, split_after_pause, supplementary_rows
from analytics.results.headline import Kind, headline, stopped_by
from analytics.results.look_quality import look_quality
from analytics.results.look_summaries import people_exposed
from analytics.results.outcome_rows import outcome_blocks
from campaign.models import Campaign


@dataclass(frozen=True, slots=True)
class Report:
    """One look at one campaign."""

    campaign: Campaign
    look: int
    shown_look: int
    note: str
    made_at: datetime
    from_day: date | None
    to_day: date | None
    level: float
    smallest_difference: float
    kind: Kind
    sentence: str
    interval_sentence: str
    withheld: bool
    changed_plan_keys: tuple[str, ...]
    lead_frame: str
    people: int | None
    planned_people: int
    quality: tuple[report_rows.QualityItem, ...]
    left_out_percent: int | None
    primary: report_rows.OutcomeBlock
    others: tuple[report_rows.OutcomeBlock, ...]
    omnibus_statistic: float | None
    omnibus_df: int | None
    omnibus_p: float | None
    omnibus_method: str
    plan_fingerprint: str
    plan_frozen_at: datetime | None
    embargoed: bool
    exploratory: bool
    exception: str
    deviations: tuple[report_rows.DeviationRow, ...]
    monitoring: str
    factorial: tuple[report_rows.FactorialRow, ...]
    factorial_kinds: tuple[report_rows.FactorialRow, ...]
    guardrail_pauses: tuple[str, ...]
    checks: tuple[report_rows.CrossCheckRow, ...]
    design_effect_sentence: str
    chances: tuple[report_rows.PosteriorRow, ...]
    pooled: tuple[report_rows.PooledRow, ...]
    information: float | None
    sample_ratio: str
    sample_ratio_p: float | None
    sample_ratio_method: str
    reach_p: float | None

    @property
    def people_in_words(self) -> str:
        return wording.people_text(self.people)

    @property
    def exposure_sentence(self) -> str:
        return wording.exposure_sentence(self.people)

    @property
    def omnibus_sentence(self) -> str:
        """The test of all arms with its method; empty where there is none."""
        if self.omnibus_p is None or self.omnibus_statistic is None or self.omnibus_df is None:
            return ""
        return wording.omnibus_sentence(
            self.omnibus_statistic, self.omnibus_df, self.omnibus_p, method=self.omnibus_method
        )

    @property
    def split_test_sentence(self) -> str:
        return wording.split_test_sentence(self.sample_ratio_method)


def latest(campaign: Campaign) -> Report | None:
    """Return the report of the latest look at a campaign, or None if there is no look yet."""
    analysis = campaign.analyses.order_by("-look").first()
    return build(analysis) if analysis else None


def build(requested: Analysis, *, early: bool = True) -> Report:
    """Build the report of a look within disclosure limits, without `early` for whoever may not see early looks."""
    return build_released(gate.released_look(requested, early=early), early=early)


def build_released(look: gate.ReleasedLook, *, early: bool) -> Report:
    """Build the report of a look that the gate has redacted."""
    requested, analysis = look.analysis, look.shown_analysis
    campaign = requested.campaign
    plan = campaign.plan
    planned_people = plan.planned_people
    primary, *others = outcome_blocks(look.estimates, plan, embargoed=analysis.embargoed)
    events = list(campaign.guard_events.select_related("arm", "text"))
    verdict = headline(primary, look, stopped_by(events, look))
    checks = supplementary_rows.cross_check_rows(
        look.checks, primary, dict(campaign.placements.values_list("key", "name"))
    )
    contrasts = [e for e in look.estimates if e.kind == Estimate.Kind.FACTORIAL]
    of_these = [e for e in contrasts if e.about == Estimate.About.THESE]
    of_kind = [e for e in contrasts if e.about == Estimate.About.KIND]
    excluded = gate.exclusion_percentages(analysis)
    people = people_exposed(primary)
    return Report(
        from_day=analysis.from_day,
        to_day=analysis.to_day,
        level=analysis.level,
        smallest_difference=analysis.smallest_difference,
        omnibus_statistic=analysis.omnibus_statistic,
        omnibus_df=analysis.omnibus_df,
        omnibus_p=analysis.omnibus_p,
        omnibus_method=analysis.omnibus_method,
        plan_fingerprint=analysis.plan_fingerprint,
        embargoed=analysis.embargoed,
        exploratory=analysis.exploratory,
        monitoring=analysis.monitoring,
        sample_ratio=analysis.sample_ratio,
        sample_ratio_p=analysis.sample_ratio_p,
        sample_ratio_method=analysis.sample_ratio_method,
        reach_p=analysis.reach_p,
        campaign=campaign,
        look=requested.look,
        shown_look=analysis.look,
        note=_note(look),
        made_at=requested.made_at,
        kind=verdict.kind,
        sentence=verdict.sentence,
        interval_sentence=verdict.interval_sentence,
        withheld=look.is_withheld,
        changed_plan_keys=look.changed_plan_keys,
        lead_frame=verdict.frame,
        people=people,
        left_out_percent=excluded.get("crowd", 0 if (people or 0) >= 100 * look.least else None),
        planned_people=planned_people,
        quality=look_quality(
            analysis,
            primary,
            planned_people,
            excluded,
            opt_outs.quality_item(
                gate.withdrawal_percent(requested, early=early), [arm.weight for arm in campaign.arms.all()]
            ),
            split_after_pause.arm_shares_at(
                analysis.made_at, campaign, {e.treated_id: e.treated for e in look.estimates}.values()
            ),
        ),
        primary=primary,
        others=tuple(
            supplementary_rows.with_guardrail_checks(block, look.checks, level=analysis.level) for block in others
        ),
        plan_frozen_at=plan.frozen_at,
        exception=requested.exception or analysis.exception,
        deviations=deviations(campaign),
        factorial=supplementary_rows.factorial_rows(of_these, primary, level=analysis.level),
        factorial_kinds=supplementary_rows.factorial_rows(of_kind, primary, level=analysis.level),
        checks=checks,
        design_effect_sentence=supplementary_rows.design_effect_sentence(checks),
        chances=supplementary_rows.posterior_rows(look.checks, primary),
        pooled=supplementary_rows.pooled_rows(look.checks),
        guardrail_pauses=tuple(paused_arms.guardrail_pause_sentence(event) for event in events),
        information=look.information,
    )


def deviations(campaign: Campaign) -> tuple[report_rows.DeviationRow, ...]:
    """Return a campaign's deviations from its plan. They are shown with every look, including earlier ones."""
    return tuple(report_rows.DeviationRow(at=row.at, what=row.what, why=row.why) for row in campaign.deviations.all())


def _note(look: gate.ReleasedLook) -> str:
    """Explain why counts are hidden or come from an earlier look; empty if neither is so."""
    reasons = []
    if look.shows_earlier_look:
        reasons.append(wording.earlier_look_sentence(look.analysis.look, look.shown_analysis.look, look.least))
    if look.has_hidden_counts:
        reasons.append(wording.hidden_note(look.least))
    return " ".join([*reasons, wording.small_counts_note()]) if reasons else ""
