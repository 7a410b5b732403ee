"""Invitations, the only way to get an account. A link works once, for seven days; only its hash is stored.

It ends earlier if the administrator who gave it leaves or gets another role; another one can send it again.

The first administrator's is printed in the terminal that starts an empty installation. It works in a browser on the
same machine alone, and ends with the first administrator.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from messages.accounts import partners, recorded_accounts
from messages.audit import log
from messages.audit.log import Action, ObjectKind
from messages.models import Invitation
from messages.roles import ADMINISTRATOR, users_with_role
from messages.staff_mail import mailboxes
from messages.staff_mail.mail import send_mail_if_possible

DAYS = 7


class InvitationOver(Exception):
    """The invitation was used, withdrawn or has expired, or never existed."""


@transaction.atomic
def invite(
    email: str, role: str, *, by: User | str, now: datetime, partner: int | None = None
) -> tuple[Invitation, str]:
    """Invite somebody by e-mail address; return the invitation and the secret token of its link."""
    token, inviter = secrets.token_urlsafe(24), by if isinstance(by, User) else None
    invitation = Invitation.objects.create(
        email=email, role=role, digest=_digest(token), invited_by=inviter, expires_at=_expiry(now), partner=partner
    )
    _record(Action.PERSON_INVITE, invitation, by=by)
    return invitation, token


@transaction.atomic
def invite_first_administrator(*, by: str, now: datetime) -> str:
    """Return the token of a new link for the first administrator, in place of an earlier one; empty if there is one."""
    if users_with_role(ADMINISTRATOR).exists():
        return ""
    for earlier in Invitation.objects.filter(email=""):
        revoke(earlier.pk, by=by)
    return invite("", ADMINISTRATOR, by=by, now=now)[1]


@transaction.atomic
def resend(pk: int, *, by: User, now: datetime) -> tuple[Invitation, str]:
    """Replace the link of an invitation; the old one stops working."""
    invitation = _lock(pk)
    token = secrets.token_urlsafe(24)
    invitation.digest, invitation.expires_at, invitation.invited_by = _digest(token), _expiry(now), by
    invitation.save()
    _record(Action.INVITATION_RENEW, invitation, by=by)
    return invitation, token


@transaction.atomic
def revoke(pk: int, *, by: User | str) -> None:
    """Withdraw an invitation, and delete the address."""
    invitation = _lock(pk)
    _record(Action.INVITATION_REVOKE, invitation, by=by)
    invitation.delete()


def end_all_by(user: User, *, now: datetime) -> None:
    """End the links that somebody gave, as part of what takes that right from them; another person can renew them."""
    Invitation.objects.filter(invited_by=user, expires_at__gt=now).update(expires_at=now.replace(microsecond=0))


def by_token(token: str, *, now: datetime, here: bool = False) -> Invitation:
    """The invitation of a link. Raises InvitationOver if the link does not work any more, or not from there.

    `here` says whether the browser is on this machine.
    """
    invitation = _valid(now, here=here).filter(digest=_digest(token)).first()
    if invitation is None or not recorded_accounts.is_invitation_recorded(invitation):
        raise InvitationOver
    return invitation


def _valid(now: datetime, *, here: bool = False) -> QuerySet[Invitation]:
    """Invitations that have not expired, from the command line or from somebody who may still invite."""
    may_invite = Q(invited_by=None) | Q(invited_by__in=users_with_role(ADMINISTRATOR))
    invitations = Invitation.objects.filter(may_invite, expires_at__gt=now)
    takes_the_first = here and not users_with_role(ADMINISTRATOR).exists()
    return invitations if takes_the_first else invitations.exclude(email="")


@transaction.atomic
def accept(token: str, *, username: str, password: str, now: datetime, here: bool = False, email: str = "") -> User:
    """Create the account, and delete the invitation. The first administrator brings an e-mail address."""
    invitation = _valid(now, here=here).select_for_update().filter(digest=_digest(token)).first()
    if invitation is None or not recorded_accounts.is_invitation_recorded(invitation):
        raise InvitationOver
    user = User.objects.create_user(username, email=invitation.email or email, password=password)
    user.groups.set([Group.objects.get_or_create(name=invitation.role)[0]])
    # Where mails are printed, the link of the first administrator was printed in the same terminal.
    if not invitation.email and settings.MAIL_IS_PRINTED:
        mailboxes.confirm(user, user.email)
    recorded_accounts.record_joining(user, role=invitation.role, number=invitation.pk)  # with the address
    if invitation.partner is not None:
        partners.add_contact(invitation.partner, user)
    invitation.delete()
    return user


def waiting() -> list[Invitation]:
    """Open invitations, newest first, including expired ones, which can be sent again."""
    return list(Invitation.objects.exclude(email="").select_related("invited_by").order_by("-pk"))


def send(invitation: Invitation, link: str) -> bool:
    """Send the link by e-mail; return False if there is no mail server, or if it did not accept the message."""
    subject = _("An invitation to Second Thought")
    text = _(
        "You are invited to join Second Thought.\n\nThis link is for you only. It works once, within "
        "%(days)d days:\n%(link)s\n\nIf you did not expect this, you can ignore it."
    ) % {"days": DAYS, "link": link}
    return send_mail_if_possible(invitation.email, subject, text)


def _digest(token: str) -> str:
    """A plain hash is enough for a token of 192 random bits."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _expiry(now: datetime) -> datetime:
    return (now + timedelta(days=DAYS)).replace(microsecond=0)


def _lock(pk: int) -> Invitation:
    invitation = Invitation.objects.select_for_update().filter(pk=pk).first()
    if invitation is None:
        raise InvitationOver
    return invitation


def _record(action: Action, invitation: Invitation, *, by: User | str) -> None:
    name, link = recorded_accounts.invitation_name(invitation), recorded_accounts.invitation_detail(invitation)
    log.record(action, by=by, kind=ObjectKind.PERSON, ref=name, label=name, role=invitation.role, **link)
