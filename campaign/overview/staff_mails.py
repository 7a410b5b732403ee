"""Two mails to each member of staff who wants them: what waits for them, once a day at most, and a weekly digest.

Neither holds a count of visitors, nor anything that the audit record and the notices do not say.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from campaign.models import Campaign
from campaign.overview.home_tasks import home_tasks
from messages.audit.log import Action, ObjectKind
from messages.audit_pages.wording import describe_action
from messages.models import AuditEntry, Mailbox
from messages.roles import STAFF_ROLES, users_with_role
from messages.staff_mail.mail_queue import absolute, queue_mail
from messages.staff_mail.mailboxes import confirmed_people, mailbox_of

FIRST_HOUR = 6  # UTC: nobody is woken
WEEK = timedelta(days=7)
MOST_LINES = 30
_TOLD = (  # none of these sentences holds what somebody typed, but for names
    *(Action.CAMPAIGN_SUBMIT, Action.CAMPAIGN_APPROVE, Action.CAMPAIGN_LAUNCH, Action.CAMPAIGN_SCHEDULE),
    *(Action.CAMPAIGN_OPEN, Action.CAMPAIGN_PAUSE, Action.CAMPAIGN_RESUME, Action.CAMPAIGN_CLOSE),
    *(Action.RESULTS_PUBLISH, Action.RESULTS_TAKE_DOWN),
)


def queue_staff_mails(*, now: datetime) -> int:
    """Queue the mails that are due, and return how many."""
    if now.hour < FIRST_HOUR:
        return 0
    with translation.override(settings.LANGUAGE_CODE):
        people = confirmed_people(users_with_role(*STAFF_ROLES).order_by("pk"))
        return sum(_queue_tasks(person, now) + _queue_digest(person, now) for person in people)


def _queue_tasks(person: User, now: datetime) -> int:
    """One mail a day at most, and none that says what the last one said."""
    mailbox = mailbox_of(person)
    if not mailbox.wants_tasks or mailbox.tasks_sent_on == now.date():
        return 0
    tasks = [task for task in home_tasks(person, with_links=True) if not task.is_own_draft]
    lines = [f"{task.sentence}{f' ({task.count})' if task.count > 1 else ''}\n{absolute(task.url)}" for task in tasks]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    if not lines or digest == mailbox.tasks_digest:
        return 0
    Mailbox.objects.filter(user=person).update(tasks_sent_on=now.date(), tasks_digest=digest)
    text = "\n\n".join([_("This waits for you:"), *lines])
    return int(queue_mail(person, _("Waiting for you at Second Thought"), text, now=now))


def _queue_digest(person: User, now: datetime) -> int:
    """On Mondays, if anything happened or runs."""
    mailbox = mailbox_of(person)
    sent_this_week = mailbox.digest_sent_on is not None and now.date() - mailbox.digest_sent_on < WEEK
    if not mailbox.wants_digest or now.weekday() != 0 or sent_this_week:
        return 0
    parts = [*_what_happened(now), *_what_runs()]
    if not parts:
        return 0
    Mailbox.objects.filter(user=person).update(digest_sent_on=now.date())
    text = "\n\n".join([*parts, _("The numbers are only on the site. We never send them by e-mail.")])
    return int(queue_mail(person, _("Your week at Second Thought"), text, now=now))


def _what_happened(now: datetime) -> Iterator[str]:
    entries = AuditEntry.objects.filter(kind=ObjectKind.CAMPAIGN, action__in=_TOLD, at__gte=now - WEEK)
    rows = entries.order_by("number").values_list("actor", "action", "label", "detail")[:MOST_LINES]
    lines = [
        f"- {actor} {describe_action(action, label=label, detail=detail)}" for actor, action, label, detail in rows
    ]
    if lines:
        yield "\n".join([_("What happened in the last week:"), *lines])


def _what_runs() -> Iterator[str]:
    running = Campaign.objects.filter(state=Campaign.State.RUNNING).order_by("name")[:MOST_LINES]
    lines = [f"- {one.name}: {absolute(reverse('analytics:watch', args=[one.slug]))}" for one in running]
    if lines:
        yield "\n".join([_("Running now:"), *lines])
