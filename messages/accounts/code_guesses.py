"""Count wrong codes of second factors for each account, in the database, so that all roads and processes share them.

The rule is that of messages.accounts.wrong_code_wait. Guessing takes the password, a session or a token, so a stranger
makes nobody wait. Each process also remembers what it counted, so that whoever takes the count out of the
database by SQL gets no more guesses.
"""

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from messages.accounts.login_attempts import TooManyAttempts
from messages.accounts.wrong_code_wait import WrongCodes
from messages.audit import log
from messages.audit.log import Action
from messages.models import FailedCodes
from messages.staff_mail.mail import send_mail_if_possible

SOMEBODY = "somebody"  # the actor on record: it need not have been the owner
_counted_here: dict[int, WrongCodes] = {}  # by account


def check_code_guess(user: User, is_right: Callable[[], bool], *, now: datetime) -> bool:
    """Check a code, and count it if it is wrong. Raises TooManyAttempts, without checking, if it comes too soon."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)  # guesses at the same time take turns
        counted = FailedCodes.objects.filter(user=user).first()
        wrong = _wrong_codes(counted).or_more(_counted_here.get(user.pk, WrongCodes()), now)
        if seconds := wrong.seconds_to_wait(now):
            raise TooManyAttempts(seconds)
        if is_right():
            if not wrong.remaining(now):
                FailedCodes.objects.filter(user=user).delete()
                _counted_here.pop(user.pk, None)
            return True
        _counted_here[user.pk] = wrong = wrong.after_another(now)
        values = {"failures": wrong.failures, "next_guess_at": wrong.next_guess_at}
        FailedCodes.objects.update_or_create(user=user, defaults=values)
        if wrong.is_reported:
            log.record_user(Action.CODES_GUESS, user, by=SOMEBODY, number=wrong.failures)
    if wrong.is_reported:
        _tell_owner(user, wrong.failures)
    return False


def recent_failures(user: User, *, now: datetime) -> int:
    """How many wrong codes for an account are not forgotten yet."""
    return _wrong_codes(FailedCodes.objects.filter(user=user).first()).remaining(now)


def _wrong_codes(counted: FailedCodes | None) -> WrongCodes:
    return WrongCodes(counted.failures, counted.next_guess_at) if counted else WrongCodes()


def _tell_owner(user: User, failures: int) -> None:
    if not user.email:
        return
    with translation.override(settings.LANGUAGE_CODE):  # not in the language that the guesser chose
        text = _(
            "Someone entered %(failures)d wrong codes for your account “%(name)s” at %(site)s. None of "
            "them was correct. This person knows your password, or has one of your sessions or API "
            "tokens.\n\nIf it was you, wait a few minutes and try again.\n\nIf it was not you, change your "
            "password and tell an administrator. Changing it signs you out of your other sessions and "
            "revokes your API tokens:\n%(link)s"
        ) % {
            "failures": failures,
            "name": user.get_username(),
            "site": settings.SITE_ADDRESS,
            "link": f"{settings.SITE_ADDRESS}{reverse('account:password')}",
        }
        send_mail_if_possible(user.email, _("Wrong codes for your account"), text)
