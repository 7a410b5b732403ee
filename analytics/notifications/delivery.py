"""Notices on their way: one e-mail to each person, one note to the plan's webhook, each until it is taken.

What is sent is noted afterwards. So a stop between the two sends it once more, and nothing is ever lost: at most one
duplicate for each stop. Both copies carry the same Message-ID or Idempotency-Key, by which a reader can tell. What is
not taken is tried again, at first after a minute, then after twice as long each time, at most twelve hours; after
MOST_TRIES it is given up, which the watch page says.
"""

from __future__ import annotations

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

from analytics.models import Notice, Telling
from analytics.notifications import webhook
from analytics.notifications.wording import email_subject_and_text, notice_sentence
from campaign.models import AnalysisPlan

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 20  # about a week
MAX_ROUND_SECONDS = 15.0  # seconds of one round
_LONGEST = timedelta(hours=12)
Sender = Callable[[Telling], None]


class NoticeNotSent(Exception):
    """Somebody could not be told of a notice, and it is tried again."""


def send_due_notices(*, now: datetime, send: Sender | None = None) -> int:
    """Send whatever is due; how many were taken. NoticeNotSent, once all are tried, while one waits that failed."""
    due = Telling.objects.filter(sent_at=None, tries__lt=MAX_ATTEMPTS, due_at__lte=now)
    began, taken = time.monotonic(), 0
    for telling in due.select_related("notice__campaign", "person").order_by("due_at", "pk"):
        if time.monotonic() - began > MAX_ROUND_SECONDS:
            break  # a silent mail server must not keep the worker from its other steps
        taken += attempt_delivery(telling, now=now, send=send or send_notice)
    if Telling.objects.filter(sent_at=None, tries__gt=0, tries__lt=MAX_ATTEMPTS).exists():
        raise NoticeNotSent
    return taken


def attempt_delivery(telling: Telling, *, now: datetime, send: Sender) -> bool:
    """One of them: sent, then noted; or what stopped it, and when it is tried again."""
    try:
        send(telling)
    except DatabaseError:
        raise
    except Exception as error:  # a mail server and somebody's web site can fail in any way; the name holds nobody
        telling.tries += 1
        telling.failure = type(error).__name__[:80]
        telling.due_at = now + min(timedelta(minutes=2 ** min(telling.tries - 1, 12)), _LONGEST)
        telling.save(update_fields=["tries", "failure", "due_at"])
        log.warning("A notice was not taken (%s), try %s", telling.failure, telling.tries)
        return False
    telling.sent_at, telling.failure = now, ""
    telling.save(update_fields=["sent_at", "failure"])
    return True


def send_notice(telling: Telling) -> None:
    """To its person or to the webhook, in the language of the installation: nobody reads it at a page."""
    with translation.override(settings.LANGUAGE_CODE):
        if telling.person is None:
            _to_webhook(telling)
        else:
            _to_person(telling)


def _to_person(telling: Telling) -> None:
    person = telling.person
    if person is None or not (person.is_active and person.email):
        return  # gone meanwhile: nobody is left to tell
    subject, text = email_subject_and_text(telling.notice, page_url=dashboard_url(telling.notice))
    # Named for the telling, so that a second copy is seen to be one.
    name = f"<notice-{telling.notice_id}-{telling.pk}@{urlsplit(settings.SITE_ADDRESS).hostname}>"
    mail = EmailMessage(subject, text, settings.DEFAULT_FROM_EMAIL, [person.email], headers={"Message-ID": name})
    if not mail.send():
        raise NoticeNotSent


def _to_webhook(telling: Telling) -> None:
    notice = telling.notice
    plan = AnalysisPlan.objects.get(campaign=notice.campaign)
    told = {
        "campaign": notice.campaign.slug,
        "kind": notice.kind,
        "sentence": notice_sentence(notice),
        "page": dashboard_url(notice),
    }
    webhook.post(plan.webhook, told, idempotency_key=f"notice-{notice.pk}")


def dashboard_url(notice: Notice) -> str:
    """The address of the watch page."""
    return f"{settings.SITE_ADDRESS}{reverse('analytics:watch', args=[notice.campaign.slug])}"
