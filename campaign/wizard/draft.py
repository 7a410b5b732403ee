"""A campaign that is still planned: who may change it, until when, and its analysis plan."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.draft_versions import record_version
from campaign.models import AnalysisPlan, Campaign
from messages.roles import MANAGER, has_role

DEFAULT_LOOKS: dict[str, tuple[float, ...]] = {
    "fixed": (1.0,),
    "always-valid": (0.1, 1.0),
    "group-sequential": (0.25, 0.5, 0.75, 1.0),
}
PLAN_DEFAULTS: dict[str, Any] = {
    "planned_per_arm": 0,
    "smallest_difference": 0.05,
    "monitoring": "group-sequential",
    "looks": list(DEFAULT_LOOKS["group-sequential"]),
}


class DraftEditConflict(Exception):
    """Somebody has changed this answer since the page was opened."""


class NotADraft(ActionRefused):
    """The campaign was submitted: its plan can no longer be changed."""


def require_manager(by: User) -> None:
    """Raise ActionRefused unless this person may plan campaigns."""
    if not has_role(by, MANAGER):
        raise ActionRefused("Only a manager can plan a campaign.")


def lock_draft(campaign: Campaign, *, by: User) -> Campaign:
    """Return the campaign as stored, locked until the transaction ends; raise NotADraft once it was submitted."""
    require_manager(by)
    locked = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    if locked.state != Campaign.State.DRAFT:
        raise NotADraft("Only a draft can be planned. Take the campaign back first.")
    return locked


@contextmanager
def edit_draft(campaign: Campaign, *, by: User, put_back: int | None = None) -> Iterator[Campaign]:
    """Give out the locked draft for one change; at the end save it, and record what it became and by whom.

    `put_back` is the number of the version that the change puts back, if it does.
    """
    with transaction.atomic():
        locked = lock_draft(campaign, by=by)
        if not locked.versions.exists():  # a draft from before versions were recorded
            record_version(locked, by=locked.created_by)
        yield locked
        locked.save()  # also updates changed_at
        record_version(locked, by=by, put_back=put_back)


def current_plan(campaign: Campaign) -> AnalysisPlan:
    """Return the stored plan, or an unsaved one with the defaults."""
    return AnalysisPlan.objects.filter(campaign=campaign).first() or AnalysisPlan(**PLAN_DEFAULTS)


def ensure_plan(campaign: Campaign) -> AnalysisPlan:
    """Return the stored plan; create it for a draft that was made without one."""
    return AnalysisPlan.objects.get_or_create(campaign=campaign, defaults=PLAN_DEFAULTS)[0]
