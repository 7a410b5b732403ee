"""What waits for one person, and the first steps of an installation, for the home page."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.core.cache import cache
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from campaign.lifecycle.draft_versions import may_approve
from campaign.models import Arm, Campaign, Placement
from campaign.overview.next_step import send_back_entry
from campaign.wizard.links import continue_planning_url
from messages.help_links import directory
from messages.models import AuditEntry, HelpLink
from messages.review.queue import reviewable_renditions
from messages.roles import ADMINISTRATOR, ALL_ROLES, MANAGER, REVIEWER, roles_held, users_with_role
from messages.staff_mail.mail import is_mail_possible
from messages.staff_mail.mailboxes import is_confirmed

State = Campaign.State
MOST_OF_A_KIND = 5  # campaigns named one by one
CAMPAIGNS, REVIEWS, HELP_LINKS, PLACEMENTS = "campaign:list", "reviews:queue", "help:directory", "placements:list"


@dataclass(frozen=True, slots=True)
class HomeTask:
    """One thing that waits for this person, and how many of it there are."""

    sentence: str
    url: str
    count: int = 1
    area: str = CAMPAIGNS  # the page of the navigation that it belongs to
    is_own_draft: bool = False


@dataclass(frozen=True, slots=True)
class FirstStep:
    """One of the steps from an empty installation to a first campaign; it ticks itself."""

    title: str
    explanation: str
    url: str
    is_done: bool


def home_tasks(user: User, *, with_links: bool) -> list[HomeTask]:
    """Return what waits for this person, the most urgent first; help links stand among the first steps else."""
    held = roles_held(user)
    return [
        *(_address_to_confirm(user) if MANAGER in held else ()),
        *(_arms_to_decide_on() if MANAGER in held else ()),
        *(_campaigns_to_approve(user) if REVIEWER in held else ()),
        *(_words_to_review(user) if REVIEWER in held else ()),
        *(_changes_to_confirm(user) if held & {MANAGER, REVIEWER} else ()),
        *(_links_to_check(user) if with_links and held & {MANAGER, REVIEWER} else ()),
        *(_campaigns_to_launch() if MANAGER in held else ()),
        *(_own_drafts(user) if MANAGER in held else ()),
    ]


def _address_to_confirm(user: User) -> Iterator[HomeTask]:
    """Whoever plans campaigns is to hear of harm in them."""
    if is_mail_possible() and not is_confirmed(user):
        sentence = gettext("Confirm your email address, so that you are alerted to harm")
        yield HomeTask(sentence, reverse("account:mail"), area="")


def _arms_to_decide_on() -> Iterator[HomeTask]:
    """A stopped arm has its visitors see the control, uncounted, until somebody decides."""
    stopped = Arm.objects.filter(campaign__state__in=Campaign.OPEN, paused_at__isnull=False)
    for arm in stopped.select_related("campaign").order_by("paused_at")[:MOST_OF_A_KIND]:
        sentence = gettext("Decide what to do next: “%(arm)s” was stopped in “%(campaign)s”")
        values = {"arm": arm.name, "campaign": arm.campaign.name}
        yield HomeTask(sentence % values, reverse("campaign:detail", args=[arm.campaign.slug]) + "#harm")


def _campaigns_to_approve(user: User) -> Iterator[HomeTask]:
    """Those for which this person was asked by name stand first."""
    asked = Campaign.asked_reviewers.through.objects.filter(campaign=OuterRef("pk"), user=user)
    waiting = Campaign.objects.filter(state=State.SUBMITTED).annotate(is_asked=Exists(asked))
    waiting = waiting.order_by("-is_asked", "changed_at")[: 4 * MOST_OF_A_KIND]
    for campaign in [campaign for campaign in waiting if may_approve(campaign, user)][:MOST_OF_A_KIND]:
        sentence = (
            gettext("You are asked to review “%(campaign)s”: read it and decide")
            if campaign.is_asked
            else gettext("Read “%(campaign)s” and decide whether to approve it")
        )
        url = reverse("campaign:plan", args=[campaign.slug])
        yield HomeTask(sentence % {"campaign": campaign.name}, url, area=REVIEWS)


def _words_to_review(user: User) -> Iterator[HomeTask]:
    if count := len(reviewable_renditions(user)):
        sentence = ngettext("Review a colleague’s text", "Review colleagues’ texts", count)
        yield HomeTask(sentence, reverse("reviews:queue"), count, area=REVIEWS)


def _changes_to_confirm(user: User) -> Iterator[HomeTask]:
    """Changes of help links and placements that a second person has to confirm."""
    for link in HelpLink.objects.exclude(proposed={}).exclude(proposed_by=user).order_by("proposed_at")[:5]:
        sentence = gettext("Confirm a colleague’s change to the help link “%(name)s”") % {"name": link.name}
        yield HomeTask(sentence, directory.staff_url(link), area=HELP_LINKS)
    for place in Placement.objects.exclude(proposed={}).exclude(proposed_by=user).order_by("proposed_at")[:5]:
        sentence = gettext("Confirm a colleague’s change to the placement “%(name)s”") % {"name": place.name}
        yield HomeTask(sentence, reverse("placements:placement", args=[place.key]), area=PLACEMENTS)


def _links_to_check(user: User) -> Iterator[HomeTask]:
    overdue = directory.overdue_checks(today=timezone.localdate())
    mine = [check.link for check in overdue if directory.is_shown(check.link) or check.link.proposed_by_id != user.pk]
    if mine:
        sentence = ngettext("Check a help link", "Check help links", len(mine))
        yield HomeTask(sentence, directory.staff_url(mine[0]), len(mine), area=HELP_LINKS)


def _campaigns_to_launch() -> Iterator[HomeTask]:
    approved = Campaign.objects.filter(state=State.APPROVED, queued_at=None).order_by("changed_at")
    for campaign in approved[:MOST_OF_A_KIND]:
        sentence = gettext("Launch “%(campaign)s”, which is approved") % {"campaign": campaign.name}
        yield HomeTask(sentence, reverse("campaign:launch", args=[campaign.slug]))


def _own_drafts(user: User) -> Iterator[HomeTask]:
    drafts = Campaign.objects.filter(state=State.DRAFT, archived_at=None, created_by=user).order_by("-changed_at")
    for campaign in drafts[:MOST_OF_A_KIND]:
        sent_back = send_back_entry(campaign) is not None
        sentence = (
            gettext("Change “%(campaign)s”, which a reviewer sent back")
            if sent_back
            else gettext("Continue planning “%(campaign)s”")
        )
        url = continue_planning_url(user, campaign)
        yield HomeTask(sentence % {"campaign": campaign.name}, url, is_own_draft=not sent_back)


def waiting_counts(user: User, held: Collection[str]) -> Mapping[str, int]:
    """Return how much waits for this person, by the page of the navigation where it is done.

    Every page shows this. Whatever changes it is on the audit record, so it is worked out anew after each entry only.
    """
    newest = AuditEntry.objects.order_by("-number").values_list("digest", flat=True).first()
    roles = "-".join(role for role in ALL_ROLES if role in held).replace(" ", "_")
    key = f"waiting:{user.pk}:{newest}:{timezone.localdate()}:{roles}"
    counts: Counter[str] | None = cache.get(key)
    if counts is None:
        counts = Counter()
        for task in home_tasks(user, with_links=True):
            counts[task.area] += task.count
        cache.set(key, counts, timeout=3600)
    return counts


def first_steps(user: User) -> list[FirstStep]:
    """Return the first steps of an installation; nothing once all are done, or for who cannot take them."""
    held = roles_held(user)
    if MANAGER not in held or Campaign.objects.filter(launched_at__isnull=False).exists():
        return []
    overdue = len(directory.launch_blockers(today=timezone.localdate()))
    steps = [
        FirstStep(
            gettext("Invite a colleague"),
            gettext("Invite a reviewer, because each campaign needs approval from someone who did not write it."),
            reverse("people:invite") if ADMINISTRATOR in held else "",
            users_with_role(REVIEWER).exclude(pk=user.pk).exists(),
        ),
        FirstStep(
            gettext("Check the help links"),
            gettext("Messages show them to visitors. Open each one once, and retire those that do not fit."),
            reverse("help:directory"),
            not overdue,
        ),
        FirstStep(
            gettext("Add a placement"),
            gettext("The page, the chatbot or the link where people will see a message."),
            reverse("placements:add"),
            Placement.objects.exists(),
        ),
        FirstStep(
            gettext("Plan a campaign"),
            gettext("Answer a few short questions. A second person approves the plan before anyone sees a message."),
            reverse("campaign:plan-new"),
            Campaign.objects.exclude(state=State.DRAFT).exists(),
        ),
    ]
    return [] if all(step.is_done for step in steps) else steps
