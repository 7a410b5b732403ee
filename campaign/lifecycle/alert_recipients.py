"""Who hears of harm in a campaign, and whether anybody does."""

from django.conf import settings
from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from campaign.models import AnalysisPlan, Campaign


def recipients(campaign: Campaign) -> list[User]:
    """Return the campaign's author and the people named in its plan who are active and have an e-mail address."""
    people = {campaign.created_by_id: campaign.created_by}
    plan = AnalysisPlan.objects.filter(campaign=campaign).first()
    if plan is not None:
        people |= {person.pk: person for person in plan.told.all()}
    return [person for _number, person in sorted(people.items()) if person.is_active and person.email]


def why_nobody_hears(campaign: Campaign) -> str:
    """Say why nobody is told when a message does harm; empty if somebody is, by mail or by a program of theirs."""
    plan = AnalysisPlan.objects.filter(campaign=campaign).first()
    if plan is not None and plan.webhook:
        return ""
    if not settings.EMAIL_HOST:
        return _(
            "This site has no mail server, so nobody is told by email when a message does harm. Look at the watch "
            "page every day, or ask whoever runs this site to set one up."
        )
    if not recipients(campaign):
        return _(
            "Nobody who should hear of harm has an email address here, so nobody is told when a message does harm. "
            "Look at the watch page every day."
        )
    return ""
