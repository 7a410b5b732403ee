"""Looking before the plan's first look: who may, the reason they give, and whether the worker has answered.

Nobody sees an estimate before the plan's first look, because early leads get about and often vanish. An analyst, or an
administrator, may ask for one with a reason. The worker makes it (analytics.embargo.answer), it stands on the record
for ever, and until the plan's own first look only those who may ask can read it.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import AbstractUser, AnonymousUser, User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from analytics.models import Analysis, EarlyLook
from campaign.models import Campaign
from messages.roles import ANALYST, has_role, require_role

MAX_REASON_LENGTH = 200
STATES_WITH_COUNTS = (Campaign.State.RUNNING, Campaign.State.PAUSED, Campaign.State.CLOSED)


class EarlyLookRefused(Exception):
    """It cannot be asked for; the message says why, for a person."""


def may_look_early(user: AbstractUser | AnonymousUser) -> bool:
    """Whether this person may look early, and read what was looked at early."""
    return has_role(user, ANALYST)


def is_embargoed(campaign: Campaign) -> bool:
    """Whether the plan's first look is still to come."""
    return not Analysis.objects.filter(campaign=campaign, embargoed=False, exception="").exists()


def pending_request(campaign: Campaign) -> EarlyLook | None:
    """What was asked for and not answered yet."""
    return EarlyLook.objects.filter(campaign=campaign, done_at=None).select_related("by").first()


def create_request(campaign: Campaign, *, by: User, reason: str, now: datetime) -> EarlyLook:
    """Ask the worker for a look now, and say why."""
    require_role(by, ANALYST)
    reason = " ".join(reason.replace("\0", "").split())
    if not reason:
        raise EarlyLookRefused(_("Please say why you need to look early."))
    if len(reason) > MAX_REASON_LENGTH:
        raise EarlyLookRefused(_("Please say it in %(limit)d characters.") % {"limit": MAX_REASON_LENGTH})
    if campaign.state not in STATES_WITH_COUNTS or not is_embargoed(campaign):
        raise EarlyLookRefused(_("There is no need to look early: the results say what can be said."))
    try:
        with transaction.atomic():
            return EarlyLook.objects.create(campaign=campaign, by=by, reason=reason, asked_at=now)
    except IntegrityError:
        raise EarlyLookRefused(_("Somebody has asked already, and the worker is at it.")) from None


def embargo_exception_text(asked: EarlyLook) -> str:
    """How the look's record names who asked, and why."""
    return f"{asked.by.get_username()}: {asked.reason}"
