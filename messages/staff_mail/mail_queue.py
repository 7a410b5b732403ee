"""Mails to members of staff: put in a queue by whatever they are about, and sent by the worker until one is accepted.

They are plain text in the language of the installation, go to confirmed addresses alone, and hold no count of visitors.
Each has a seal of this machine's key, of its words and of the address that it was queued for: who can write into the
database sends nobody words of theirs, and no alert to themselves.
"""

import hashlib
import json
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext as _

from messages.audit import log, signed_head
from messages.models import QueuedMail
from messages.staff_mail.mail import is_mail_possible, send_mail_if_possible
from messages.staff_mail.mailboxes import is_confirmed

MAX_TRIES = 20  # about a week
MAX_ROUND_SECONDS = 15.0
_MAX_DELAY = timedelta(hours=12)
_KIND = "queued mail"


class MailNotSent(Exception):
    """A mail was not accepted and will be tried again."""


class MailChanged(Exception):
    """Mails in the queue were not as this program queued them, and were not sent."""


def queue_mail(person: User, subject: str, text: str, *, now: datetime) -> bool:
    """Have a mail sent to a person whose address is confirmed; whether there will be one."""
    if not (is_mail_possible() and person.is_active and is_confirmed(person)):
        return False
    text = "\n\n".join([text, _("Choose which mails you get: %(link)s") % {"link": absolute(reverse("account:mail"))}])
    mail = QueuedMail(person=person, subject=" ".join(subject.split())[:200], text=text, due_at=now)
    _seal(mail)
    mail.save()
    return True


def absolute(path: str) -> str:
    """The address of a page of this site, for a mail."""
    return f"{settings.SITE_ADDRESS}{path}"


def send_queued_mails(*, now: datetime) -> int:
    """Send the mails that are due and return how many were sent; raise MailNotSent if some will be tried again.

    Drop those that are not as they were queued, and raise MailChanged: the step is then told as failing.
    """
    started, sent = time.monotonic(), 0
    changed = [mail.pk for mail in QueuedMail.objects.select_related("person") if not _is_sealed(mail)]
    QueuedMail.objects.filter(pk__in=changed).delete()
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
    if changed:
        raise MailChanged
    if QueuedMail.objects.filter(tries__gt=0).exists():
        raise MailNotSent
    return sent


def _try_again(mail: QueuedMail, now: datetime) -> None:
    mail.tries += 1
    if mail.tries >= MAX_TRIES:
        mail.delete()
        return
    mail.due_at = now + min(timedelta(minutes=2 ** min(mail.tries - 1, 12)), _MAX_DELAY)
    _seal(mail)
    mail.save(update_fields=["tries", "due_at", "seal"])


def _seal(mail: QueuedMail) -> None:
    log.begin_signing()
    mail.seal = signed_head.seal(_digest(mail), of=_KIND)


def _is_sealed(mail: QueuedMail) -> bool:
    return signed_head.is_sealed(_digest(mail), mail.seal, of=_KIND)


def _digest(mail: QueuedMail) -> str:
    parts = [mail.person_id, mail.person.email, mail.subject, mail.text, int(mail.due_at.timestamp())]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def seal_all_mails() -> None:
    """Seal all mails as they stand."""
    for mail in QueuedMail.objects.select_related("person"):
        _seal(mail)
        mail.save(update_fields=["seal"])
