"""The list of campaigns, and the page of one with its arms, placements and plan."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_safe

from campaign.i18n.numbers import format_people_by_arm
from campaign.lifecycle import transitions
from campaign.lifecycle.draft_deletion import may_delete
from campaign.lifecycle.frozen_plan import changed_plans, factorial_arms
from campaign.lifecycle.placement_sharing import describe_sharing
from campaign.lifecycle.tags import LONGEST_TAG, MOST_TAGS
from campaign.models import AnalysisPlan, Arm, ArmText, Campaign, Placement, Tag
from campaign.overview.home_tasks import first_steps, home_tasks
from campaign.overview.list_filter import ORDER_NAMES, STATE_NAMES, ListFilter
from campaign.overview.next_step import next_step, send_back_entry
from campaign.serving.preview_links import preview_url
from campaign.staff_site.access import campaign_for, campaigns_to_review
from campaign.wizard.links import continue_planning_url
from messages.help_links import directory
from messages.models import Rendition, Review
from messages.query_numbers import find_page
from messages.review import message_lint, workflow
from messages.roles import MANAGER, OUTSIDE_REVIEWER, PARTNER_CONTACT, STAFF_ROLES, current_user, has_role, require_role
from messages.text.language_tags import direction_of

PER_PAGE = 20


@dataclass(frozen=True, slots=True)
class PreviewLink:
    """A link that previews a text at a placement; nothing is counted."""

    placement: Placement
    url: str


@dataclass(frozen=True, slots=True)
class RenditionDetail:
    """The exact words of a text in one locale, and their approval."""

    locale: str
    direction: str
    headline: str
    body: str
    state: str
    approval: Review | None
    exceptions: tuple[Review, ...]


@dataclass(frozen=True, slots=True)
class TextCard:
    """One text of an arm on the page: its words with their approval, and its previews."""

    text: ArmText
    renditions: tuple[RenditionDetail, ...]
    previews: tuple[PreviewLink, ...]


@dataclass(frozen=True, slots=True)
class ArmCard:
    """One arm on the page: its share and its texts."""

    arm: Arm
    share: str
    texts: tuple[TextCard, ...]


@require_safe
def campaigns(request: HttpRequest) -> HttpResponse:
    """Show what waits for this person, and list the campaigns. Partner contacts and outside reviewers see theirs."""
    if has_role(request.user, PARTNER_CONTACT) and not has_role(request.user, *STAFF_ROLES):
        return redirect("placements:list")
    if has_role(request.user, OUTSIDE_REVIEWER) and not has_role(request.user, *STAFF_ROLES):
        to_review = campaigns_to_review(request.user)
        return render(request, "campaign/overview/to_review.html", {"campaigns": to_review})
    require_role(request.user, *STAFF_ROLES)
    asked, user = ListFilter.of(request), current_user(request)
    page = find_page(Paginator(asked.apply(_campaigns()), PER_PAGE), request.GET.get("page", "1"))
    steps, changed = first_steps(user), changed_plans([each.pk for each in page])
    context = {
        "campaigns": page,
        "any": page.paginator.count or Campaign.objects.exists(),
        "asked": asked,
        "states": STATE_NAMES,
        "orders": ORDER_NAMES,
        "tags": list(Tag.objects.values_list("name", flat=True)),
        "tasks": home_tasks(user, with_links=not steps),
        "steps": steps,
        "done_steps": sum(step.is_done for step in steps),
        "changed": changed,
        "shown_to_nobody": {each.pk for each in page if each.pk in changed and each.state in Campaign.OPEN},
        "may_plan": has_role(request.user, MANAGER),
        "newer": asked.query(page.number - 1) if page.has_previous() else "",
        "older": asked.query(page.number + 1) if page.has_next() else "",
    }
    return render(request, "campaign/overview/list.html", context)


def _campaigns() -> QuerySet[Campaign]:
    paused = Arm.objects.filter(campaign=OuterRef("pk"), paused_at__isnull=False)
    annotated = Campaign.objects.annotate(deviated=Count("deviations", distinct=True), arm_stopped=Exists(paused))
    return annotated.prefetch_related("tags")


@require_safe
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one campaign."""
    campaign = campaign_for(request.user, slug)
    placements = list(campaign.placements.select_related("partner"))
    plan = AnalysisPlan.objects.filter(campaign=campaign).prefetch_related("outcomes").first()
    arms = _arms(request, campaign, placements)
    names = {card.arm.key: card.arm for card in arms}
    context = {
        "campaign": campaign,
        "arms": arms,
        "unlike": message_lint.lint_arm_revisions(
            {card.arm.name: card.arm.first_revision for card in arms if card.arm.has_texts}
        ),
        "placements": placements,
        "sharing": describe_sharing(campaign),
        "embed": request.build_absolute_uri(static("campaign/embed.js")),
        "plan": plan,
        "planned_split": format_people_by_arm(plan.planned_people, [(each.arm.name, each.arm.weight) for each in arms])
        if plan and arms
        else "",
        "comparisons": _comparisons(plan, names) if plan else [],
        "factorial": factorial_arms(campaign) is not None,
        "help_waits": []
        if campaign.state == Campaign.State.CLOSED
        else directory.overdue_checks(today=timezone.localdate()),
        "shows": campaign.state in Campaign.LIVE,
        "may_take_back": campaign.state in transitions.TRANSITIONS["take_back"][0] and has_role(request.user, MANAGER),
        "may_pause": campaign.state in Campaign.OPEN and has_role(request.user, MANAGER),
        "next": next_step(request.user, campaign, planning_url=continue_planning_url(request.user, campaign)),
        "copies": campaign.launched_at is not None and has_role(request.user, MANAGER),
        "deviations": campaign.deviations.count(),
        "sent_back": send_back_entry(campaign),
        "tags": [tag.name for tag in campaign.tags.all()],
        "may_manage": has_role(request.user, MANAGER),
        "may_delete": may_delete(campaign, request.user),
        "may_archive": campaign.state in Campaign.ARCHIVABLE and campaign.archived_at is None,
        "most_tags": MOST_TAGS,
        "longest_tags": MOST_TAGS * (LONGEST_TAG + 2),
    }
    return render(request, "campaign/overview/detail.html", context)


def _arms(request: HttpRequest, campaign: Campaign, placements: list[Placement]) -> list[ArmCard]:
    revisions = "texts__revision__"
    arms = list(campaign.arms.prefetch_related(f"{revisions}message__theme", f"{revisions}renditions__reviews__by"))
    total = sum(arm.weight for arm in arms)
    person, now = current_user(request), timezone.now()
    return [
        ArmCard(
            arm=arm,
            share=share_in_words(arm.weight, total),
            texts=tuple(
                TextCard(
                    text=text,
                    renditions=tuple(_rendition_detail(rendition) for rendition in text.revision.renditions.all()),
                    previews=tuple(
                        PreviewLink(place, preview_url(place, arm, by=person, now=now, text=text.position))
                        for place in placements
                        if text.stopped_at is None
                    ),
                )
                for text in arm.texts.all()
            ),
        )
        for arm in arms
    ]


def _rendition_detail(rendition: Rendition) -> RenditionDetail:
    return RenditionDetail(
        locale=rendition.locale,
        direction=direction_of(rendition.locale),
        headline=rendition.headline,
        body=rendition.body,
        state=rendition.get_state_display(),
        approval=workflow.approval_of(rendition),
        exceptions=tuple(workflow.exceptions(rendition)),
    )


def _comparisons(plan: AnalysisPlan, arms: Mapping[str, Arm]) -> list[tuple[Arm, Arm]]:
    return [(arms[treated], arms[control]) for treated, control in plan.comparisons if {treated, control} <= set(arms)]


def share_in_words(weight: int, total: int) -> str:
    """Describe a weight as a share: "1 in 4 people see it"."""
    if not weight:
        return gettext("seen by nobody")
    share = Fraction(weight, total)
    if share == 1:
        return gettext("seen by everyone")
    numbers = {
        "some": number_format(share.numerator, force_grouping=True),
        "all": number_format(share.denominator, force_grouping=True),
    }
    # The plural form of the verb depends on the number of people.
    sentence = ngettext("seen by %(some)s in %(all)s people", "seen by %(some)s in %(all)s people", share.numerator)
    return sentence % numbers
