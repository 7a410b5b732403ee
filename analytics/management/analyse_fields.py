"""The numbers of an estimate and of a verdict, as tables, JSON and sentences of `manage.py analyse` share them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypedDict

from analytics.comparison.compare import PairComparison
from analytics.comparison.inputs import Rules
from analytics.comparison.kinds import KindComparison
from analytics.stats import Estimate, NotEstimable
from campaign.outcomes import Outcome


class SentenceFields(TypedDict):
    """What the sentence of a comparison says of its outcome, its numbers and its verdict."""

    outcome: Outcome
    verdict: str
    effect: float
    low: float
    high: float
    level: float
    p_value: float | None
    p_adjusted: float | None
    smallest_difference: float | None
    reason: str


def sentence_fields(row: PairComparison | KindComparison, estimate: Estimate, rules: Rules) -> SentenceFields:
    """The fields that a sentence about these people and one about texts of a kind have in common."""
    return {
        "outcome": Outcome(key="", name="", phrase="had the outcome", better=rules.better),
        "verdict": row.verdict,
        "effect": estimate.effect,
        "low": estimate.interval.low,
        "high": estimate.interval.high,
        "level": rules.level,
        "p_value": estimate.p_value,
        "p_adjusted": row.p_adjusted,
        "smallest_difference": rules.smallest_difference,
        "reason": row.hold_reason,
    }


def numbers_as_dict(estimate: Estimate | NotEstimable) -> dict[str, Any]:
    """The numbers of an estimate for JSON, or why there are none."""
    if isinstance(estimate, NotEstimable):
        return {"effect": None, "interval": None, "p_value": None, "method": None, "reason": estimate.reason}
    return {
        "effect": estimate.effect,
        "interval": interval_as_dict(estimate),
        "p_value": estimate.p_value,
        "method": estimate.method,
        "reason": None,
    }


def interval_as_dict(estimate: Estimate | NotEstimable) -> Mapping[str, float] | None:
    """The interval of an estimate for JSON."""
    return None if isinstance(estimate, NotEstimable) else asdict(estimate.interval)
