"""Ask one person to review a campaign that waits. Whoever may decide still may, and nobody may who may not."""

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from campaign.lifecycle.actions import ActionRefused, record_campaign_action
from campaign.lifecycle.draft_versions import possible_approvers
from campaign.models import Campaign
from messages.audit import log
from messages.roles import MANAGER, has_role
from messages.staff_mail.mail_queue import absolute, queue_mail


@transaction.atomic
def ask_reviewer(campaign: Campaign, person: User, *, by: User, now: datetime) -> bool:
    """Ask a person who may decide; return whether a mail tells them, beside the task on their home page."""
    if not has_role(by, MANAGER):
        raise ActionRefused(_("Only a manager can ask for a review."))
    campaign.refresh_from_db(from_queryset=Campaign.objects.select_for_update(no_key=True))
    if campaign.state != Campaign.State.SUBMITTED:
        raise ActionRefused(_("This campaign does not wait for a review."))
    if person not in possible_approvers(campaign):
        raise ActionRefused(_("%(name)s cannot decide about this campaign.") % {"name": person.get_username()})
    if campaign.asked_reviewers.contains(person):
        raise ActionRefused(_("%(name)s was asked already.") % {"name": person.get_username()})
    campaign.asked_reviewers.add(person)
    record_campaign_action(log.Action.CAMPAIGN_ASK, campaign, by=by, reviewer=person.get_username())
    with translation.override(settings.LANGUAGE_CODE):
        names = {"who": by.get_username(), "campaign": campaign.name}
        text = _(
            "%(who)s asks you to review the campaign “%(campaign)s”.\n\nRead it and decide:\n%(link)s\n\nAnyone else "
            "who may review it can decide as well."
        ) % {**names, "link": absolute(reverse("campaign:plan", args=[campaign.slug]))}
        return queue_mail(person, _("You are asked to review “%(campaign)s”") % names, text, now=now)
