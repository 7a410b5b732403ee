"""Steps of tests/browser/test_whole_journey.py that run in processes of the installation."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone

from analytics.models import Analysis, GuardEvent, OpenView, Tally
from analytics.worker import steps
from campaign.keys.store import campaigns_with_subject_secret
from campaign.models import Arm, Campaign, Partner
from messages.accounts import invitations
from messages.library import starter_library
from messages.models import Message
from messages.roles import ANALYST, MANAGER, PARTNER_CONTACT, REVIEWER
from messages.staff_mail import mailboxes
from tests import world

PASSWORD = "four words without sense"
HOURS_AHEAD = "hours-ahead"  # the file that tests/browser/ahead.py reads
PEOPLE = {"mara": MANAGER, "rafael": REVIEWER, "ana": ANALYST, "pat": PARTNER_CONTACT}


def set_up() -> dict[str, str]:
    """Create the library, four people and a partner. Return the headlines of the messages that are used."""
    starter_library.load(now=timezone.now())
    world.mark_help_links_checked()
    for name, role in PEOPLE.items():
        person = world.person(name, role)
        person.set_password(PASSWORD)
        person.save()
        mailboxes.confirm(person, f"{name}@example.org")
    Partner.objects.create(name="The Shed").contacts.add(User.objects.get(username="pat"))
    keys = ("scared-and-alone-neutral", "explain-and-hide-victim", "not-asked-user", "real-person-real-practice-both")
    return {key: Message.objects.get(key=key).revisions.order_by("number")[0].renditions.get().headline for key in keys}


def arms_by_headline() -> dict[str, str]:
    """Map headlines to arm keys, for the only campaign."""
    return {arm.first_revision.renditions.get(locale="en").headline: arm.key for arm in Arm.objects.all()}


def run_worker_ahead(ahead: int) -> dict[str, object]:
    """Run the worker's steps as if `ahead` hours had passed. Return what is counted, paused and sent."""
    now = timezone.now() + timedelta(hours=ahead)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []
    steps.fold_closed_views(now)
    steps.enforce_guardrails(now)
    steps.record_due_looks(now)
    steps.check_running_campaigns(now)
    steps.send_notices(now)
    return {
        "open": OpenView.objects.count(),
        "seen": sum(Tally.objects.filter(outcome="exposed").values_list("count", flat=True)),
        "stopped": list(GuardEvent.objects.values_list("arm__key", flat=True)),
        "looks": list(Analysis.objects.order_by("look").values_list("embargoed", flat=True)),
        "mail": sorted(f"{', '.join(letter.to)}: {letter.subject}" for letter in mail.outbox),
    }


def final_state() -> dict[str, object]:
    """Return the state of the campaign, its secrets and its deviations."""
    return {
        "state": Campaign.objects.get().state,
        "secrets": sorted(campaigns_with_subject_secret(settings.KEY_DIRECTORY)),
        "deviations": list(Campaign.objects.get().deviations.values_list("what", flat=True)),
    }


def begin_empty() -> str:
    """Load the starter library into an empty installation, and return the link of its first administrator."""
    starter_library.load(now=timezone.now())
    token = invitations.invite_first_administrator(by="test", now=timezone.now())
    return f"/welcome/{token}/"
