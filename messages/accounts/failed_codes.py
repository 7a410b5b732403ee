"""Count wrong codes of second factors for each account, in the database, so that all roads and processes share them.

Five are free, then the wait doubles up to a quarter of an hour. Neither a right password nor a right code takes one off
the count, only time does: otherwise each sign-in of the owner would give a guesser five more. Guessing takes the
password, a session or a token, so a stranger makes nobody wait. Each process also remembers what it counted, so that
whoever takes the count out of the database by SQL gets no more guesses.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from messages.accounts.login_attempts import TooManyAttempts
from messages.accounts.throttle import CODE_POLICY, remaining_failures
from messages.audit import log
from messages.audit.log import Action
from messages.models import FailedCodes
from messages.staff_mail.mail import send_mail_if_possible

SOMEBODY = "somebody"  # the actor on record: it need not have been the owner
_MINUTE = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(seconds=CODE_POLICY.longest_seconds) + _MINUTE
_counted_here: dict[int, FailedCodes] = {}  # by account
# Doubling numbers: who goes on guessing fills neither the record nor the owner's mailbox.
_REPORTED = frozenset(CODE_POLICY.free_failures * 2**n for n in range(16))


def check_code_guess(user: User, is_right: Callable[[], bool], *, now: datetime) -> bool:
    """Check a code, and count it if it is wrong. Raises TooManyAttempts, without checking, if it comes too soon."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)  # guesses at the same time take turns
        counted = FailedCodes.objects.filter(user=user).first()
        here = _counted_here.get(user.pk)
        if seconds := max(_seconds_to_wait(counted, now), _seconds_to_wait(here, now)):
            raise TooManyAttempts(seconds)
        failures = max(_remaining(counted, now), _remaining(here, now))
        if is_right():
            if not failures:
                FailedCodes.objects.filter(user=user).delete()
                _counted_here.pop(user.pk, None)
            return True
        failures += 1
        values = {"failures": failures, "next_guess_at": _next_guess_at(failures, now)}
        _counted_here[user.pk], _ = FailedCodes.objects.update_or_create(user=user, defaults=values)
        if failures in _REPORTED:
            log.record_user(Action.CODES_GUESS, user, by=SOMEBODY, number=failures)
    if failures in _REPORTED:
        _tell_owner(user, failures)
    return False


def recent_failures(user: User, *, now: datetime) -> int:
    """How many wrong codes for an account are not forgotten yet."""
    return _remaining(FailedCodes.objects.filter(user=user).first(), now)


def _seconds_to_wait(counted: FailedCodes | None, now: datetime) -> float:
    wait = counted.next_guess_at - now if counted else timedelta()
    if wait > _LONGEST_WAIT:  # the clock was set back
        return 0.0
    return max(0.0, wait.total_seconds())


def _remaining(counted: FailedCodes | None, now: datetime) -> int:
    if counted is None:
        return 0
    return remaining_failures(counted.failures, idle_seconds=(now - counted.next_guess_at).total_seconds())


def _next_guess_at(failures: int, now: datetime) -> datetime:
    """The end of the wait, rounded up to the minute; without a wait the minute that has begun."""
    seconds = CODE_POLICY.wait(failures)
    end = (now + timedelta(seconds=seconds)).replace(second=0, microsecond=0)
    return end + _MINUTE if seconds else end


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
