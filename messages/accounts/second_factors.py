"""Second factors of django-allauth: app, recovery codes and passkeys, whose 10 MB are imported on first use."""

import hmac
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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

from messages.accounts import api_tokens, sessions
from messages.accounts.code_guesses import check_code_guess
from messages.accounts.recorded_accounts import record_step
from messages.audit import log
from messages.audit.log import Action
from messages.text.typed_codes import clean_code

APP, PASSKEY, CODES = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN, Authenticator.Type.RECOVERY_CODES)
_NEW_APP_KEY = "new_app"  # of a session: the encrypted secret of an app


class LastFactor(Exception):
    """The only second factor cannot be removed."""


class SecondFactorNotPassed(Exception):
    """A session that passed no second factor cannot add one to an account that has one."""


def factors_of(user: User) -> list[Authenticator]:
    """The app and passkeys of a user; recovery codes alone are no second factor."""
    return list(Authenticator.objects.filter(user=user, type__in=(APP, PASSKEY)).order_by("created_at"))


def has_factor(user: User) -> bool:
    """Whether a user has set up a second factor."""
    return bool(Authenticator.objects.filter(user=user, type__in=(APP, PASSKEY)).exists())


def user_ids_with_factor() -> set[int]:
    """The primary keys of all users with a second factor."""
    return set(Authenticator.objects.filter(type__in=(APP, PASSKEY)).values_list("user_id", flat=True))


def passkey_name(factor: Authenticator) -> str:
    """The name that its owner gave a passkey; empty for the app."""
    return str(factor.data.get("name", ""))


def unused_code_count(user: User) -> int:
    """The number of unused recovery codes."""
    codes = Authenticator.objects.filter(user=user, type=CODES).first()
    try:
        return len(RecoveryCodes(codes).get_unused_codes()) if codes else 0
    except ValueError:  # encrypted with a lost key
        return 0


# An authenticator app


def app_secret(request: HttpRequest, *, renew: bool) -> str:
    """The secret that is being set up; until a code confirms it, it stays in the session, encrypted as when stored."""
    adapter = get_adapter()
    if not renew:
        with suppress(KeyError, ValueError):  # none yet, or encrypted with a lost key
            return str(adapter.decrypt(request.session[_NEW_APP_KEY]))
    secret = str(app.generate_totp_secret())
    request.session[_NEW_APP_KEY] = adapter.encrypt(secret)
    return secret


def otpauth_url(user: User, secret: str) -> str:
    """The otpauth:// URL of the QR code."""
    return str(get_adapter().build_totp_url(user, secret))


def qr_code_svg(address: str) -> str:
    """A QR code as SVG. The library would load an XML parser to write it: 0.5 MB that one page needs."""
    from qrcode.main import QRCode  # on first use, as allauth imports it

    code = QRCode()
    code.add_data(address)
    rows = code.get_matrix()
    squares = "".join(f"M{x},{y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark)
    size = f'width="{len(rows)}mm" height="{len(rows)}mm" viewBox="0 0 {len(rows)} {len(rows)}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><path d="{squares}"/></svg>'


@transaction.atomic
def add_app(request: HttpRequest, user: User, code: str) -> list[str] | None:
    """Store the app if the code is right, and return new recovery codes, if any; None if the code is wrong."""
    secret = app_secret(request, renew=False)
    counter = _matching_counter(secret, code)
    if counter is None:
        return None
    with _addition(request, user, "an authenticator app"):
        factor = app.TOTP.activate(user, secret).instance
        factor.data["counter"] = counter
        factor.save()
    del request.session[_NEW_APP_KEY]
    return _first_recovery_codes(user)


def _matching_counter(secret: str, code: str) -> int | None:
    """The 30-second counter of a code, if it is close to the current one."""
    digits = clean_code(code).encode()
    for counter in app.yield_hotp_counters_from_time():
        expected = app.format_hotp_value(app.hotp_value(secret, counter)).encode()
        if hmac.compare_digest(digits, expected):
            return int(counter)
    return None


# Passkeys


def begin_passkey_registration(user: User) -> dict[str, Any]:
    """The options with which the browser creates a passkey."""
    from allauth.mfa.webauthn.internal import auth

    return dict(auth.begin_registration(user, False))


@transaction.atomic
def add_passkey(request: HttpRequest, user: User, *, name: str, credential: Any) -> list[str] | None:
    """Store a passkey and return new recovery codes, if any; None if the credential is invalid."""
    from allauth.mfa.webauthn.internal import auth

    try:
        auth.parse_registration_response(credential)
        auth.complete_registration(credential)
    except (ValidationError, ValueError, TypeError, KeyError):
        return None
    with _addition(request, user, "a passkey"):
        auth.WebAuthn.add(user, name, credential)
    return _first_recovery_codes(user)


def begin_passkey_authentication(user: User) -> dict[str, Any] | None:
    """The options with which the browser asks for a passkey; None if the user has none."""
    if not Authenticator.objects.filter(user=user, type=PASSKEY).exists():
        return None
    from allauth.mfa.webauthn.internal import auth

    return dict(auth.begin_authentication(user))


# Checking a second factor


def check_passkey(user: User, credential: Any) -> bool:
    """Whether the credential comes from one of the user's passkeys."""
    from allauth.mfa.webauthn.internal import auth

    try:
        auth.parse_authentication_response(credential)
        factor = auth.complete_authentication(user, credential)
    except (ValidationError, ValueError, TypeError, KeyError):
        return False
    return _mark_used(factor)


def check_code(user: User, code: str) -> bool:
    """Whether this is an unused code of the app, or an unused recovery code; wrong ones are counted.

    Raises TooManyAttempts, without looking at the code, while the account has to wait.
    """
    return check_code_guess(user, lambda: _is_unused_code(user, code), now=timezone.now())


def _is_unused_code(user: User, code: str) -> bool:
    app_factor = Authenticator.objects.select_for_update().filter(user=user, type=APP).first()
    if app_factor is not None:
        counter = _matching_stored_counter(app_factor, code)
        if counter is not None and counter > app_factor.data.get("counter", 0):
            app_factor.data["counter"] = counter
            return _mark_used(app_factor, data=app_factor.data)
    codes = Authenticator.objects.select_for_update().filter(user=user, type=CODES).first()
    try:
        if codes is None or not RecoveryCodes(codes).validate_code(clean_code(code)):
            return False
    except ValueError:
        return False
    log.record_user(Action.CODE_USE, user, by=user)
    return True


def _matching_stored_counter(app_factor: Authenticator, code: str) -> int | None:
    """Like `_matching_counter`; None as well if the secret was encrypted with a lost key."""
    try:
        return _matching_counter(get_adapter().decrypt(app_factor.data["secret"]), code)
    except ValueError:
        return None


def _mark_used(factor: Authenticator, **fields: Any) -> bool:
    """Store the hour of the use, and nothing finer; False if the factor was removed meanwhile."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    return bool(Authenticator.objects.filter(pk=factor.pk).update(last_used_at=hour, **fields))


# Recovery codes, and removing a factor


def replace_recovery_codes(user: User) -> list[str]:
    """Replace all recovery codes, and return the ten new ones."""
    with transaction.atomic():
        Authenticator.objects.filter(user=user, type=CODES).delete()
        codes = RecoveryCodes.activate(user)
        record_step(Action.CODES_MAKE, user, by=user)
    return list(codes.get_unused_codes())


@contextmanager
def _addition(request: HttpRequest, user: User, what: str) -> Iterator[None]:
    """Check that this session may add a factor, and record it. The first one ends all other sessions.

    Whoever knows the password alone may set up the first factor, and no other.
    """
    User.objects.select_for_update().get(pk=user.pk)
    is_first = not has_factor(user)
    if not is_first and not sessions.has_passed_second_factor(request):
        raise SecondFactorNotPassed
    yield
    if is_first:
        sessions.end_sessions(user, keep=request.session.session_key)
    record_step(Action.FACTOR_ADD, user, by=user, factor=what)


def _first_recovery_codes(user: User) -> list[str]:
    """New recovery codes if there are none yet."""
    return [] if Authenticator.objects.filter(user=user, type=CODES).exists() else replace_recovery_codes(user)


@transaction.atomic
def remove(user: User, pk: int) -> None:
    """Remove a factor of a user who has another one."""
    User.objects.select_for_update().get(pk=user.pk)
    factors = factors_of(user)
    factor = next((factor for factor in factors if factor.pk == pk), None)
    if factor is None:
        raise Authenticator.DoesNotExist
    if len(factors) == 1:
        raise LastFactor
    factor.delete()
    record_step(Action.FACTOR_REMOVE, user, by=user, factor="a passkey" if factor.type == PASSKEY else "the app")


@transaction.atomic
def reset(user: User, *, by: User | str) -> None:
    """Remove all factors, sessions and tokens of a user, who sets up a new factor at the next sign-in."""
    Authenticator.objects.filter(user=user).delete()
    api_tokens.end_all(user)
    sessions.end_sessions(user)
    record_step(Action.FACTOR_RESET, user, by=by)
