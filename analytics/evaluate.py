"""One look at a campaign: its frozen plan and its tallies become an Analysis with its Estimates, append-only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Min, Sum

from analytics.comparison import ArmCounts, Comparison, compare
from analytics.models import Analysis, Estimate, Tally
from analytics.stats import Counts, NotEstimable, omnibus, sample_ratio
from analytics.stats import Estimate as Estimated
from campaign.lifecycle import margin_of
from campaign.models import AnalysisPlan, Arm, Campaign, PlannedOutcome, ServedCount
from campaign.outcomes import CATALOGUE


class NotEvaluable(Exception):
    """There is nothing to evaluate; the message says why, for a person."""


@transaction.atomic
def evaluate(campaign: Campaign, *, now: datetime) -> Analysis:
    """Compare the arms as the frozen plan says, on closed views alone, and put the look on record."""
    plan = AnalysisPlan.objects.filter(campaign=campaign).first()
    if plan is None or plan.frozen_at is None:
        raise NotEvaluable("This campaign has no frozen plan yet: launch it first.")
    arms = list(campaign.arms.select_related("revision__message"))
    planned = sorted(plan.outcomes.all(), key=lambda outcome: outcome.role != PlannedOutcome.Role.PRIMARY)
    looks = {outcome.outcome: _compare(arms, outcome, plan) for outcome in planned}
    primary = planned[0].outcome
    analysis = _record_look(campaign, plan, primary, looks[primary], arms, now=now)
    for outcome in planned:
        _record_estimates(analysis, outcome, looks[outcome.outcome], arms, plan)
    return analysis


def _compare(arms: Sequence[Arm], planned: PlannedOutcome, plan: AnalysisPlan) -> Comparison:
    seen, did = _totals(arms, "exposed"), _totals(arms, planned.outcome)
    return compare(
        [ArmCounts(arm.key, Counts(n=seen[arm.pk], events=did[arm.pk]), weight=arm.weight) for arm in arms],
        [(treated, control) for treated, control in plan.comparisons],
        level=plan.level,
        smallest_difference=margin_of(plan, planned),
        lower_is_better=CATALOGUE[planned.outcome].better == "lower",
    )


def _totals(arms: Sequence[Arm], outcome: str) -> dict[int, int]:
    sums = Tally.objects.filter(arm__in=arms, outcome=outcome).order_by().values_list("arm").annotate(Sum("count"))
    return {arm.pk: 0 for arm in arms} | dict(sums)


def _served(arms: Sequence[Arm]) -> dict[int, int]:
    sums = ServedCount.objects.filter(arm__in=arms).order_by().values_list("arm").annotate(Sum("count"))
    return {arm.pk: 0 for arm in arms} | dict(sums)


def _record_look(
    campaign: Campaign, plan: AnalysisPlan, primary: str, look: Comparison, arms: Sequence[Arm], *, now: datetime
) -> Analysis:
    days = Tally.objects.filter(arm__in=arms).aggregate(first=Min("day"), last=Max("day"))
    last = Analysis.objects.filter(campaign=campaign).aggregate(Max("look"))["look__max"] or 0
    ratio = look.sample_ratio if isinstance(look.sample_ratio, sample_ratio.SampleRatio) else None
    test = look.omnibus if isinstance(look.omnibus, omnibus.Omnibus) else None
    return Analysis.objects.create(
        campaign=campaign,
        look=last + 1,
        made_at=now,
        plan_fingerprint=plan.fingerprint,
        outcome=primary,
        level=plan.level,
        smallest_difference=plan.smallest_difference,
        from_day=days["first"],
        to_day=days["last"],
        sample_ratio=ratio.status if ratio else Analysis.SampleRatio.UNKNOWN,
        sample_ratio_p=ratio.p_value if ratio else None,
        reach_p=_reach_p(arms),
        omnibus_statistic=test.statistic if test else None,
        omnibus_df=test.df if test else None,
        omnibus_p=test.p_value if test else None,
    )


def _reach_p(arms: Sequence[Arm]) -> float | None:
    """Whether messages that were sent reach the screen equally often: chi-square over seen and sent, per arm."""
    sent, seen = _served(arms), _totals(arms, "exposed")
    reach = [Counts(n=max(sent[arm.pk], seen[arm.pk]), events=seen[arm.pk]) for arm in arms]
    if all(counts.n == counts.events for counts in reach):
        return 1.0 if any(counts.n for counts in reach) else None
    test = omnibus.chi_square(reach)
    return None if isinstance(test, NotEstimable) else test.p_value


def _record_estimates(
    analysis: Analysis, planned: PlannedOutcome, look: Comparison, arms: Sequence[Arm], plan: AnalysisPlan
) -> None:
    by_key = {arm.key: arm for arm in arms}
    sent = _served(arms)
    common = {"analysis": analysis, "outcome": planned.outcome, "role": planned.role}
    rows = [
        Estimate(
            **common,
            kind=Estimate.Kind.RATE,
            position=position,
            treated=by_key[arm.key],
            served=sent[by_key[arm.key].pk],
            n=arm.counts.n,
            events=arm.counts.events,
            **_numbers(rate),
        )
        for position, (arm, rate) in enumerate(zip(look.arms, look.rates, strict=True))
    ]
    rows += [
        Estimate(
            **common,
            kind=Estimate.Kind.DIFFERENCE,
            position=position,
            treated=by_key[compared.treated],
            control=by_key[compared.control],
            p_adjusted=compared.p_adjusted,
            smallest_difference=margin_of(plan, planned),
            verdict=compared.verdict,
            more_per_arm=compared.more_per_arm,
            **_numbers(compared.estimate),
        )
        for position, compared in enumerate(look.comparisons)
    ]
    Estimate.objects.bulk_create(rows)


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
