"""Tokens with which programs use the API. Only a hash is stored; a token is shown once and ends after some months.

It also ends with what it was given under: a change of password, of role or of second factor, a closed account, and
"sign out everywhere".
"""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import date, timedelta

from django.contrib.auth.models import User
from django.db import transaction

from messages.accounts.recorded_accounts import record_step
from messages.audit.log import Action
from messages.models import ApiToken

DAYS = 90
DEFAULT_NAME = "API"


@transaction.atomic
def create(user: User, name: str, *, today: date, scopes: Iterable[str] = ()) -> str:
    """Create a token for these scopes, or for all, and return it; one of the same name ends."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # two tokens of one name take turns
    token, asked = secrets.token_urlsafe(32), set(scopes)
    written = " ".join(scope for scope in ApiToken.Scope if scope in asked)
    if len(written.split()) != len(asked):
        raise ValueError("there is no such scope")  # else a token of no scope would have each of them
    ApiToken.objects.filter(user=user, name=name).delete()
    ApiToken.objects.create(
        user=user,
        name=name,
        digest=_digest(token),
        scopes=written,
        created_on=today,
        expires_on=today + timedelta(days=DAYS),
    )
    detail = {"token": name} | ({"scopes": written} if written else {})
    record_step(Action.TOKEN_CREATE, user, by=user, begins=False, **detail)
    return token


def tokens_of(user: User) -> list[ApiToken]:
    """The tokens of a user by name, also those that have expired."""
    return list(ApiToken.objects.filter(user=user).order_by("name"))


def authenticate(token: str, *, today: date) -> User | None:
    """The active user of a token that has not expired."""
    found = find(token, today=today)
    return found.user if found else None


def find(token: str, *, today: date) -> ApiToken | None:
    """The token of an active user that has not expired; the day of use is stored, nothing finer."""
    found = ApiToken.objects.select_related("user").filter(digest=_digest(token), expires_on__gte=today).first()
    if found is None or not found.user.is_active:
        return None
    if found.last_used_on != today:
        ApiToken.objects.filter(pk=found.pk).update(last_used_on=today)
    return found


@transaction.atomic
def delete(user: User, pk: int) -> bool:
    """Delete one token of a user; return False if they have no such token."""
    found = ApiToken.objects.filter(user=user, pk=pk).first()
    if found is None:
        return False
    found.delete()
    record_step(Action.TOKEN_DELETE, user, by=user, token=found.name)
    return True


def end_all(user: User) -> int:
    """End every token of a user, as part of what ends them; return how many there were."""
    return ApiToken.objects.filter(user=user).delete()[0]


def _digest(token: str) -> str:
    """A plain hash is enough for a token of 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
