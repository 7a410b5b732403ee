"""Which address of a person has answered, by a code that was sent there, and which mail they want."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from messages.audit import log
from messages.models import Mailbox
from messages.staff_mail.mail import is_mail_possible, send_mail_if_possible
from messages.text.typed_codes import clean_code

CODE_LIFE = timedelta(hours=1)
SEND_AGAIN_AFTER = timedelta(minutes=1)
MOST_WRONG_CODES = 5


class StepRecorder(Protocol):
    """Records a step on an account: `recorded_accounts.record_step`, which this package may not import."""

    def __call__(self, action: log.Action, user: User, *, by: User) -> object: ...


class CodeNotSent(Exception):
    """No code was sent; the message says why, for the person who asked."""


def is_confirmed(user: User) -> bool:
    """Whether a mail to this person's address was answered."""
    return bool(confirmed_people([user]))


def confirmed_people(people: Iterable[User]) -> list[User]:
    """Return those of these people whose address has answered."""
    people = list(people)
    answered = dict(Mailbox.objects.filter(user__in=people).values_list("user", "confirmed"))
    return [person for person in people if person.email and answered.get(person.pk) == person.email]


def mailbox_of(user: User) -> Mailbox:
    """Return what is known of a person's mail; a new row if nothing is."""
    return Mailbox.objects.filter(user=user).first() or Mailbox(user=user)


def send_code(user: User, address: str, *, now: datetime) -> None:
    """Send a code to an address; raise CodeNotSent. Once typed here, the address is this person's."""
    if not is_mail_possible():
        raise CodeNotSent(_("This site has no mail server. Ask whoever runs it to set one up."))
    mailbox = mailbox_of(user)
    if mailbox.code_until and now < mailbox.code_until - CODE_LIFE + SEND_AGAIN_AFTER:
        raise CodeNotSent(_("A code was sent less than a minute ago. Wait a moment, then ask for another."))
    code = f"{secrets.randbelow(10**6):06}"
    text = _(
        "Your code for Second Thought is %(code)s.\n\nEnter it on the page where you asked for it, within an hour. It "
        "shows that mail reaches you here.\n\nIf you did not ask for it, you can ignore this mail."
    ) % {"code": f"{code[:3]} {code[3:]}"}
    if not send_mail_if_possible(address, _("Confirm your email address"), text, may_print=True):
        raise CodeNotSent(_("The mail server did not accept the mail. Check the address, or try again later."))
    mailbox.pending, mailbox.code_digest = address, _digest(code)
    mailbox.code_until, mailbox.wrong_codes = now + CODE_LIFE, 0
    mailbox.save()


@transaction.atomic
def confirm_by_code(user: User, code: str, *, now: datetime, record: StepRecorder = log.record_user) -> bool:
    """Make the address to which the code was sent this person's, if the code is right and not used up."""
    mailbox = Mailbox.objects.select_for_update().filter(user=user).exclude(code_digest="").first()
    if mailbox is None or mailbox.code_until is None or now > mailbox.code_until:
        return False
    if not secrets.compare_digest(mailbox.code_digest, _digest(clean_code(code))):
        mailbox.wrong_codes += 1
        if mailbox.wrong_codes >= MOST_WRONG_CODES:
            mailbox.code_digest = ""
        mailbox.save(update_fields=["wrong_codes", "code_digest"])
        return False
    confirm(user, mailbox.pending, record=record)
    return True


@transaction.atomic
def confirm(user: User, address: str, *, record: StepRecorder = log.record_user) -> None:
    """Take it that mail to this address reaches this person, and make it theirs. The earlier address is told."""
    earlier = user.email
    user.email = address
    user.save(update_fields=["email"])
    fields = {"confirmed": address, "pending": "", "code_digest": "", "code_until": None, "wrong_codes": 0}
    Mailbox.objects.update_or_create(user=user, defaults=fields)
    record(log.Action.ADDRESS_CONFIRM, user, by=user)
    if earlier and earlier != address:
        text = _(
            "The email address of “%(name)s” at Second Thought was changed to another one. If you did not do this, "
            "tell an administrator."
        ) % {"name": user.get_username()}
        transaction.on_commit(lambda: send_mail_if_possible(earlier, _("Your email address was changed"), text))


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()
