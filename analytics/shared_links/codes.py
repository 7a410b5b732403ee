"""One-time codes that open a shared link: asked for by its page, mailed by the worker, used once.

The page asks for the address and answers the same whether it is the right one, in the same time: the worker mails.
Guessing takes the link, so a stranger makes nobody wait; wrong codes count as those of second factors do.
"""

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from analytics.models import SharedLink
from analytics.shared_links.links import LinkOver, address_of, find_link_by_number, normalize, record
from messages.accounts.code_guesses import SOMEBODY
from messages.accounts.login_attempts import TooManyAttempts
from messages.accounts.wrong_code_wait import WrongCodes
from messages.audit.log import Action
from messages.staff_mail.mail import send_mail_if_possible

CODE_MINUTES = 10
_LIFE = timedelta(minutes=CODE_MINUTES)
_REST = timedelta(minutes=1)  # between two codes, whoever asks
_DIGITS = 8
_counted_here: dict[str, WrongCodes] = {}  # so that whoever resets the count by SQL gets no more guesses


def ask_for_code(link: SharedLink, *, address: str, language: str, now: datetime) -> None:
    """Have a code mailed if the address is the one that the link was given to."""
    is_right = constant_time_compare(normalize(address), address_of(link))
    rests = link.code_until is not None and now < link.code_until - _LIFE + _REST <= now + _REST
    is_wanted = link.is_code_wanted or (is_right and not rests)
    SharedLink.objects.filter(pk=link.pk).update(is_code_wanted=is_wanted, language=language)


def mail_codes(*, now: datetime) -> int:
    """Mail the codes that were asked for; return how many the mail server took."""
    wanted = SharedLink.objects.filter(is_code_wanted=True).values_list("pk", flat=True)
    return sum(_mail_code(pk, now=now) for pk in list(wanted))


def check_code(link: SharedLink, code: str, *, now: datetime) -> bool:
    """Check a code: it is right once. Raises TooManyAttempts, without checking, if it comes too soon, or LinkOver."""
    with transaction.atomic():
        locked = SharedLink.objects.select_for_update().select_related("campaign").filter(pk=link.pk).first()
        if locked is None:
            raise LinkOver
        counted = WrongCodes(locked.failures, locked.next_guess_at)
        wrong = counted.or_more(_counted_here.get(locked.digest, WrongCodes()), now)
        if seconds := wrong.seconds_to_wait(now):
            raise TooManyAttempts(seconds)
        is_fresh = locked.code_until is not None and now < locked.code_until <= now + _LIFE
        typed = "".join(character for character in code if character.isdecimal())
        if is_fresh and constant_time_compare(_code_digest(locked, typed), locked.code):
            locked.code = ""
            locked.save(update_fields=["code"])
            record(Action.LINK_OPEN, locked, by=str(locked))
            return True
        _counted_here[locked.digest] = wrong = wrong.after_another(now)
        locked.failures, locked.next_guess_at = wrong.failures, wrong.next_guess_at
        if wrong.are_free_ones_used:
            locked.code = ""  # a new one has to be asked for
        locked.save(update_fields=["failures", "next_guess_at", "code"])
        if wrong.is_reported:
            record(Action.LINK_GUESS, locked, by=SOMEBODY, wrong=wrong.failures)
    return False


def wrong_code_message() -> str:
    """What the page says of a code that does not open the link."""
    return _(
        "That code is not correct, or it is too old, or it was used. After several wrong codes, ask for a new one."
    )


def _mail_code(pk: int, *, now: datetime) -> bool:
    with transaction.atomic():
        link = SharedLink.objects.select_for_update().filter(pk=pk, is_code_wanted=True).first()
        if link is None:
            return False
        code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}d}"
        link.is_code_wanted, link.code, link.code_until = False, _code_digest(link, code), now + _LIFE
        link.save(update_fields=["is_code_wanted", "code", "code_until"])
    try:
        working = find_link_by_number(pk, now=now)
    except LinkOver:
        return False
    with translation.override(working.language or settings.LANGUAGE_CODE):
        text = _(
            "Your code is %(code)s\n\nIt works once, within %(minutes)d minutes, on the page where you asked for it."
            "\n\n"
            "If you did not ask for a code, you can ignore this. Nobody can read anything without it."
        ) % {"code": f"{code[:4]} {code[4:]}", "minutes": CODE_MINUTES}
        return send_mail_if_possible(address_of(working), _("Your code"), text, may_print=True)


def _code_digest(link: SharedLink, code: str) -> str:
    """A code as it is stored: under a key, because all codes could be tried against a plain hash."""
    return salted_hmac("shared link", f"{link.digest} {code}", algorithm="sha256").hexdigest()
