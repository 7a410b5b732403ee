"""One look at a campaign: its frozen plan and its tallies become an Analysis with its Estimates, append-only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Min, Sum

from analytics.comparison.compare import Comparison, Rules, compare
from analytics.comparison.factorial import FactorialContrast, factorial_contrasts
from analytics.comparison.sensitivity import run_cross_checks
from analytics.looks import release
from analytics.looks.meta_analysis import pool_comparisons
from analytics.looks.tallies import CampaignTallies
from analytics.models import Analysis, Estimate, Tally
from analytics.stats import Counts, NotEstimable, omnibus, sample_ratio
from analytics.stats import Estimate as Estimated
from campaign.lifecycle import transitions
from campaign.lifecycle.frozen_plan import factorial_arms, smallest_difference_of
from campaign.models import AnalysisPlan, Arm, Campaign, PlannedOutcome
from campaign.outcomes import OUTCOMES
from messages.audit import log

EXPLORATORY = "exploratory"
MAX_EXCEPTION_LENGTH = 300  # as long as its column
_LEAST_STEP = 0.001  # two looks closer than this share of the plan are one


class NotEvaluable(Exception):
    """There is nothing to evaluate; the message says why, for a person."""


def evaluate(
    campaign: Campaign,
    *,
    now: datetime,
    extra_outcomes: Sequence[str] = (),
    embargo_exception: str = "",
    by: str = log.WORKER,
) -> Analysis:
    """Compare the arms as the frozen plan says, on closed views alone, and put the look on record.

    Before the first planned look only the data's health is recorded, unless `exception` says who wants to see more
    and why; that stands on the record for ever. A look that the plan does not hold, and outcomes in `also` that it
    does not name, are marked exploratory. What takes time is done before the database is asked to write: if another
    look came meanwhile, everything is done again.
    """
    if len(embargo_exception) > MAX_EXCEPTION_LENGTH:
        raise NotEvaluable(f"Please say in {MAX_EXCEPTION_LENGTH} characters who looks early, and why.")
    analysis = None
    while analysis is None:
        analysis = _evaluated(campaign, now=now, also=extra_outcomes, exception=embargo_exception, by=by)
    return analysis


def _evaluated(campaign: Campaign, *, now: datetime, also: Sequence[str], exception: str, by: str) -> Analysis | None:
    last = _last_look(campaign)
    plan = AnalysisPlan.objects.filter(campaign=campaign).first()
    if plan is None or plan.frozen_at is None:
        raise NotEvaluable("This campaign has no frozen plan yet: launch it first.")
    unknown = [key for key in also if key not in OUTCOMES or OUTCOMES[key].kind != "yes-no"]
    if unknown:
        raise NotEvaluable(f"“{unknown[0]}” is not a yes/no outcome of the catalogue.")
    arms = list(campaign.arms.select_related("revision__message"))
    planned = sorted(plan.outcomes.all(), key=lambda outcome: outcome.role != PlannedOutcome.Role.PRIMARY)
    named = {outcome.outcome for outcome in planned}
    extra = [PlannedOutcome(plan=plan, outcome=key, role=EXPLORATORY) for key in also if key not in named]
    seen = CampaignTallies(arms)
    looks = _looks(campaign, plan, information=seen.total_exposed / (plan.planned_per_arm * len(arms)))
    rules = {outcome.outcome: _rules(plan, outcome, looks) for outcome in [*planned, *extra]}
    found = {
        outcome.outcome: compare(
            seen.arm_counts(outcome.outcome, plan),
            [(treated, control) for treated, control in plan.comparisons],
            rules[outcome.outcome],
        )
        for outcome in [*planned, *extra]
    }
    primary = planned[0].outcome
    shown = release.decide_release(campaign, primary, seen, {} if looks.embargoed and not exception else found, rules)
    with transaction.atomic():
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)  # two looks at once take turns
        if _last_look(campaign) != last:
            return None
        analysis = _record_look(
            campaign, plan, primary, found[primary], looks, seen, now=now, exception=exception, rules=rules[primary]
        )
        if analysis.embargoed:
            _record_health(analysis, planned[0], seen)
        else:
            for outcome in [*planned, *extra]:
                _record_estimates(
                    analysis, outcome, found[outcome.outcome], seen, smallest_difference_of(plan, outcome)
                )
            _record_factorial(analysis, planned[0], found[primary], campaign, rules[primary])
        shown.analysis = analysis
        shown.save()
        if exception:
            transitions.record_campaign_action(
                log.Action.LOOK_EARLY, campaign, by=by, look=analysis.look, reason=exception
            )
    return analysis


def _last_look(campaign: Campaign) -> int:
    return Analysis.objects.filter(campaign=campaign).aggregate(Max("look"))["look__max"] or 0


def is_look_due(campaign: Campaign, *, now: datetime) -> bool:
    """Whether the worker should look now: at each planned point, and otherwise once a day for the data's health.

    Nothing new, nothing due. A plan with one look or named points is looked at when the next of them is reached, and
    until the first of them, and for a plan that may be looked at whenever one likes, on each day that brought people.
    A closed campaign is looked at once more when its last views are counted.
    """
    plan = AnalysisPlan.objects.filter(campaign=campaign, frozen_at__isnull=False).first()
    if plan is None:
        return False
    arms = list(campaign.arms.all())
    people = Tally.objects.filter(arm__in=arms, outcome="exposed").aggregate(Sum("count"))["count__sum"] or 0
    last = Analysis.objects.filter(campaign=campaign).order_by("-look").first()
    information = people / (plan.planned_per_arm * len(arms))
    if people == 0 or (last is not None and information <= last.information):
        return False
    if last is None or campaign.state == Campaign.State.CLOSED:
        return True
    looks = _looks(campaign, plan, information=information)
    a_new_day = last.made_at.date() < now.date()
    if looks.embargoed or plan.monitoring == AnalysisPlan.Monitoring.ALWAYS_VALID:
        return a_new_day or (last.embargoed and not looks.embargoed)
    return not looks.exploratory


class _Looks:
    """Where this look stands in the plan."""

    def __init__(self, *, information: float, shares: tuple[float, ...], embargoed: bool, exploratory: bool) -> None:
        self.information, self.shares = information, shares
        self.embargoed, self.exploratory = embargoed, exploratory


def _looks(campaign: Campaign, plan: AnalysisPlan, *, information: float) -> _Looks:
    """Whether this look is planned, and the shares of information at the looks so far, this one last.

    A look is due when the next planned share is reached; at most one is taken per share. Looks spend alpha by the
    information they really had (Lan and DeMets), so being late costs nothing.
    """
    first = 1.0 if plan.monitoring == AnalysisPlan.Monitoring.FIXED else float(plan.looks[0])
    embargoed = information < first
    taken = [
        min(share, 1.0)
        for share in Analysis.objects.filter(campaign=campaign, embargoed=False, exploratory=False)
        .order_by("look")
        .values_list("information", flat=True)
    ]
    here = min(information, 1.0)
    if plan.monitoring == AnalysisPlan.Monitoring.ALWAYS_VALID:
        return _Looks(information=information, shares=(here,), embargoed=embargoed, exploratory=False)
    planned = [1.0] if plan.monitoring == AnalysisPlan.Monitoring.FIXED else [float(share) for share in plan.looks]
    due = sum(share <= information for share in planned)
    exploratory = not embargoed and (len(taken) >= due or (bool(taken) and here - taken[-1] < _LEAST_STEP))
    shares = tuple(taken) if exploratory and taken else (*taken, here if here > 0 else _LEAST_STEP)
    return _Looks(information=information, shares=shares, embargoed=embargoed, exploratory=exploratory)


def _rules(plan: AnalysisPlan, outcome: PlannedOutcome, looks: _Looks) -> Rules:
    ordered = OUTCOMES[outcome.outcome].kind == "ordered"
    return Rules(
        level=plan.level,
        smallest_difference=smallest_difference_of(plan, outcome),
        lower_is_better=OUTCOMES[outcome.outcome].better == "lower",
        # The model's choices are the literals. Dunnett's is of yes/no counts: ratings beside them take Holm's.
        correction="holm" if ordered and plan.correction == "dunnett" else plan.correction,  # type: ignore[arg-type]
        monitoring=plan.monitoring,  # type: ignore[arg-type]  # likewise
        planned_per_arm=plan.planned_per_arm,
        looks=looks.shares,
        spending=plan.spending,  # type: ignore[arg-type]  # likewise
        stratified=plan.strata == AnalysisPlan.Strata.PLACEMENT,
        clustered=plan.clusters == AnalysisPlan.Clusters.PLACEMENT_DAY,
        ordered=ordered,
    )


def _record_look(
    campaign: Campaign,
    plan: AnalysisPlan,
    primary: str,
    found: Comparison,
    looks: _Looks,
    seen: CampaignTallies,
    *,
    now: datetime,
    exception: str,
    rules: Rules,
) -> Analysis:
    days = Tally.objects.filter(arm__in=seen.arms).aggregate(first=Min("day"), last=Max("day"))
    ratio = found.sample_ratio if isinstance(found.sample_ratio, sample_ratio.SampleRatio) else None
    embargoed = looks.embargoed and not exception
    test = found.omnibus if isinstance(found.omnibus, omnibus.Omnibus) and not embargoed else None
    pairs = [(compared.treated, compared.control) for compared in found.comparisons]
    hidden = embargoed or found.withheld or rules.ordered
    return Analysis.objects.create(
        campaign=campaign,
        look=_last_look(campaign) + 1,
        made_at=now,
        plan_fingerprint=plan.fingerprint,
        outcome=primary,
        level=plan.level,
        smallest_difference=plan.smallest_difference,
        monitoring=plan.monitoring,
        information=looks.information,
        embargoed=embargoed,
        exploratory=looks.exploratory or looks.embargoed,
        exception=exception,
        from_day=days["first"],
        to_day=days["last"],
        sample_ratio=ratio.status if ratio else Analysis.SampleRatio.UNKNOWN,
        sample_ratio_p=ratio.p_value if ratio else None,
        reach_p=_reach_p(seen),
        omnibus_statistic=test.statistic if test else None,
        omnibus_df=test.df if test else None,
        omnibus_p=test.p_value if test else None,
        checks=None
        if hidden
        else asdict(run_cross_checks(found.arms, pairs, rules))
        | {
            "pooled": [asdict(row) for row in pool_comparisons(campaign, found.arms, outcome=primary, level=plan.level)]
        },
    )


def _reach_p(seen: CampaignTallies) -> float | None:
    """Whether messages that were sent reach the screen equally often: chi-square over seen and sent, per arm."""
    reach = [
        Counts(n=max(seen.served_by_arm[arm.pk], seen.total(arm, "exposed")), events=seen.total(arm, "exposed"))
        for arm in seen.arms
    ]
    if all(counts.n == counts.events for counts in reach):
        return 1.0 if any(counts.n for counts in reach) else None
    test = omnibus.chi_square(reach)
    return None if isinstance(test, NotEstimable) else test.p_value


def _record_health(analysis: Analysis, outcome: PlannedOutcome, seen: CampaignTallies) -> None:
    """Before the first planned look: how many were sent each arm and saw it, and not what they did."""
    Estimate.objects.bulk_create(
        Estimate(
            analysis=analysis,
            outcome=outcome.outcome,
            role=outcome.role,
            kind=Estimate.Kind.RATE,
            position=position,
            treated=arm,
            served=seen.served_by_arm[arm.pk],
            n=seen.total(arm, "exposed"),
            reason="Not shown before the first planned look.",
        )
        for position, arm in enumerate(seen.arms)
    )


def _record_estimates(
    analysis: Analysis, outcome: PlannedOutcome, found: Comparison, seen: CampaignTallies, margin: float | None
) -> None:
    by_key = {arm.key: arm for arm in seen.arms}
    common = {"analysis": analysis, "outcome": outcome.outcome, "role": outcome.role}
    rows = [
        Estimate(
            **common,
            kind=Estimate.Kind.RATE,
            position=position,
            treated=by_key[arm.key],
            served=seen.served_by_arm[by_key[arm.key].pk],
            n=arm.counts.n,
            events=arm.counts.events,
            **_numbers(rate),
        )
        for position, (arm, rate) in enumerate(zip(found.arms, found.rates, strict=True))
    ]
    rows += [
        Estimate(
            **common,
            kind=Estimate.Kind.DIFFERENCE,
            position=position,
            treated=by_key[compared.treated],
            control=by_key[compared.control],
            p_adjusted=compared.p_adjusted,
            smallest_difference=margin,
            verdict=compared.verdict,
            more_per_arm=compared.more_per_arm,
            **({"reason": compared.hold_reason} | _numbers(compared.estimate)),
        )
        for position, compared in enumerate(found.comparisons)
    ]
    Estimate.objects.bulk_create(rows)


def _record_factorial(
    analysis: Analysis, outcome: PlannedOutcome, found: Comparison, campaign: Campaign, rules: Rules
) -> None:
    """The four arms that form victim x user, as the factorial they are."""
    frames = factorial_arms(campaign)
    if frames is None or rules.ordered:
        return
    counted = {arm.key: arm for arm in found.arms}
    cells = {frame: counted[arm.key] for frame, arm in frames.items()}
    terms = factorial_contrasts(
        neutral=cells["neutral"],
        victim=cells["victim"],
        user=cells["user"],
        both=cells["both"],
        rules=rules,
        withheld=found.withheld,
    )
    Estimate.objects.bulk_create(_term_row(analysis, outcome, frames, position, t) for position, t in enumerate(terms))


def _term_row(
    analysis: Analysis, outcome: PlannedOutcome, frames: dict[str, Arm], position: int, term: FactorialContrast
) -> Estimate:
    return Estimate(
        analysis=analysis,
        outcome=outcome.outcome,
        role=outcome.role,
        kind=Estimate.Kind.FACTORIAL,
        position=position,
        term=term.name,
        treated=frames[term.name if term.name in frames else "both"],
        p_adjusted=term.p_adjusted,
        smallest_difference=analysis.smallest_difference,
        verdict=term.verdict,
        **_numbers(term.estimate),
    )


def _numbers(estimate: Estimated | NotEstimable) -> dict[str, Any]:
    if isinstance(estimate, NotEstimable):
        return {"reason": estimate.reason}
    return {
        "effect": estimate.effect,
        "low": estimate.interval.low,
        "high": estimate.interval.high,
        "p_value": estimate.p_value,
        "method": estimate.method,
    }
