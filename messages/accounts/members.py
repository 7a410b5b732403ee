"""What an administrator does about people who have an account: role, leaving, coming back, sessions."""

from __future__ import annotations

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Q, QuerySet
from rest_framework.authtoken.models import Token

from messages.accounts import sessions
from messages.audit import log
from messages.audit.log import Action
from messages.roles import ADMINISTRATOR, ALL_ROLES


class LastAdministrator(Exception):
    """Somebody has to be able to let people in."""


def administrators() -> QuerySet[User]:
    """Those who may change who is here."""
    return User.objects.filter(Q(groups__name=ADMINISTRATOR) | Q(is_superuser=True), is_active=True).distinct()


@transaction.atomic
def change_role(user: User, role: str, *, by: User) -> None:
    """Give someone another role instead of the one they have; their sessions go on under it."""
    _alone()
    if role != ADMINISTRATOR:
        _keep_one_besides(user)
    user.groups.remove(*Group.objects.filter(name__in=ALL_ROLES))
    user.groups.add(Group.objects.get_or_create(name=role)[0])
    if user.is_superuser:
        user.is_superuser = False
        user.save(update_fields=["is_superuser"])
    log.record_user(Action.PERSON_ROLE, user, by=by, role=role)


@transaction.atomic
def deactivate(user: User, *, by: User) -> None:
    """Someone leaves: no session, no token, no sign-in. The account stays, because what they decided names it."""
    _alone()
    _keep_one_besides(user)
    user.is_active = False
    user.save(update_fields=["is_active"])
    Token.objects.filter(user=user).delete()
    sessions.end_sessions(user)
    log.record_user(Action.PERSON_DEACTIVATE, user, by=by)


@transaction.atomic
def reactivate(user: User, *, by: User) -> None:
    """Someone comes back, with the password and the second factor that they had."""
    user.is_active = True
    user.save(update_fields=["is_active"])
    log.record_user(Action.PERSON_REACTIVATE, user, by=by)


@transaction.atomic
def end_sessions(user: User, *, by: User) -> None:
    """Sign someone out everywhere, and take their API token."""
    Token.objects.filter(user=user).delete()
    sessions.end_sessions(user)
    log.record_user(Action.SESSIONS_END, user, by=by)


def _keep_one_besides(user: User) -> None:
    if not administrators().exclude(pk=user.pk).exists() and administrators().filter(pk=user.pk).exists():
        raise LastAdministrator


def _alone() -> None:
    """Two administrators who remove each other at once: the second waits, and is refused."""
    Group.objects.select_for_update().get_or_create(name=ADMINISTRATOR)
