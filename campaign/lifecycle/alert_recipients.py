"""Who is alerted to harm in a campaign, and whether anybody is."""

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from campaign.models import AnalysisPlan, Campaign
from messages.staff_mail.mail import is_mail_possible
from messages.staff_mail.mailboxes import confirmed_people


def recipients(campaign: Campaign) -> list[User]:
    """Return the campaign's author and the people named in its plan who are active and have an e-mail address."""
    return [person for person in named_people(campaign) if person.email]


def named_people(campaign: Campaign) -> list[User]:
    """Return the campaign's author and the people named in its plan, but for those whose account is closed."""
    people = {campaign.created_by_id: campaign.created_by}
    told = AnalysisPlan.told.through.objects.filter(analysisplan__campaign=campaign)
    people |= {person.pk: person for person in User.objects.filter(pk__in=told.values("user"))}
    return [person for _number, person in sorted(people.items()) if person.is_active]


def why_nobody_hears(campaign: Campaign) -> str:
    """Say why nobody is told when a message does harm; empty if somebody is, by mail or by a program of theirs.

    An address counts once it has answered: whoever typed it wrong would never know.
    """
    plan = AnalysisPlan.objects.filter(campaign=campaign).first()
    if plan is not None and plan.webhook:
        return ""
    if not is_mail_possible():
        return _(
            "This site has no mail server, so nobody would be alerted to harm. Ask whoever runs this site to set "
            "MAIL_HOST, or enter an alert address in the plan."
        )
    people = named_people(campaign)
    if not confirmed_people(people):
        sentence = _(
            "Nobody would be alerted to harm, because no email address of these people is confirmed: %(names)s. One of "
            "them has to confirm theirs under “Your account”."
        )
        return sentence % {"names": ", ".join(person.get_username() for person in people) or "–"}
    return ""
