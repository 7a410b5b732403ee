"""What ends sessions and API tokens: administrators' changes of an account, a new password, signing out everywhere."""

from collections.abc import Collection

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from messages.accounts import api_tokens, invitations, sessions
from messages.accounts.recorded_accounts import record_step
from messages.audit.log import Action
from messages.models import ApiToken
from messages.roles import ADMINISTRATOR, ALL_ROLES, users_with_role


class LastAdministrator(Exception):
    """The only administrator cannot lose that role."""


def administrators() -> QuerySet[User]:
    """Active users who may manage people."""
    return users_with_role(ADMINISTRATOR)


@transaction.atomic
def change_role(user: User, role: str, *, by: User) -> None:
    """Replace someone's role, and end their API tokens and, unless they stay administrator, the invitations they gave.

    Their sessions continue with the new role.
    """
    _lock_administrators()
    if role != ADMINISTRATOR:
        _require_other_administrator(user)
    user.groups.remove(*Group.objects.filter(name__in=ALL_ROLES))
    user.groups.add(Group.objects.get_or_create(name=role)[0])
    User.objects.filter(pk=user.pk).update(is_superuser=False)
    api_tokens.end_all(user)
    if role != ADMINISTRATOR:
        invitations.end_all_by(user, now=timezone.now())
    record_step(Action.PERSON_ROLE, user, by=by, role=role)


@transaction.atomic
def deactivate(user: User, *, by: User) -> None:
    """Deactivate an account; its sessions, its API tokens and the invitations it gave end.

    It is kept, because past decisions name it.
    """
    _lock_administrators()
    _require_other_administrator(user)
    user.is_active = False
    user.save(update_fields=["is_active"])
    api_tokens.end_all(user)
    invitations.end_all_by(user, now=timezone.now())
    sessions.end_sessions(user)
    record_step(Action.PERSON_DEACTIVATE, user, by=by)


@transaction.atomic
def reactivate(user: User, *, by: User) -> None:
    """Reactivate an account with its old password and second factor."""
    user.is_active = True
    user.save(update_fields=["is_active"])
    record_step(Action.PERSON_REACTIVATE, user, by=by)


@transaction.atomic
def end_sessions(user: User, *, by: User) -> None:
    """End all sessions of someone, and their API tokens."""
    api_tokens.end_all(user)
    sessions.end_sessions(user)
    record_step(Action.SESSIONS_END, user, by=by)


@transaction.atomic
def end_other_sessions(user: User, *, keep: str | None) -> None:
    """End someone's own sessions but one, and their API tokens."""
    api_tokens.end_all(user)
    sessions.end_sessions(user, keep=keep)
    record_step(Action.SESSIONS_END, user, by=user)


@transaction.atomic
def change_password(user: User, password: str, *, keep: str | None) -> None:
    """Change someone's own password, and end their sessions but one, and their API tokens."""
    user.set_password(password)
    user.save(update_fields=["password"])
    api_tokens.end_all(user)
    sessions.end_sessions(user, keep=keep)
    record_step(Action.PASSWORD_CHANGE, user, by=user)


@transaction.atomic
def end_all_access(*, keep: Collection[str], by: str) -> list[str]:
    """End all sessions, API tokens, invitations and recovery codes, and close each account that is not named to keep.

    For a database that is older than what was decided about people. Return the names of the accounts that were closed.
    """
    Session.objects.all().delete()
    ApiToken.objects.all().delete()
    Authenticator.objects.filter(type=Authenticator.Type.RECOVERY_CODES).delete()
    for invitation in invitations.waiting():
        invitations.revoke(invitation.pk, by=by)
    closing = list(User.objects.filter(is_active=True).exclude(username__in=keep).order_by("username"))
    for user in closing:
        user.is_active = False
        user.save(update_fields=["is_active"])
        record_step(Action.PERSON_DEACTIVATE, user, by=by)
    return [user.get_username() for user in closing]


def _require_other_administrator(user: User) -> None:
    if not administrators().exclude(pk=user.pk).exists() and administrators().filter(pk=user.pk).exists():
        raise LastAdministrator


def _lock_administrators() -> None:
    """Serialize changes, so that two administrators cannot remove each other at the same time."""
    Group.objects.select_for_update().get_or_create(name=ADMINISTRATOR)
