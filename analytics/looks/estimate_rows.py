"""Fields of the rows that a look records."""

from typing import Any

from analytics.models import Analysis
from analytics.stats import Estimate, NotEstimable
from campaign.models import PlannedOutcome


def common_fields(analysis: Analysis, outcome: PlannedOutcome) -> dict[str, Any]:
    """The fields of every row about an outcome."""
    return {"analysis": analysis, "outcome": outcome.outcome, "role": outcome.role}


def estimate_fields(estimate: Estimate | NotEstimable) -> dict[str, Any]:
    """The fields that hold an estimate, or the reason why there is none."""
    if isinstance(estimate, NotEstimable):
        return {"reason": estimate.reason}
    return {
        "effect": estimate.effect,
        "low": estimate.interval.low,
        "high": estimate.interval.high,
        "p_value": estimate.p_value,
        "method": estimate.method,
    }
