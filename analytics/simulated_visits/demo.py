"""Create the demo: three accounts, a partner, two placements, and a campaign of four arms with a frozen plan."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from analytics.simulated_visits.visitors import Behaviour, words_of
from campaign.lifecycle import transitions
from campaign.lifecycle.approval import approval_fingerprint
from campaign.lifecycle.placement_authors import field_digests, record_change
from campaign.models import AnalysisPlan, Arm, Campaign, Partner, Placement, PlannedOutcome
from messages.accounts import recorded_accounts
from messages.help_links import directory
from messages.models import Message
from messages.roles import STAFF_ROLES
from messages.staff_mail import mailboxes

SLUG = "autumn-pilot"
CHECKER = "the demo, which opened none of them"
HOSTED_PLACEMENT, EMBEDDED_PLACEMENT = "quiet-page", "partner-page"

# What the simulated visitors truly do after seeing each arm.
TRUE_BEHAVIOURS = {
    "neutral": Behaviour(turn_back=0.35),
    "victim": Behaviour(turn_back=0.40),
    "user": Behaviour(turn_back=0.38),
    "both": Behaviour(turn_back=0.44, annoyed=0.035),
}
# The texts of one matched set, which differ in their appeal alone.
ARMS = [
    ("neutral", "Neutral text", "scared-and-alone-neutral"),
    ("victim", "Harm to the victim", "scared-and-alone-victim"),
    ("user", "Harm to the person making it", "scared-and-alone-user"),
    ("both", "Both harms", "scared-and-alone-both"),
]
COMPARISONS = [["victim", "neutral"], ["user", "neutral"], ["both", "neutral"], ["user", "victim"], ["both", "victim"]]


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """The credentials of one demo account."""

    name: str
    role: str
    password: str


@transaction.atomic
def create_accounts() -> list[DemoAccount]:
    """Create or reset a manager, a reviewer and an analyst, each with a new random password."""
    accounts = []
    for name, role in zip(("mara", "rafael", "ana"), STAFF_ROLES, strict=True):
        group, _ = Group.objects.get_or_create(name=role)
        user, _ = User.objects.get_or_create(username=name)
        password = secrets.token_urlsafe(9)
        user.set_password(password)
        user.save()
        user.groups.set([group])
        mailboxes.confirm(user, f"{name}@demo.example")  # an address that does not exist: mails of the demo are printed
        accounts.append(DemoAccount(name, role, password))
        if recorded_accounts.are_accounts_on_record():
            recorded_accounts.vouch_for([user], by="the demo")
    return accounts


@transaction.atomic
def mark_help_links_checked(*, now: datetime) -> None:
    """Mark help links as checked, in the demo's name because nobody opened them, so that the demo can launch."""
    today = timezone.localdate(now)
    for check in directory.overdue_checks(today=today):
        directory.confirm(check.link, by=CHECKER, today=today)


@transaction.atomic
def create_campaign(*, now: datetime, origins: list[str], planned_per_arm: int, slug: str = SLUG) -> Campaign:
    """Create the four-arm campaign, have a second person approve it, and launch it at `now`."""
    manager, reviewer = User.objects.get(username="mara"), User.objects.get(username="rafael")
    partner, _ = Partner.objects.get_or_create(name="Example partner")
    neutral = Message.objects.get(key=ARMS[0][2]).revisions.order_by("-number").first()
    campaign = Campaign.objects.create(
        slug=slug,
        name="Autumn pilot: does the second harm help?",
        hypothesis="Telling the maker what it does to him turns back more people, alone or beside the victim's harm.",
        created_by=manager,
        ethics_exemption="The visitors of this example are simulated.",
    )
    for key, name in ((HOSTED_PLACEMENT, "Our own quiet page"), (EMBEDDED_PLACEMENT, "Example partner's page")):
        existing = Placement.objects.filter(key=key).first()
        before = field_digests(existing) if existing else {}
        placement, _ = Placement.objects.update_or_create(
            key=key, defaults={"name": name, "partner": partner, "allowed_origins": origins, "fallback": neutral}
        )
        record_change(placement, before, by=manager)
        campaign.placements.add(placement)
    for position, (key, name, message) in enumerate(ARMS):
        revision = Message.objects.get(key=message).revisions.order_by("-number")[0]
        Arm.objects.create_with_texts(
            [revision], campaign=campaign, key=key, name=name, is_control=key == "neutral", position=position
        )
    plan = AnalysisPlan.objects.create(
        campaign=campaign,
        smallest_difference=0.02,
        planned_per_arm=planned_per_arm,
        comparisons=COMPARISONS,
        monitoring=AnalysisPlan.Monitoring.FIXED,
        looks=[1.0],
    )
    for outcome, role in (
        ("turned_back", PlannedOutcome.Role.PRIMARY),
        ("help_self", PlannedOutcome.Role.SECONDARY),
        ("annoyed", PlannedOutcome.Role.GUARDRAIL),
        ("rating", PlannedOutcome.Role.SECONDARY),
    ):
        margin = 0.02 if role == PlannedOutcome.Role.GUARDRAIL else None
        PlannedOutcome.objects.create(plan=plan, outcome=outcome, role=role, harm_margin=margin)
    mark_help_links_checked(now=now)
    transitions.submit(campaign, by=manager)
    transitions.approve(campaign, by=reviewer, read_fingerprint=approval_fingerprint(campaign))
    transitions.launch(campaign, by=manager, now=now)
    return campaign


def behaviours_by_words(campaign: Campaign) -> dict[str, Behaviour]:
    """Return the true behaviours by the words of a message, which are all that tells a visitor the arm."""
    by_words = {}
    for arm in campaign.arms.with_texts():
        for rendition in arm.first_revision.renditions.all():
            by_words[words_of(rendition.headline, rendition.body)] = TRUE_BEHAVIOURS[arm.key]
    return by_words
