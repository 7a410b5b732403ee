"""Invitations: the only way to get an account. Good once, for seven days; only a hash of the link is kept."""

from __future__ import annotations

import hashlib
import logging
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.mail import send_mail
from django.db import transaction
from django.utils.translation import gettext as _

from messages.audit import log as audit_log
from messages.audit.log import Action, ObjectKind
from messages.models import Invitation

log = logging.getLogger(__name__)

DAYS = 7


class InvitationOver(Exception):
    """The link was used, withdrawn or is too old; or it never was one."""


@transaction.atomic
def invite(email: str, role: str, *, by: User | str, now: datetime) -> tuple[Invitation, str]:
    """Invite somebody by their address: the invitation, and the secret part of its link, told only now."""
    token = secrets.token_urlsafe(24)
    made = Invitation.objects.create(
        email=email,
        role=role,
        digest=_digest(token),
        invited_by=by if isinstance(by, User) else None,
        expires_at=_end(now),
    )
    _recorded(Action.PERSON_INVITE, made, by=by)
    return made, token


@transaction.atomic
def resend(pk: int, *, by: User, now: datetime) -> tuple[Invitation, str]:
    """A new link for the same person; the old one ends."""
    held = _open(pk)
    token = secrets.token_urlsafe(24)
    held.digest, held.expires_at = _digest(token), _end(now)
    held.save()
    _recorded(Action.INVITATION_RENEW, held, by=by)
    return held, token


@transaction.atomic
def revoke(pk: int, *, by: User) -> None:
    """The link ends; the address is forgotten."""
    held = _open(pk)
    _recorded(Action.INVITATION_REVOKE, held, by=by)
    held.delete()


def by_token(token: str, *, now: datetime) -> Invitation:
    """The invitation that a link belongs to, if it is still good."""
    held = Invitation.objects.filter(digest=_digest(token), expires_at__gt=now).first()
    if held is None:
        raise InvitationOver
    return held


@transaction.atomic
def accept(token: str, *, username: str, password: str, now: datetime) -> User:
    """Make the account that was promised; the invitation is gone with it."""
    held = Invitation.objects.select_for_update().filter(digest=_digest(token), expires_at__gt=now).first()
    if held is None:
        raise InvitationOver
    user = User.objects.create_user(username, email=held.email, password=password)
    user.groups.set([Group.objects.get_or_create(name=held.role)[0]])
    audit_log.record(
        Action.PERSON_JOIN,
        by=user,
        kind=ObjectKind.PERSON,
        ref=username,
        label=username,
        role=held.role,
        number=held.pk,
    )
    held.delete()
    return user


def waiting() -> list[Invitation]:
    """Those that nobody has answered, the newest first; also those that are too old, which can be sent again."""
    return list(Invitation.objects.select_related("invited_by").order_by("-pk"))


def send(invitation: Invitation, link: str) -> bool:
    """By mail, if a mail server is set; whether it was taken. If not, the page shows the link to pass on."""
    if not settings.EMAIL_HOST:
        return False
    subject = _("An invitation to Second Thought")
    text = _(
        "You are invited to Second Thought.\n\nThis link is for you alone. It works once, for %(days)d days:\n"
        "%(link)s\n\nIf you did not expect this, you need not do anything."
    ) % {"days": DAYS, "link": link}
    try:
        return bool(send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, [invitation.email]))
    except OSError as error:
        log.warning("The mail server did not take an invitation: %s", type(error).__name__)
        return False


def _digest(token: str) -> str:
    """The token has 192 random bits, so a plain hash is as good as a slow one."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _end(now: datetime) -> datetime:
    return (now + timedelta(days=DAYS)).replace(microsecond=0)


def _open(pk: int) -> Invitation:
    held = Invitation.objects.select_for_update().filter(pk=pk).first()
    if held is None:
        raise InvitationOver
    return held


def _recorded(action: Action, invitation: Invitation, *, by: User | str) -> None:
    """By its number: the record is for ever, and somebody who never came leaves no address on it."""
    name = f"invitation {invitation.pk}"
    audit_log.record(action, by=by, kind=ObjectKind.PERSON, ref=name, label=name, role=invitation.role)
