"""Send a test to the webhook of each plan that is not launched yet. It carries no count and is no notice."""

import logging
import secrets
import time
from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from analytics.notifications import webhook
from campaign.lifecycle import webhook_tests
from campaign.models import AnalysisPlan

log = logging.getLogger(__name__)

MAX_ROUND_SECONDS = 15.0
KIND = "test"


def send_due_tests(*, now: datetime, send: Callable[[AnalysisPlan], None] | None = None) -> int:
    """Test the webhooks that are due, and return how many accepted."""
    started, accepted = time.monotonic(), 0
    for plan in webhook_tests.plans_to_test(now=now):
        if time.monotonic() - started > MAX_ROUND_SECONDS:
            break  # An unresponsive webhook must not block the worker's other steps.
        failure = ""
        try:
            (send or send_test)(plan)
        except DatabaseError:
            raise
        except Exception as error:  # Any error of a remote server. Its name, unlike its text, contains no address.
            failure = type(error).__name__[:80]
            log.warning("A webhook did not accept a test: %s", failure)
        webhook_tests.record_test(plan, failure=failure, now=now)
        accepted += not failure
    return accepted


def send_test(plan: AnalysisPlan) -> None:
    """Send one test, in the form of a notice."""
    campaign = plan.campaign
    with translation.override(settings.LANGUAGE_CODE):
        sentence = gettext("This is a test. If a message of “%(campaign)s” causes harm, the alert will arrive here.")
        payload = {
            "campaign": campaign.slug,
            "kind": KIND,
            "sentence": sentence % {"campaign": campaign.name},
            "page": f"{settings.SITE_ADDRESS}{reverse('campaign:detail', args=[campaign.slug])}",
        }
    webhook.post(plan.webhook, payload, idempotency_key=f"test-{secrets.token_hex(8)}")
