"""The cross-checks of a look as they are stored: those of the primary outcome, and of guardrails with a margin."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from analytics.comparison import grouped
from analytics.comparison.compare import Comparison
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.comparison.network_influence import largest_move
from analytics.comparison.not_worse import not_worse_p
from analytics.comparison.sensitivity import run_cross_checks
from analytics.looks.meta_analysis import pool_comparisons
from campaign.models import AnalysisPlan


def stored_checks(
    plan: AnalysisPlan, comparisons: Mapping[str, Comparison], rules: Mapping[str, Rules], *, primary: str
) -> dict[str, Any]:
    """Compute the cross-checks of a look as JSON-compatible values."""
    comparison, primary_rules = comparisons[primary], rules[primary]
    pairs = [(pair.treated, pair.control) for pair in comparison.comparisons]
    arms = {arm.key: arm for arm in comparison.arms}
    checks = asdict(run_cross_checks(comparison.arms, pairs, primary_rules))
    for pair, stored in zip(comparison.comparisons, checks["pairs"], strict=True):
        stored |= {"network_move": pair.network_move, "networks": pair.networks}
        if primary_rules.is_grouped:
            counts = [arms[key].counts for key in (pair.treated, pair.control)]
            stored["design_effect"] = grouped.design_effect(pair.estimate, *counts)
    pooled = (
        ()
        if primary_rules.is_grouped
        else pool_comparisons(plan.campaign, comparison.arms, outcome=primary, level=plan.level)
    )
    checks["pooled"] = [asdict(row) for row in pooled]
    checks["guardrails"] = _guardrail_checks(plan, comparisons, rules)
    return checks


def _guardrail_checks(
    plan: AnalysisPlan, comparisons: Mapping[str, Comparison], rules: Mapping[str, Rules]
) -> list[dict[str, Any]]:
    """Of each guardrail with a margin, whether each arm is shown to be no worse than the control by as much."""
    control = plan.campaign.arms.get(is_control=True).key
    return [
        {
            "outcome": planned.outcome,
            "treated": arm.key,
            "control": control,
            "margin": planned.harm_margin,
            **_not_worse(arm, by_key[control], rules[planned.outcome], margin=planned.harm_margin),
        }
        for planned in plan.outcomes.filter(harm_margin__gt=0)
        if planned.harm_margin is not None
        for by_key in [{arm.key: arm for arm in comparisons[planned.outcome].arms}]
        for arm in by_key.values()
        if arm.key != control
    ]


def _not_worse(arm: ArmCounts, control: ArmCounts, rules: Rules, *, margin: float) -> dict[str, Any]:
    """The test, and whether one network alone could have made it succeed, at half the error."""
    p_value, half = not_worse_p(arm, control, rules, margin=margin), (1 - rules.level) / 2
    if p_value is None or p_value >= half:
        return {"p_value": p_value, "by_one_network": False}
    both = [arm.counts, control.counts]
    move = largest_move(
        [counts.n for counts in both], [counts.proportion for counts in both], views=rules.views_per_network
    )
    without = not_worse_p(arm, control, rules, margin=margin - move) if move < margin else None
    return {"p_value": p_value, "by_one_network": without is None or without >= half}
