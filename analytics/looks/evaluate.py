"""Evaluate a campaign: from its frozen plan and tallies to an Analysis with Estimates, append-only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Max, Min, Sum

from analytics.comparison.compare import Comparison, compare
from analytics.comparison.factorial import factorial_contrasts
from analytics.comparison.grouped import ClusterDesign
from analytics.comparison.inputs import Rules
from analytics.comparison.more_needed import MoreUnits, more_needed
from analytics.comparison.reach import unequal_reach_p
from analytics.comparison.split_check import BY_TEXT
from analytics.disclosure.look_seals import seal_look
from analytics.fold.count_seals import changed_counts
from analytics.looks import release
from analytics.looks.cross_checks import stored_checks
from analytics.looks.estimate_rows import common_fields, estimate_fields
from analytics.looks.plan_progress import plan_progress
from analytics.looks.tallies import CampaignTallies
from analytics.looks.texts import KindsLook, judge_texts, record_texts
from analytics.models import Analysis, Estimate, Tally
from analytics.network_views import views_of_one_network
from analytics.stats import Counts, omnibus, sample_ratio
from campaign.lifecycle.actions import record_campaign_action
from campaign.lifecycle.frozen_plan import changed_plans, correction_of, factorial_arms, smallest_difference_of
from campaign.models import AnalysisPlan, Arm, Campaign, PlannedOutcome
from campaign.outcomes import OUTCOMES
from messages.audit import log

EXPLORATORY = "exploratory"
MAX_EXCEPTION_LENGTH = 300  # as long as its column
# Visitors of a placement on a day are assigned one by one, so each such cluster saw all arms.
_CLUSTER_DESIGNS: dict[str, ClusterDesign] = {
    AnalysisPlan.Clusters.PLACEMENT_DAY: "crossed",
    AnalysisPlan.Clusters.PERIOD: "periods",
}
_LEAST_STEP = 0.001  # looks closer than this share of the plan count as one


class NotEvaluable(Exception):
    """Raised when there is nothing to evaluate. The message is shown to the user."""


class PlanChanged(NotEvaluable):
    """Raised when the rows of a plan are not those that were frozen: a look at them would answer another question."""

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__(f"The plan in the database is not the one that was frozen: {', '.join(keys)}.")


class CountsChanged(NotEvaluable):
    """Raised when the counts are not those that were folded: a look at them would answer with what somebody wrote."""

    def __init__(self) -> None:
        super().__init__("The counts in the database are not those that were counted: someone changed them there.")


def evaluate(
    campaign: Campaign,
    *,
    now: datetime,
    extra_outcomes: Sequence[str] = (),
    embargo_exception: str = "",
    by: str = log.WORKER,
) -> Analysis:
    """Compare the arms by the frozen plan, on closed views alone, and record the look.

    Before the first planned look only data quality is recorded, unless `embargo_exception` names who wants to see more
    and why. Looks and `extra_outcomes` that are not in the plan are marked exploratory. The slow part runs before the
    transaction; if another look was recorded meanwhile, it runs again.
    """
    if len(embargo_exception) > MAX_EXCEPTION_LENGTH:
        raise NotEvaluable(f"Say who looks early and why, in at most {MAX_EXCEPTION_LENGTH} characters.")
    analysis = None
    while analysis is None:
        analysis = _try_to_evaluate(campaign, now=now, extra=extra_outcomes, exception=embargo_exception, by=by)
    return analysis


def _try_to_evaluate(
    campaign: Campaign, *, now: datetime, extra: Sequence[str], exception: str, by: str
) -> Analysis | None:
    """Evaluate and record a look; None if another look was recorded meanwhile."""
    last = _last_look_number(campaign)
    plan = AnalysisPlan.objects.filter(campaign=campaign).select_related("campaign").first()
    if changed := changed_plans([campaign.pk]):
        raise PlanChanged(changed[campaign.pk])
    if changed_counts([campaign]):
        raise CountsChanged
    if plan is None or plan.frozen_at is None:
        raise NotEvaluable("This campaign has no frozen plan yet. Launch it first.")
    unknown = [key for key in extra if key not in OUTCOMES or OUTCOMES[key].kind != "yes-no"]
    if unknown:
        raise NotEvaluable(f"“{unknown[0]}” is not a yes/no outcome of the catalogue.")
    arms = list(campaign.arms.with_texts())
    planned = sorted(plan.outcomes.all(), key=lambda outcome: outcome.role != PlannedOutcome.Role.PRIMARY)
    named = {outcome.outcome for outcome in planned}
    outcomes = [*planned, *(PlannedOutcome(plan=plan, outcome=k, role=EXPLORATORY) for k in extra if k not in named)]
    tallies = CampaignTallies(arms)
    people = release.released_people(campaign, {arm.key: tallies.total(arm, "exposed") for arm in arms})
    looks = _looks(campaign, plan, information=plan_progress(plan, people=people, now=now))
    views = views_of_one_network(plan, arms)
    rules = {outcome.outcome: _rules(plan, outcome, looks, views_per_network=views) for outcome in outcomes}
    comparisons = {
        outcome.outcome: compare(
            tallies.arm_counts(outcome.outcome, plan),
            [(treated, control) for treated, control in plan.comparisons],
            rules[outcome.outcome],
        )
        for outcome in outcomes
    }
    more = {key: more_needed(comparison, rules[key]) for key, comparison in comparisons.items()}
    primary = planned[0].outcome
    shown = {} if looks.embargoed and not exception else comparisons
    texts = None
    if not looks.embargoed:
        asked = {outcome.outcome: comparisons[outcome.outcome] for outcome in planned}
        texts = judge_texts(plan, arms, asked, rules, information=looks.information)
    cells = texts.cells if texts else {}
    released = release.decide_release(campaign, primary, tallies, shown, rules, cells, now)
    with transaction.atomic():
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)  # two looks at once take turns
        if _last_look_number(campaign) != last:
            return None
        analysis = _create_analysis(
            plan, comparisons, looks, tallies, rules, texts, outcome=primary, now=now, exception=exception
        )
        if analysis.embargoed:
            _record_exposures(analysis, planned[0], tallies)
        else:
            for outcome in outcomes:
                smallest = smallest_difference_of(plan, outcome)
                key = outcome.outcome
                _record_estimates(analysis, outcome, comparisons[key], more[key], tallies, smallest)
            _record_factorial(analysis, planned[0], comparisons[primary], campaign, rules[primary])
            if texts:
                record_texts(analysis, planned, texts, arms)
        released.analysis = analysis
        seal_look(released)
        released.save()
        if exception:
            record_campaign_action(log.Action.LOOK_EARLY, campaign, by=by, look=analysis.look, reason=exception)
    return analysis


def _last_look_number(campaign: Campaign) -> int:
    return Analysis.objects.filter(campaign=campaign).aggregate(Max("look"))["look__max"] or 0


def is_look_due(campaign: Campaign, *, now: datetime) -> bool:
    """Whether the worker should evaluate the campaign now.

    A look needs new people. Fixed and group-sequential plans are evaluated at each planned point. Before the first, and
    under always-valid monitoring, it is daily. A closed one is evaluated once its last views are counted.
    """
    plan = AnalysisPlan.objects.filter(campaign=campaign, frozen_at__isnull=False).first()
    if plan is None:
        return False
    counted = Tally.objects.filter(arm__campaign=campaign, outcome="exposed").order_by().values_list("arm__key")
    seen = dict.fromkeys(campaign.arms.values_list("key", flat=True), 0) | dict(counted.annotate(Sum("count")))
    people = release.released_people(campaign, seen)
    last = Analysis.objects.filter(campaign=campaign).order_by("-look").first()
    information = plan_progress(plan, people=people, now=now)
    if people == 0 or (last is not None and information <= last.information):
        return False
    if last is None or campaign.state == Campaign.State.CLOSED:
        return True
    looks = _looks(campaign, plan, information=information)
    is_new_day = last.made_at.date() < now.date()
    if looks.embargoed or plan.monitoring == AnalysisPlan.Monitoring.ALWAYS_VALID:
        return is_new_day or (last.embargoed and not looks.embargoed)
    return not looks.exploratory


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looks:
    """This look's place in the plan. `shares` are those of the planned units at the looks so far, this one last."""

    information: float
    shares: tuple[float, ...]
    embargoed: bool
    exploratory: bool


def _looks(campaign: Campaign, plan: AnalysisPlan, *, information: float) -> _Looks:
    """Place a look in the plan: whether it is planned, and the information of the looks so far.

    A look is due when the next planned share is reached, once a share. Looks spend alpha by the information that they
    actually had (Lan and DeMets), so being late costs nothing.
    """
    planned = [1.0] if plan.monitoring == AnalysisPlan.Monitoring.FIXED else [float(share) for share in plan.looks]
    embargoed = information < planned[0]
    taken = [
        min(share, 1.0)
        for share in Analysis.objects.filter(campaign=campaign, embargoed=False, exploratory=False)
        .order_by("look")
        .values_list("information", flat=True)
    ]
    share_now = min(information, 1.0)
    if plan.monitoring == AnalysisPlan.Monitoring.ALWAYS_VALID:
        return _Looks(information=information, shares=(share_now,), embargoed=embargoed, exploratory=False)
    due = sum(share <= information for share in planned)
    exploratory = not embargoed and (len(taken) >= due or (bool(taken) and share_now - taken[-1] < _LEAST_STEP))
    shares = tuple(taken) if exploratory and taken else (*taken, share_now if share_now > 0 else _LEAST_STEP)
    return _Looks(information=information, shares=shares, embargoed=embargoed, exploratory=exploratory)


def _rules(plan: AnalysisPlan, outcome: PlannedOutcome, looks: _Looks, *, views_per_network: int) -> Rules:
    ordered = OUTCOMES[outcome.outcome].kind == "ordered"
    return Rules(
        level=plan.level,
        smallest_difference=smallest_difference_of(plan, outcome),
        better=OUTCOMES[outcome.outcome].better,
        # The model's choices are the literals.
        correction=correction_of(plan, outcome.outcome).value,  # type: ignore[arg-type]
        monitoring=plan.monitoring,  # type: ignore[arg-type]  # likewise
        planned_per_arm=plan.planned_per_arm,
        looks=looks.shares,
        planned_looks=tuple(float(share) for share in plan.looks),
        spending=plan.spending,  # type: ignore[arg-type]  # likewise
        stratified=plan.strata == AnalysisPlan.Strata.PLACEMENT,
        clusters=_CLUSTER_DESIGNS.get(plan.clusters),
        ordered=ordered,
        views_per_network=views_per_network,
        watched_split=looks.embargoed or looks.exploratory,
    )


def _create_analysis(
    plan: AnalysisPlan,
    comparisons: Mapping[str, Comparison],
    looks: _Looks,
    tallies: CampaignTallies,
    rules: Mapping[str, Rules],
    texts: KindsLook | None,
    *,
    outcome: str,
    now: datetime,
    exception: str,
) -> Analysis:
    comparison = comparisons[outcome]
    first, last = _days_counted(plan, tallies.arms, now=now)
    ratio = comparison.sample_ratio if isinstance(comparison.sample_ratio, sample_ratio.SampleRatio) else None
    embargoed = looks.embargoed and not exception
    test = comparison.omnibus if isinstance(comparison.omnibus, omnibus.Omnibus) and not embargoed else None
    unchecked = embargoed or comparison.withheld or rules[outcome].ordered
    return Analysis.objects.create(
        campaign=plan.campaign,
        look=_last_look_number(plan.campaign) + 1,
        made_at=now,
        plan_fingerprint=plan.fingerprint,
        outcome=outcome,
        level=plan.level,
        smallest_difference=plan.smallest_difference,
        monitoring=plan.monitoring,
        information=looks.information,
        embargoed=embargoed,
        exploratory=looks.exploratory or looks.embargoed,
        exception=exception,
        from_day=first,
        to_day=last,
        sample_ratio=ratio.status if ratio else Analysis.SampleRatio.UNKNOWN,
        # By text, a p-value would tell of counts that this look may not show.
        sample_ratio_p=ratio.p_value if ratio and ratio.method != BY_TEXT else None,
        sample_ratio_method=ratio.method if ratio else "",
        reach_p=unequal_reach_p(_reach(tallies), planned_per_arm=plan.planned_per_arm),
        omnibus_statistic=test.statistic if test else None,
        omnibus_df=test.df if test else None,
        omnibus_p=test.p_value if test else None,
        omnibus_method=test.method if test else "",
        checks=None if unchecked else stored_checks(plan, comparisons, rules, primary=outcome),
        texts_judged_at=texts.share if texts else None,
    )


def _days_counted(plan: AnalysisPlan, arms: Sequence[Arm], *, now: datetime) -> tuple[date | None, date | None]:
    """Return the first and the last day with counts; those of a block are counted on its last day."""
    days = Tally.objects.filter(arm__in=arms).aggregate(first=Min("day"), last=Max("day"))
    first, last = days["first"], days["last"]
    if plan.has_hour_periods and first is not None:
        return first - timedelta(days=len(arms) - 1), min(last, now.date())
    return first, last


def _reach(tallies: CampaignTallies) -> list[Counts]:
    """The messages served of each arm, and those that were seen."""
    seen = [(tallies.served_by_arm[arm.pk], tallies.total(arm, "exposed")) for arm in tallies.arms]
    return [Counts(n=max(served, exposed), events=exposed) for served, exposed in seen]


def _record_exposures(analysis: Analysis, outcome: PlannedOutcome, tallies: CampaignTallies) -> None:
    """Before the first planned look, record what was served and seen of each arm without any outcome."""
    Estimate.objects.bulk_create(
        Estimate(
            **common_fields(analysis, outcome),
            kind=Estimate.Kind.RATE,
            position=position,
            treated=arm,
            served=tallies.served_by_arm[arm.pk],
            n=tallies.total(arm, "exposed"),
            reason="Not shown before the first planned look.",
        )
        for position, arm in enumerate(tallies.arms)
    )


def _record_estimates(
    analysis: Analysis,
    outcome: PlannedOutcome,
    comparison: Comparison,
    more: Mapping[tuple[str, str], MoreUnits],
    tallies: CampaignTallies,
    smallest: float | None,
) -> None:
    by_key = {arm.key: arm for arm in tallies.arms}
    common = common_fields(analysis, outcome)
    rows = [
        Estimate(
            **common,
            kind=Estimate.Kind.RATE,
            position=position,
            treated=by_key[arm.key],
            served=tallies.served_by_arm[by_key[arm.key].pk],
            n=arm.counts.n,
            events=arm.counts.events,
            **estimate_fields(rate),
        )
        for position, (arm, rate) in enumerate(zip(comparison.arms, comparison.rates, strict=True))
    ]
    rows += [
        Estimate(
            **common,
            kind=Estimate.Kind.DIFFERENCE,
            position=position,
            treated=by_key[pair.treated],
            control=by_key[pair.control],
            p_adjusted=pair.p_adjusted,
            smallest_difference=smallest,
            verdict=pair.verdict,
            **release.more_per_arm_fields(more, pair),
            **({"reason": pair.hold_reason} | estimate_fields(pair.estimate)),
        )
        for position, pair in enumerate(comparison.comparisons)
    ]
    Estimate.objects.bulk_create(rows)


def _record_factorial(
    analysis: Analysis, outcome: PlannedOutcome, comparison: Comparison, campaign: Campaign, rules: Rules
) -> None:
    """Record the contrasts of the victim x user factorial, if the campaign has its four arms."""
    frames = factorial_arms(campaign)
    if frames is None or rules.ordered:
        return
    counts = {arm.key: arm for arm in comparison.arms}
    by_frame = {frame: counts[arm.key] for frame, arm in frames.items()}
    contrasts = factorial_contrasts(**by_frame, rules=rules, withheld=comparison.withheld)
    Estimate.objects.bulk_create(
        Estimate(
            **common_fields(analysis, outcome),
            kind=Estimate.Kind.FACTORIAL,
            position=position,
            term=contrast.name,
            treated=frames.get(contrast.name, frames["both"]),
            p_adjusted=contrast.p_adjusted,
            smallest_difference=analysis.smallest_difference,
            verdict=contrast.verdict,
            **({"reason": contrast.hold_reason} | estimate_fields(contrast.estimate)),
        )
        for position, contrast in enumerate(contrasts)
    )
