"""Delete a draft that was never sent for approval. One that was sent is archived: somebody has read it."""

from django.contrib.auth.models import AbstractUser, AnonymousUser, User
from django.db import transaction
from django.utils.translation import gettext as _

from campaign.lifecycle.actions import ActionRefused, record_campaign_action
from campaign.lifecycle.tags import delete_unused_tags
from campaign.models import AnalysisPlan, Campaign, DraftVersion, PlannedOutcome
from messages.audit import log
from messages.models import AuditEntry
from messages.roles import MANAGER, STAFF_ROLES, has_role


def may_delete(campaign: Campaign, user: AbstractUser | AnonymousUser) -> bool:
    """Whether a person may delete this draft: a manager, or a member of staff who began it."""
    began = campaign.created_by_id == user.pk and has_role(user, *STAFF_ROLES)
    return is_never_sent(campaign) and (began or has_role(user, MANAGER))


def is_never_sent(campaign: Campaign) -> bool:
    """Whether it is a draft that nobody was ever asked to approve."""
    return campaign.state == Campaign.State.DRAFT and campaign.submitted_at is None


@transaction.atomic
def delete_draft(campaign: Campaign, *, by: User) -> None:
    """Delete the draft with its versions, and say so on the audit record. Its address is not given out again."""
    campaign.refresh_from_db(from_queryset=Campaign.objects.select_for_update())
    if not is_never_sent(campaign) or _was_sent(campaign):
        raise ActionRefused(_("This campaign was sent for approval, so it stays on record. You can archive it."))
    if not may_delete(campaign, by):
        raise ActionRefused(_("Only a manager, or the person who began this draft, can delete it."))
    number = campaign.pk
    record_campaign_action(log.Action.CAMPAIGN_DELETE, campaign, by=by, id=number)
    PlannedOutcome.objects.filter(plan__campaign=campaign).delete()
    AnalysisPlan.objects.filter(campaign=campaign).delete()
    campaign.arms.all().delete()
    campaign.delete()
    DraftVersion.objects.filter(campaign=number).delete()
    delete_unused_tags()


def _was_sent(campaign: Campaign) -> bool:
    about = AuditEntry.objects.filter(kind=log.ObjectKind.CAMPAIGN, ref=campaign.slug)
    return about.filter(action=log.Action.CAMPAIGN_SUBMIT).exists()
