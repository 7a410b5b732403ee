"""Authentication of the API: sessions with a second factor, and tokens, which by themselves can only read.

A token is created with a password and a code, and reads whatever its user may read. A step of a campaign also needs a
fresh code in the header Second-Factor. A browser's session is confirmed on the confirmation page, as on the site.
"""

import math
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.request import Request

from messages.accounts import api_tokens, second_factors, sessions, step_up
from messages.accounts.login_attempts import GuessOf, TooManyAttempts, check_guess
from messages.accounts.middleware import SAFE_METHODS
from messages.accounts.recorded_accounts import AccountNotOnRecord, require_recorded
from messages.models import ApiToken

SECOND_FACTOR_HEADER = "Second-Factor"


class SecondFactorNeeded(exceptions.PermissionDenied):
    default_code = "second_factor_needed"
    default_detail = "Set up a second factor on the site first."


class AccountDiffers(exceptions.PermissionDenied):
    default_code = "account_not_on_record"


class ConfirmationRequired(exceptions.PermissionDenied):
    default_code = "confirm_first"
    default_detail = (
        "This step needs a fresh confirmation: with a token, a code of your second factor in the header Second-Factor; "
        "in a browser, the page /account/confirm/."
    )


class SecondFactorSessionAuthentication(SessionAuthentication):
    """A browser session that has passed the second factor."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        credentials = super().authenticate(request)
        if credentials and not sessions.has_passed_second_factor(request._request):
            raise SecondFactorNeeded
        return credentials


class ApiTokenAuthentication(TokenAuthentication):
    """A program, with a token of messages.accounts.api_tokens in the header `Authorization: Token …`."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        credentials: tuple[Any, Any] | None = super().authenticate(request)
        if credentials and request.method not in SAFE_METHODS:
            _require_recorded(credentials[0])
        return credentials

    def authenticate_credentials(self, key: str) -> tuple[User, ApiToken]:
        token = api_tokens.find(key, today=timezone.localdate())
        if token is None:
            raise exceptions.AuthenticationFailed("This token is not ours, has ended, or its owner has left.")
        return token.user, token


def require_confirmation(request: Request, user: User) -> None:
    """Refuse unless the user confirmed within ten minutes or sends a code of the second factor."""
    if not isinstance(request.successful_authenticator, TokenAuthentication):
        if step_up.is_recently_confirmed(request._request):
            return
        raise ConfirmationRequired
    code = _decode_header(request.headers.get(SECOND_FACTOR_HEADER, ""))
    if not code:
        raise ConfirmationRequired
    if not _limit_guesses(lambda: second_factors.check_code(user, code)):
        raise ConfirmationRequired("This code is not correct, or it has already been used.")


def _require_recorded(user: User) -> None:
    try:
        require_recorded(user)
    except AccountNotOnRecord as refused:
        raise AccountDiffers(str(refused)) from None


def _decode_header(value: str) -> str:
    """A header as UTF-8, which WSGI hands over as Latin-1: a pasted code may hold a no-break space or other digits."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def verify_credentials(request: HttpRequest, *, username: str, password: str, code: str = "") -> User | None:
    """The user with this name, password and code. None does not tell which of them was wrong."""
    users: list[User] = []

    def check_password() -> bool:
        user = authenticate(request, username=username, password=password)
        if isinstance(user, User):
            users.append(user)
        return bool(users)

    if not _limit_guesses(lambda: check_guess(request, GuessOf.TYPED_NAME, username, check_password)):
        return None
    user = users[0]
    _require_recorded(user)
    if not second_factors.has_factor(user):
        return user if settings.SKIP_SECOND_FACTOR else None
    return user if code and _limit_guesses(lambda: second_factors.check_code(user, code)) else None


def _limit_guesses(check: Callable[[], bool]) -> bool:
    """The result of a check that limits guesses; 429 after too many."""
    try:
        return check()
    except TooManyAttempts as refused:
        raise exceptions.Throttled(wait=math.ceil(refused.seconds)) from None
