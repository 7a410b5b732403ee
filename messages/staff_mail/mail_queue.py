"""Mails to members of staff: put in a queue by whatever they are about, and sent by the worker until one is accepted.

They are plain text in the language of the installation, go to confirmed addresses alone, and hold no count of visitors.
"""

import time
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext as _

from messages.models import QueuedMail
from messages.staff_mail.mail import is_mail_possible, send_mail_if_possible
from messages.staff_mail.mailboxes import is_confirmed

MAX_TRIES = 20  # about a week
MAX_ROUND_SECONDS = 15.0
_MAX_DELAY = timedelta(hours=12)


class MailNotSent(Exception):
    """A mail was not accepted and will be tried again."""


def queue_mail(person: User, subject: str, text: str, *, now: datetime) -> bool:
    """Have a mail sent to a person whose address is confirmed; whether there will be one."""
    if not (is_mail_possible() and person.is_active and is_confirmed(person)):
        return False
    text = "\n\n".join([text, _("Choose which mails you get: %(link)s") % {"link": absolute(reverse("account:mail"))}])
    QueuedMail.objects.create(person=person, subject=" ".join(subject.split())[:200], text=text, due_at=now)
    return True


def absolute(path: str) -> str:
    """The address of a page of this site, for a mail."""
    return f"{settings.SITE_ADDRESS}{path}"


def send_queued_mails(*, now: datetime) -> int:
    """Send the mails that are due and return how many were sent; raise MailNotSent if some will be tried again."""
    started, sent = time.monotonic(), 0
    for mail in QueuedMail.objects.filter(due_at__lte=now).select_related("person"):
        if time.monotonic() - started > MAX_ROUND_SECONDS:
            break  # An unresponsive mail server must not block the worker's other steps.
        if not (mail.person.is_active and is_confirmed(mail.person)):
            mail.delete()
        elif send_mail_if_possible(mail.person.email, mail.subject, mail.text, may_print=True):
            mail.delete()
            sent += 1
        else:
            _try_again(mail, now)
    if QueuedMail.objects.filter(tries__gt=0).exists():
        raise MailNotSent
    return sent


def _try_again(mail: QueuedMail, now: datetime) -> None:
    mail.tries += 1
    if mail.tries >= MAX_TRIES:
        mail.delete()
        return
    mail.due_at = now + min(timedelta(minutes=2 ** min(mail.tries - 1, 12)), _MAX_DELAY)
    mail.save(update_fields=["tries", "due_at"])
