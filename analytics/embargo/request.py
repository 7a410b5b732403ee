"""Requests by analysts and administrators to look before the plan's first look, with a reason on record."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from analytics.embargo.access import is_embargoed
from analytics.models import EarlyLook
from campaign.models import Campaign
from messages.roles import ANALYST, require_role

MAX_REASON_LENGTH = 200
STATES_WITH_COUNTS = (Campaign.State.RUNNING, Campaign.State.PAUSED, Campaign.State.CLOSED)


class EarlyLookRefused(Exception):
    """Raised when an early look cannot be requested. The message is shown to the user."""


def pending_request(campaign: Campaign) -> EarlyLook | None:
    """The request that the worker has not answered yet, if any."""
    return EarlyLook.objects.filter(campaign=campaign, done_at=None).select_related("by").first()


def create_request(campaign: Campaign, *, by: User, reason: str, now: datetime) -> EarlyLook:
    """Ask the worker for a look now, with a reason."""
    require_role(by, ANALYST)
    reason = " ".join(reason.replace("\0", "").split())
    if not reason:
        raise EarlyLookRefused(_("Give a reason for looking early."))
    if len(reason) > MAX_REASON_LENGTH:
        raise EarlyLookRefused(_("Please keep it to %(limit)d characters.") % {"limit": MAX_REASON_LENGTH})
    if campaign.state not in STATES_WITH_COUNTS or not is_embargoed(campaign):
        raise EarlyLookRefused(_("There is no need to look early: the results are already open."))
    try:
        with transaction.atomic():
            return EarlyLook.objects.create(campaign=campaign, by=by, reason=reason, asked_at=now)
    except IntegrityError:
        raise EarlyLookRefused(_("Someone has already asked for an early look. It is on its way.")) from None


def embargo_exception_text(request: EarlyLook) -> str:
    """Who requested the look and why, as its record stores it."""
    return f"{request.by.get_username()}: {request.reason}"
