"""Record the early looks that analysts requested.

The look and the end of its request are two transactions, because an evaluation takes too long to hold locks for. After
a crash between them, the look is found by the text that names who requested it.
"""

from datetime import datetime

from django.db.models import QuerySet

from analytics.embargo.access import is_embargoed
from analytics.embargo.request import embargo_exception_text
from analytics.looks.evaluate import MAX_EXCEPTION_LENGTH, NotEvaluable, evaluate
from analytics.models import Analysis, EarlyLook


def pending_requests() -> QuerySet[EarlyLook]:
    """Requests without an answer, oldest first."""
    return EarlyLook.objects.filter(done_at=None).select_related("campaign", "by").order_by("asked_at", "pk")


def record_early_look(request: EarlyLook, *, now: datetime) -> int:
    """Answer a request and return how many looks that took; none if the embargo has ended meanwhile."""
    recorded, refused = 0, ""
    exception = embargo_exception_text(request)[:MAX_EXCEPTION_LENGTH]
    looks = Analysis.objects.filter(campaign=request.campaign, exception=exception, made_at__gte=request.asked_at)
    if not looks.exists() and is_embargoed(request.campaign):
        try:
            evaluate(request.campaign, now=now, embargo_exception=exception, by=request.by.get_username())
            recorded = 1
        except NotEvaluable as reason:
            refused = str(reason)[:200]
    EarlyLook.objects.filter(pk=request.pk).update(done_at=now, refused=refused)
    return recorded
