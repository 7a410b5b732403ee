"""How much of a plan is done: people counted of those planned, or periods that are over and counted."""

from datetime import datetime

from django.conf import settings

from campaign.assignment.receipts import SECONDS_PER_HOUR
from campaign.models import AnalysisPlan


def plan_progress(plan: AnalysisPlan, *, people: int, now: datetime) -> float:
    """Return the share of the plan that is done.

    A period counts once its last receipts have closed; one more hour allows for the count. A look then never holds half
    a period, and when it comes does not depend on how many people came.
    """
    periods = plan.periods_from(plan.campaign.starts_at)
    if periods is None or not periods.count:
        return people / plan.planned_people
    counted = int(now.timestamp()) // SECONDS_PER_HOUR - settings.RECEIPT_LIFE_HOURS - 2
    if plan.campaign.ends_at is not None:  # closed early: the other periods never come
        counted = min(counted, int(plan.campaign.ends_at.timestamp()) // SECONDS_PER_HOUR)
    over = max((counted - periods.first) // periods.hours, 0)
    return min(over / periods.count, 1.0)
