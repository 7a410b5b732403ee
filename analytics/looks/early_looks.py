"""The worker answers who asked to look early: the look is made, and on record, once for each who asked.

The look and the note that it was made are two transactions, because what the first computes takes too long to keep
the others waiting. A crash between them leaves a look that says who asked, which is found the next time.
"""

from __future__ import annotations

from datetime import datetime

from django.db import DatabaseError

from analytics.embargo.access import is_embargoed
from analytics.embargo.request import embargo_exception_text
from analytics.looks.evaluate import MAX_EXCEPTION_LENGTH, NotEvaluable, evaluate
from analytics.models import Analysis, EarlyLook


def answer_all_requests(*, now: datetime) -> int:
    """Every look that was asked for and not made yet; how many were made."""
    waiting = EarlyLook.objects.filter(done_at=None).select_related("campaign", "by").order_by("asked_at", "pk")
    made, failure = 0, None
    for asked in waiting:
        try:
            made += answer_request(asked, now=now)
        except DatabaseError:
            raise
        except Exception as error:  # one that fails keeps no other waiting; the step ends as failed
            failure = error
    if failure is not None:
        raise failure
    return made


def answer_request(asked: EarlyLook, *, now: datetime) -> bool:
    """One of them; whether a look was made now. Nothing is looked at that the plan has meanwhile opened to all."""
    made, refused = False, ""
    said = embargo_exception_text(asked)[:MAX_EXCEPTION_LENGTH]
    already = Analysis.objects.filter(campaign=asked.campaign, exception=said, made_at__gte=asked.asked_at).exists()
    if not already and is_embargoed(asked.campaign):
        try:
            evaluate(asked.campaign, now=now, embargo_exception=said, by=asked.by.get_username())
            made = True
        except NotEvaluable as reason:
            refused = str(reason)[:200]
    EarlyLook.objects.filter(pk=asked.pk).update(done_at=now, refused=refused)
    return made
