"""Second factors: an app, passkeys, recovery codes. django-allauth keeps them and does the ceremonies.

What passkeys need is loaded when somebody first uses one: it takes 10 MB, which a web process has better uses for.
"""

from __future__ import annotations

import hmac
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as app
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authtoken.models import Token

from messages.accounts import sessions
from messages.audit import log
from messages.audit.log import Action

APP, PASSKEY, CODES = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN, Authenticator.Type.RECOVERY_CODES)


class LastFactor(Exception):
    """Somebody's only second factor stays; they add another first."""


def factors_of(user: User) -> list[Authenticator]:
    """Someone's app and passkeys; recovery codes are no factor by themselves."""
    return list(Authenticator.objects.filter(user=user, type__in=(APP, PASSKEY)).order_by("created_at"))


def has_factor(user: User) -> bool:
    """Whether someone has set up a second factor."""
    return bool(Authenticator.objects.filter(user=user, type__in=(APP, PASSKEY)).exists())


def user_ids_with_factor() -> set[int]:
    """The numbers of all accounts with a second factor."""
    return set(Authenticator.objects.filter(type__in=(APP, PASSKEY)).values_list("user_id", flat=True))


def passkey_name(factor: Authenticator) -> str:
    """What its owner called a passkey; empty for the app."""
    return str(factor.data.get("name", ""))


def unused_code_count(user: User) -> int:
    """How many recovery codes were not used yet."""
    held = Authenticator.objects.filter(user=user, type=CODES).first()
    try:
        return len(RecoveryCodes(held).get_unused_codes()) if held else 0
    except ValueError:  # sealed under a key that is lost
        return 0


# An authenticator app


def app_secret(request: HttpRequest, *, renew: bool) -> str:
    """The secret that is being set up; it stays in the session until a code proves it."""
    if renew or app.SECRET_SESSION_KEY not in request.session:
        request.session[app.SECRET_SESSION_KEY] = app.generate_totp_secret()
    return str(request.session[app.SECRET_SESSION_KEY])


def otpauth_url(user: User, secret: str) -> str:
    """The otpauth:// address that the app reads from the picture."""
    return str(get_adapter().build_totp_url(user, secret))


def qr_code_svg(address: str) -> str:
    """The same as a QR code in SVG."""
    return str(get_adapter().build_totp_svg(address))


@transaction.atomic
def add_app(request: HttpRequest, user: User, code: str) -> list[str] | None:
    """Keep the app if its code is right: the recovery codes made with it, or None if the code is wrong."""
    secret = app_secret(request, renew=False)
    counter = _matching(secret, code)
    if counter is None:
        return None
    kept = app.TOTP.activate(user, secret).instance
    kept.data["counter"] = counter
    kept.save()
    del request.session[app.SECRET_SESSION_KEY]
    return _added(user, "an authenticator app")


def _matching(secret: str, code: str) -> int | None:
    """The half-minute whose code this is, of those that are near."""
    digits = code.replace(" ", "").encode()
    for counter in app.yield_hotp_counters_from_time():
        expected = app.format_hotp_value(app.hotp_value(secret, counter)).encode()
        if hmac.compare_digest(digits, expected):
            return int(counter)
    return None


# Passkeys


def begin_passkey_registration(user: User) -> dict[str, Any]:
    """What the browser needs to make a new passkey."""
    from allauth.mfa.webauthn.internal import auth

    return dict(auth.begin_registration(user, False))


@transaction.atomic
def add_passkey(user: User, *, name: str, credential: Any) -> list[str] | None:
    """Keep a passkey that the browser made: the recovery codes made with it, or None if it does not hold."""
    from allauth.mfa.webauthn.internal import auth

    try:
        auth.parse_registration_response(credential)
        auth.complete_registration(credential)
    except (ValidationError, ValueError, TypeError, KeyError):
        return None
    auth.WebAuthn.add(user, name, credential)
    return _added(user, "a passkey")


def begin_passkey_authentication(user: User) -> dict[str, Any] | None:
    """What the browser needs to ask for one of someone's passkeys; None if they have none."""
    if not Authenticator.objects.filter(user=user, type=PASSKEY).exists():
        return None
    from allauth.mfa.webauthn.internal import auth

    return dict(auth.begin_authentication(user))


# Checking one


def check_passkey(user: User, credential: Any) -> bool:
    """Whether the browser's answer was made by one of someone's passkeys."""
    from allauth.mfa.webauthn.internal import auth

    try:
        auth.parse_authentication_response(credential)
        found = auth.complete_authentication(user, credential)
    except (ValidationError, ValueError, TypeError, KeyError):
        return False
    _used(found)
    return True


@transaction.atomic
def check_code(user: User, code: str) -> bool:
    """Whether this is a code of the app that was not used before, or a recovery code that was not."""
    held = Authenticator.objects.select_for_update().filter(user=user, type=APP).first()
    if held is not None:
        counter = _opened_and_matching(held, code)
        if counter is not None and counter > held.data.get("counter", 0):
            held.data["counter"] = counter
            _used(held)
            return True
    codes = Authenticator.objects.select_for_update().filter(user=user, type=CODES).first()
    try:
        if codes is None or not RecoveryCodes(codes).validate_code(code.replace(" ", "")):
            return False
    except ValueError:
        return False
    log.record_user(Action.CODE_USE, user, by=user)
    return True


def _opened_and_matching(held: Authenticator, code: str) -> int | None:
    """None as well if the key that the secret was sealed under is lost: an administrator resets the factor then."""
    try:
        return _matching(get_adapter().decrypt(held.data["secret"]), code)
    except ValueError:
        return None


def _used(factor: Authenticator) -> None:
    """To the hour, like everything about when somebody worked."""
    factor.last_used_at = timezone.now().replace(minute=0, second=0, microsecond=0)
    factor.save()


# Recovery codes, and the end of a factor


def replace_recovery_codes(user: User) -> list[str]:
    """Ten new recovery codes; earlier ones are void."""
    with transaction.atomic():
        Authenticator.objects.filter(user=user, type=CODES).delete()
        made = RecoveryCodes.activate(user)
        log.record_user(Action.CODES_MAKE, user, by=user)
    return list(made.get_unused_codes())


def _added(user: User, what: str) -> list[str]:
    """The record's line; and recovery codes, if there are none yet."""
    log.record_user(Action.FACTOR_ADD, user, by=user, factor=what)
    return [] if Authenticator.objects.filter(user=user, type=CODES).exists() else replace_recovery_codes(user)


@transaction.atomic
def remove(user: User, pk: int) -> None:
    """Take away one factor of someone who has another."""
    User.objects.select_for_update().get(pk=user.pk)
    held = factors_of(user)
    factor = next((one for one in held if one.pk == pk), None)
    if factor is None:
        raise Authenticator.DoesNotExist
    if len(held) == 1:
        raise LastFactor
    factor.delete()
    log.record_user(Action.FACTOR_REMOVE, user, by=user, factor="a passkey" if factor.type == PASSKEY else "the app")


@transaction.atomic
def reset(user: User, *, by: User | str) -> None:
    """Someone lost theirs: all go, sessions and API tokens too, and at the next sign-in they set up a new one."""
    Authenticator.objects.filter(user=user).delete()
    Token.objects.filter(user=user).delete()
    sessions.end_sessions(user)
    log.record_user(Action.FACTOR_RESET, user, by=by)
