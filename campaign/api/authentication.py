"""Who the API lets in: sessions with a second factor, and tokens, which by themselves only read.

A token was made with a password and a code. It reads whatever its person may read; a step that cannot be taken back
asks for a fresh code too, in the header Second-Factor. A browser's session confirms on the page for it, as on the site.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.http import HttpRequest
from rest_framework import exceptions
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.authtoken import models
from rest_framework.request import Request

from messages.accounts import second_factors, sessions, step_up
from messages.accounts.login_attempts import TooManyAttempts, check_guess
from messages.audit import log
from messages.audit.log import Action

SECOND_FACTOR_HEADER = "Second-Factor"


class SecondFactorNeeded(exceptions.PermissionDenied):
    default_code = "second_factor_needed"
    default_detail = "Set up a second factor on the site first."


class ConfirmationRequired(exceptions.PermissionDenied):
    default_code = "confirm_first"
    default_detail = (
        "This step needs a fresh confirmation: with a token, a code of your second factor in the header Second-Factor; "
        "in a browser, the page /account/confirm/."
    )


class SecondFactorSessionAuthentication(SessionAuthentication):
    """A browser that is signed in with a second factor."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        found = super().authenticate(request)
        if found and not sessions.has_passed_second_factor(request._request):
            raise SecondFactorNeeded
        return found


class ApiTokenAuthentication(TokenAuthentication):
    """A program. Its kind is still “Token” in the header."""


def require_confirmation(request: Request, user: User) -> None:
    """Refuse unless the person confirmed within ten minutes, or sends a code of their second factor along."""
    if not isinstance(request.successful_authenticator, TokenAuthentication):
        if step_up.is_recently_confirmed(request._request):
            return
        raise ConfirmationRequired
    code = request.headers.get(SECOND_FACTOR_HEADER, "")
    if not code:
        raise ConfirmationRequired
    if not _counted(request._request, f"code:{user.pk}", lambda: second_factors.check_code(user, code)):
        raise ConfirmationRequired("This code is not right, or was used already.")


def verify_credentials(request: HttpRequest, *, username: str, password: str, code: str = "") -> User | None:
    """Whose name, password and code these are; the answer does not say which of them was wrong."""
    found: list[User] = []

    def right() -> bool:
        user = authenticate(request, username=username, password=password)
        if not isinstance(user, User):
            return False
        found.append(user)
        return (
            second_factors.check_code(user, code)
            if second_factors.has_factor(user)
            else bool(settings.SKIP_SECOND_FACTOR)
        )

    return found[0] if _counted(request, username, right) else None


def get_or_create_token(user: User) -> str:
    """The person's token; the record says when it was made."""
    token, made = models.Token.objects.get_or_create(user=user)
    if made:
        log.record_user(Action.TOKEN_CREATE, user, by=user)
    return str(token.key)


def _counted(request: HttpRequest, name: str, right: Callable[[], bool]) -> bool:
    """One guess, unless there were too many: then 429."""
    try:
        return check_guess(request, name, right)
    except TooManyAttempts as refused:
        raise exceptions.Throttled(wait=math.ceil(refused.seconds)) from None
