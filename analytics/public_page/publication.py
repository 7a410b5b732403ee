"""Propose, publish and take down the public page of a closed campaign."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from analytics.export.look_tables import exportable_look, publishable_look
from analytics.models import Analysis, PublicPage
from campaign.lifecycle.actions import ActionRefused
from campaign.models import Campaign
from messages.audit import log
from messages.audit.verification import genuine_entries
from messages.roles import MANAGER, REVIEWER, require_role

_STEPS = (log.Action.RESULTS_PROPOSE, log.Action.RESULTS_PUBLISH, log.Action.RESULTS_TAKE_DOWN)


@transaction.atomic
def propose_publication(campaign: Campaign, *, by: User, now: datetime) -> PublicPage:
    """Propose to publish the last look, for a second person to agree. Raises ActionRefused."""
    require_role(by, MANAGER, REVIEWER)
    locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
    analysis = publishable_look(locked)
    if analysis is None:
        raise ActionRefused(
            _("You can publish the results after the campaign is closed and its last look has been taken.")
        )
    if PublicPage.objects.filter(campaign=locked).exists():
        raise ActionRefused(_("It has already been proposed or published."))
    page = PublicPage.objects.create(campaign=locked, look=analysis.look, proposed_by=by, proposed_at=now)
    _record(log.Action.RESULTS_PROPOSE, page, by, look=page.look)
    return page


@transaction.atomic
def publish(campaign: Campaign, *, seen: str, by: User, now: datetime) -> PublicPage:
    """Publish the look whose number the second person has seen on the page. Raises ActionRefused."""
    require_role(by, MANAGER, REVIEWER)
    page = PublicPage.objects.select_for_update().filter(campaign=campaign, published_at=None).first()
    if page is None:
        raise ActionRefused(_("There is nothing to publish."))
    if str(page.look) != seen:
        raise ActionRefused(_("A newer look has been proposed. Read that one first."))
    if page.proposed_by_id == by.pk:
        raise ActionRefused(_("You proposed this page, so a colleague has to publish it."))
    if not _is_last_step(log.Action.RESULTS_PROPOSE, page, by=page.proposed_by):
        raise ActionRefused(_("The audit record does not hold this proposal. Take it back and propose it again."))
    page.published_by, page.published_at = by, now
    page.save(update_fields=["published_by", "published_at"])
    _record(log.Action.RESULTS_PUBLISH, page, by, look=page.look, proposer=page.proposed_by.get_username())
    return page


@transaction.atomic
def take_down(campaign: Campaign, *, by: User) -> None:
    """Take the page down, or the proposal back, at once and by one person. Raises ActionRefused."""
    require_role(by, MANAGER, REVIEWER)
    page = PublicPage.objects.select_for_update().filter(campaign=campaign).first()
    if page is None:
        raise ActionRefused(_("There is no public page."))
    _record(log.Action.RESULTS_TAKE_DOWN, page, by)
    page.delete()


def published_look(slug: str) -> Analysis | None:
    """Return the look that anybody may read; None where nothing is published, or where rows alone say that it is."""
    pages = PublicPage.objects.select_related("campaign", "published_by").filter(campaign__slug=slug)
    page = pages.filter(published_at__isnull=False).first()
    if page is None or not _is_last_step(log.Action.RESULTS_PUBLISH, page, by=page.published_by):
        return None
    return exportable_look(page.campaign, page.look)


def _is_last_step(action: log.Action, page: PublicPage, *, by: User | None) -> bool:
    """Whether the last step on record about this page is this one, by this person, with this look."""
    slug = page.campaign.slug
    entry = genuine_entries(log.ObjectKind.CAMPAIGN, [slug], _STEPS).get(slug)
    if entry is None or by is None:
        return False
    return (entry.action, entry.actor, entry.detail.get("look")) == (action, by.get_username(), page.look)


def _record(action: log.Action, page: PublicPage, by: User, **detail: str | int) -> None:
    campaign = page.campaign
    log.record(action, by=by, kind=log.ObjectKind.CAMPAIGN, ref=campaign.slug, label=campaign.name, **detail)
