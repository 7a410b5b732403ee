"""Mail the sentence of a result to whoever asked for it: at each planned look, and at the last one after the close.

The sentence is that of the results page for everybody: what the gate released, never before the plan's first look.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext

from analytics.models import Analysis, Notice, ResultMail
from analytics.results import build
from analytics.results.recorded_looks import recorded_looks
from campaign.models import AnalysisPlan, Campaign
from messages.audit import log
from messages.models import AuditEntry
from messages.roles import STAFF_ROLES, users_with_role

NEWS_FOR = timedelta(days=2)  # an older look is no news, as after the worker stood still


def set_result_mails(person: User, *, wanted: bool, now: datetime) -> None:
    """Begin or end the mails to a person."""
    if wanted:
        ResultMail.objects.get_or_create(person=person, defaults={"since": now})
    else:
        ResultMail.objects.filter(person=person).delete()


def looks_to_mail(campaign: Campaign, *, now: datetime) -> Iterator[Analysis]:
    """Yield the planned looks of the last days, and the last look after the close."""
    plan = AnalysisPlan.objects.filter(campaign=campaign).first()
    if plan is None or campaign.is_use:
        return
    looks = list(Analysis.objects.filter(campaign=campaign).order_by("look"))
    planned = {each.look for each in recorded_looks(plan, looks) if each.is_planned}
    closed = AuditEntry.objects.filter(
        kind=log.ObjectKind.CAMPAIGN, ref=campaign.slug, action=log.Action.CAMPAIGN_CLOSE
    ).last()
    for look in looks:
        is_last = closed is not None and look is looks[-1] and look.made_at >= closed.at
        may_be_read = not (look.embargoed or look.exception)
        if may_be_read and (look.look in planned or is_last) and look.made_at > now - NEWS_FOR:
            yield look


def recipients_of(look: Analysis) -> list[User]:
    """Return who asked for results before a look was taken and may read it."""
    people = users_with_role(*STAFF_ROLES).filter(result_mail__since__lte=look.made_at).exclude(email="")
    return list(people.order_by("pk"))


def look_of(notice: Notice) -> Analysis:
    """Return the look that a notice is about."""
    return Analysis.objects.select_related("campaign__plan").get(campaign=notice.campaign, look=int(notice.about))


def result_subject_and_text(notice: Notice) -> tuple[str, str]:
    """Return the subject and the text of the mail: the sentence and the link."""
    report = build.build(look_of(notice), early=False)
    name = " ".join(notice.campaign.name.split())
    text = gettext(
        "%(sentence)s\n\n"
        "%(interval)s\n\n"
        "%(page)s\n\n"
        "You receive this because you asked for results by e-mail. You can stop it on your account page: %(account)s"
    ) % {
        "sentence": report.sentence,
        "interval": report.interval_sentence,
        "page": f"{settings.SITE_ADDRESS}{reverse('analytics:results', args=[notice.campaign.slug])}",
        "account": f"{settings.SITE_ADDRESS}{reverse('account:home')}",
    }
    return gettext("Result at look %(number)s: %(campaign)s") % {"number": report.look, "campaign": name}, text
