"""Whether the webhook of a plan has accepted a test, so that the first notice of harm is not the first delivery.

The worker sends the tests (analytics.notifications.webhook_test): web processes have no way out. It seals what was
answered: a row that says so and has no seal of this machine's key is no test.
"""

import hashlib
import json
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from campaign.models import AnalysisPlan, Campaign, WebhookTest
from messages.audit import log, signed_head

RETRY_AFTER = timedelta(minutes=10)
_KIND = "webhook test"
_BEFORE_LAUNCH = (Campaign.State.DRAFT, Campaign.State.SUBMITTED, Campaign.State.APPROVED)


def missing_test(plan: AnalysisPlan) -> str:
    """What is missing until the webhook is known to work, as a sentence; empty if nothing is."""
    test = _test_of_address(plan)
    if not plan.webhook or (test is not None and not test.failure):
        return ""
    if test is None:
        return _("Your own alert address is being tested. This takes about a minute.")
    sentence = _("Your own alert address did not accept a test (%(failure)s). We are trying again.")
    return sentence % {"failure": test.failure}


def plans_to_test(*, now: datetime) -> list[AnalysisPlan]:
    """The plans whose webhook is to be tested now, those without any test first."""
    plans = AnalysisPlan.objects.filter(frozen_at=None, campaign__state__in=_BEFORE_LAUNCH).exclude(webhook="")
    due = []
    for plan in plans.select_related("campaign").order_by("pk"):
        test = _test_of_address(plan)
        if test is None or (test.failure and abs(now - test.at) >= RETRY_AFTER):
            due.append((test is not None, plan))
    return [plan for _is_retry, plan in sorted(due, key=lambda pair: pair[0])]


def record_test(plan: AnalysisPlan, *, failure: str, now: datetime) -> None:
    """Record how the webhook answered, under the address that was tested."""
    test = WebhookTest(plan=plan, digest=_digest(plan.webhook), at=now, failure=failure)
    _seal(test)
    fields = {"digest": test.digest, "at": now, "failure": failure, "seal": test.seal}
    WebhookTest.objects.update_or_create(plan=plan, defaults=fields)


def seal_all_tests() -> None:
    """Seal all tests as they stand."""
    for test in WebhookTest.objects.order_by("plan"):
        _seal(test)
        test.save(update_fields=["seal"])


def _seal(test: WebhookTest) -> None:
    log.begin_signing()
    test.seal = signed_head.seal(_row_digest(test), of=_KIND)


def _row_digest(test: WebhookTest) -> str:
    parts = [test.plan_id, test.digest, int(test.at.timestamp()), test.failure]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _test_of_address(plan: AnalysisPlan) -> WebhookTest | None:
    """The last test, if it was of the address that the plan has now."""
    test = WebhookTest.objects.filter(plan=plan, digest=_digest(plan.webhook)).first()
    return test if test is not None and signed_head.is_sealed(_row_digest(test), test.seal, of=_KIND) else None


def _digest(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()
