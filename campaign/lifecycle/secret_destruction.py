"""Destroy the subject secrets of closed campaigns, after which no assignment can be recomputed."""

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from campaign.keys.store import campaigns_with_subject_secret, destroy_subject_secret
from campaign.lifecycle.actions import record_campaign_action
from campaign.models import Campaign
from messages.audit import log


def destroy_secrets_of_closed_campaigns(*, by: str = log.WORKER) -> list[int]:
    """Destroy the secrets of closed campaigns; a crash just after closing may have left one behind."""
    with_secret = campaigns_with_subject_secret(settings.KEY_DIRECTORY)
    closed = Campaign.objects.filter(pk__in=with_secret, state=Campaign.State.CLOSED).order_by("pk")
    return [campaign.pk for campaign in closed if destroy_campaign_secret(campaign, by=by)]


@transaction.atomic
def destroy_campaign_secret(campaign: Campaign, *, by: User | str) -> bool:
    """Destroy the subject secret of a campaign and record that. Return whether there was one."""
    if campaign.pk not in campaigns_with_subject_secret(settings.KEY_DIRECTORY):
        return False
    record_campaign_action(log.Action.SUBJECTS_DESTROY, campaign, by=by)
    return destroy_subject_secret(settings.KEY_DIRECTORY, campaign.pk)


def secrets_without_campaign() -> list[int]:
    """Return campaigns with a secret that are not in this database. It may be the wrong one: the secrets stay."""
    with_secret = campaigns_with_subject_secret(settings.KEY_DIRECTORY)
    known = set(Campaign.objects.filter(pk__in=with_secret).values_list("pk", flat=True))
    return [number for number in with_secret if number not in known]
