"""Send notices: an e-mail to each recipient and a request to the plan's webhook, retried until they are accepted.

A delivery is recorded after it is sent. An interruption in between therefore sends it twice and never loses it; both
copies carry the same Message-ID or Idempotency-Key. Retries start after a minute and back off exponentially to twelve
hours. After MAX_ATTEMPTS the delivery is abandoned, and the watch page says so.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import DatabaseError
from django.urls import reverse
from django.utils import translation

from analytics.models import Notice, NoticeDelivery
from analytics.notifications import result_mails, webhook
from analytics.notifications.wording import email_subject_and_text, notice_sentence
from campaign.models import AnalysisPlan

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 20  # about a week
MAX_ROUND_SECONDS = 15.0
_MAX_DELAY = timedelta(hours=12)
Sender = Callable[[NoticeDelivery], None]


class NoticeNotSent(Exception):
    """A delivery failed and will be retried."""


def send_due_notices(*, now: datetime, send: Sender | None = None) -> int:
    """Attempt all due deliveries and return how many succeeded; raise NoticeNotSent if any will be retried."""
    due = NoticeDelivery.objects.filter(sent_at=None, tries__lt=MAX_ATTEMPTS, due_at__lte=now)
    started, sent = time.monotonic(), 0
    for delivery in due.select_related("notice__campaign", "person").order_by("due_at", "pk"):
        if time.monotonic() - started > MAX_ROUND_SECONDS:
            break  # An unresponsive mail server must not block the worker's other steps.
        sent += attempt_delivery(delivery, now=now, send=send or send_notice)
    if NoticeDelivery.objects.filter(sent_at=None, tries__gt=0, tries__lt=MAX_ATTEMPTS).exists():
        raise NoticeNotSent
    return sent


def attempt_delivery(delivery: NoticeDelivery, *, now: datetime, send: Sender) -> bool:
    """Send one delivery and record the success, or the failure and the time of the next attempt."""
    try:
        send(delivery)
    except DatabaseError:
        raise
    except Exception as error:  # Any error of a remote server. Its name, unlike its text, contains no address.
        delivery.tries += 1
        delivery.failure = type(error).__name__[:80]
        delivery.due_at = now + min(timedelta(minutes=2 ** min(delivery.tries - 1, 12)), _MAX_DELAY)
        delivery.save(update_fields=["tries", "failure", "due_at"])
        log.warning("A notice was not delivered (%s), attempt %s", delivery.failure, delivery.tries)
        return False
    delivery.sent_at, delivery.failure = now, ""
    delivery.save(update_fields=["sent_at", "failure"])
    return True


def send_notice(delivery: NoticeDelivery) -> None:
    """Send one delivery to its person or to the webhook, in the language of the installation."""
    with translation.override(settings.LANGUAGE_CODE):
        if delivery.person is None:
            _send_to_webhook(delivery)
        else:
            _send_to_person(delivery)


def _send_to_person(delivery: NoticeDelivery) -> None:
    person = delivery.person
    if person is None or not (person.is_active and person.email):
        return  # The account was closed or has no address any more.
    if delivery.notice.kind == Notice.Kind.LOOK:
        if person not in result_mails.recipients_of(result_mails.look_of(delivery.notice)):
            return  # They do not want it any more, or have no role.
        subject, text = result_mails.result_subject_and_text(delivery.notice)
    else:
        subject, text = email_subject_and_text(delivery.notice, page_url=dashboard_url(delivery.notice))
    # The same for every copy, so that mail clients recognise duplicates.
    message_id = f"<notice-{delivery.notice_id}-{delivery.pk}@{urlsplit(settings.SITE_ADDRESS).hostname}>"
    mail = EmailMessage(subject, text, settings.DEFAULT_FROM_EMAIL, [person.email], headers={"Message-ID": message_id})
    if not mail.send():
        raise NoticeNotSent


def _send_to_webhook(delivery: NoticeDelivery) -> None:
    notice = delivery.notice
    plan = AnalysisPlan.objects.get(campaign=notice.campaign)
    payload = {
        "campaign": notice.campaign.slug,
        "kind": notice.kind,
        "sentence": notice_sentence(notice),
        "page": dashboard_url(notice),
    }
    webhook.post(plan.webhook, payload, idempotency_key=f"notice-{notice.pk}")


def dashboard_url(notice: Notice) -> str:
    """Return the absolute URL of the campaign's watch page."""
    return f"{settings.SITE_ADDRESS}{reverse('analytics:watch', args=[notice.campaign.slug])}"
