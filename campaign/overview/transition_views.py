"""Views that submit, approve, pause, resume, close and copy a campaign, with pages that state the consequences.

Whatever the API asks a fresh confirmation for, these ask it for. Sending back and taking back do not, as they end in a
draft.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.contrib import messages as flash
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from campaign.lifecycle import after_backup, clone, draft_versions, launch_checks, transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.review_requests import ask_reviewer
from campaign.models import Campaign
from campaign.overview import plan_views
from campaign.staff_site.access import campaign_for, reviewable_campaign_for
from messages.accounts.form_recovery import says_if_lost
from messages.accounts.step_up import confirmation_required, confirmation_required_for_button
from messages.roles import STAFF_ROLES, current_user, has_role

State = Campaign.State


@dataclass(frozen=True, slots=True)
class TransitionPage:
    """The page before a transition. Its texts are translated when they are shown."""

    question: Any
    consequences: tuple[Any, ...]
    button: Any
    states: tuple[State, ...]  # in which the transition is possible
    tick: Any = ""  # what has to be ticked first


PAUSE_PAGE = TransitionPage(
    gettext_lazy("Pause this campaign?"),
    (
        gettext_lazy(
            "Within seconds, nobody sees its messages. Placements that have a neutral text show that instead."
        ),
        gettext_lazy("People who have a message on their screen now are still counted until its time is up."),
        gettext_lazy("The plan stays as it is. No counts are lost."),
        gettext_lazy("You can show it again at any time."),
    ),
    gettext_lazy("Pause it"),
    Campaign.LIVE,
)
RESUME_PAGE = TransitionPage(
    gettext_lazy("Show this campaign again?"),
    (
        gettext_lazy("Within seconds, people see its messages again at all its placements."),
        gettext_lazy("New visitors are counted together with earlier ones, under the same plan."),
        gettext_lazy("A message that was paused on its own because it did harm stays paused."),
    ),
    gettext_lazy("Show it again"),
    (State.PAUSED,),
)


def _resume_page(campaign: Campaign) -> TransitionPage:
    backup = after_backup.unconfirmed_backup(campaign)
    if not backup:
        return RESUME_PAGE
    return replace(
        RESUME_PAGE,
        consequences=(
            _("It was paused because a backup was restored. The last entry in that backup is from %(time)s.")
            % {"time": backup},
            _(
                "This site no longer knows what was stopped, paused, withdrawn or changed after that time. "
                "Repeat those steps first, for messages, help links and the addresses of placements."
            ),
            *RESUME_PAGE.consequences,
        ),
        tick=_("I have checked that nothing shown by it has been stopped, paused or withdrawn since."),
    )


def _close_page(campaign: Campaign) -> TransitionPage:
    return TransitionPage(
        _("Close this campaign for good?"),
        (
            _("Nobody sees its messages any more, and it cannot be started again."),
            _("Its keys are destroyed. After that nobody, including us, can work out who would see which message.")
            if campaign.unit == Campaign.Unit.SUBJECT
            else _("It has no keys to destroy: nobody can work out who saw which message."),
            _("Views that are still open are counted until their time is up. The last look can be taken after that."),
            _("You can still read its plan, totals and results."),
        ),
        _("Close it for good"),
        (*Campaign.LIVE, State.PAUSED),
        tick=_("I understand that this cannot be undone."),
    )


@confirmation_required_for_button("campaign:plan", about_the_same=True)
@require_POST
def submit(request: HttpRequest, slug: str) -> HttpResponse:
    """Submit a draft for approval."""
    campaign = campaign_for(request.user, slug, write=True)
    done = _("Sent. A reviewer who did not work on this campaign will read the plan and decide.")
    return _carry_out(request, campaign, partial(transitions.submit, by=current_user(request)), done)


@confirmation_required_for_button("campaign:plan", about_the_same=True)
@require_POST
def approve(request: HttpRequest, slug: str) -> HttpResponse:
    """Approve the plan that the reviewer has read."""
    campaign = _campaign_to_decide_on(request, slug)
    if not request.POST.get("have_read"):
        return plan_views.render_plan(request, campaign, errors={"have_read": _("Read everything, then tick the box.")})
    read = request.POST.get("read", "")
    action = partial(transitions.approve, by=current_user(request), read_fingerprint=read)
    return _carry_out(request, campaign, action, _("Approved. A manager can launch it now."))


@require_POST
def send_back(request: HttpRequest, slug: str) -> HttpResponse:
    """Send a submitted campaign back to its manager, with a reason."""
    campaign = _campaign_to_decide_on(request, slug)
    reason = launch_checks.clean_reason(request.POST.get("reason", ""))
    if not 0 < len(reason) <= transitions.SEND_BACK_REASON_LIMIT:
        errors = {"reason": _("Say what has to change, in up to 500 characters.")}
        return plan_views.render_plan(request, campaign, errors=errors, typed={"reason": reason})
    action = partial(transitions.send_back, by=current_user(request), reason=reason)
    return _carry_out(request, campaign, action, _("Sent back with your reason."))


@require_POST
def ask_for_review(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask one of those who may decide."""
    campaign, by = campaign_for(request.user, slug, write=True), current_user(request)
    name = request.POST.get("reviewer", "")
    person = next((one for one in draft_versions.possible_approvers(campaign) if one.get_username() == name), None)
    if person is None:
        flash.error(request, _("Choose who to ask."))
        return redirect("campaign:plan", slug)
    try:
        is_mailed = ask_reviewer(campaign, person, by=by, now=timezone.now())
    except ActionRefused as reason:
        flash.error(request, str(reason))
    else:
        by_mail, at_home = _("%(name)s gets a task and a mail."), _("%(name)s gets a task on their home page.")
        sentence = by_mail if is_mailed else at_home
        flash.success(request, sentence % {"name": name})
    return redirect("campaign:plan", slug)


@says_if_lost(gettext_lazy("Nothing was paused yet."))
@confirmation_required
@require_http_methods(["GET", "HEAD", "POST"])
def pause(request: HttpRequest, slug: str) -> HttpResponse:
    """Pause a campaign."""
    campaign = campaign_for(request.user, slug, write=True)
    if request.method != "POST":
        return _render_page(request, campaign, PAUSE_PAGE)
    done = _("Paused. Within seconds, nobody will see its messages.")
    return _carry_out(request, campaign, partial(transitions.pause, by=current_user(request)), done)


@says_if_lost(gettext_lazy("Nothing was resumed yet."))
@confirmation_required
@require_http_methods(["GET", "HEAD", "POST"])
def resume(request: HttpRequest, slug: str) -> HttpResponse:
    """Resume a paused campaign."""
    campaign = campaign_for(request.user, slug, write=True)
    page = _resume_page(campaign)
    if request.method != "POST":
        return _render_page(request, campaign, page)
    if page.tick and not request.POST.get("sure"):
        return _render_page(request, campaign, page, error=_("Tick the box first."))
    done = _("It is shown again under the same plan.")
    action = partial(transitions.resume, by=current_user(request), nothing_ended_since=bool(page.tick))
    return _carry_out(request, campaign, action, done)


@says_if_lost(gettext_lazy("Nothing was closed yet."))
@confirmation_required
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest, slug: str) -> HttpResponse:
    """Close a campaign for good, and destroy its keys."""
    campaign = campaign_for(request.user, slug, write=True)
    if request.method != "POST":
        return _render_page(request, campaign, _close_page(campaign))
    if not request.POST.get("sure"):
        error = _("Tick the box first. This cannot be undone.")
        return _render_page(request, campaign, _close_page(campaign), error=error)
    action = partial(transitions.close, by=current_user(request), now=timezone.now())
    return _carry_out(request, campaign, action, _("Closed for good. You can still read its results."))


@require_POST
def copy(request: HttpRequest, slug: str) -> HttpResponse:
    """Clone a campaign into a new draft, the only way to change what was launched."""
    campaign = campaign_for(request.user, slug, write=True)
    draft = clone.clone_campaign(campaign, by=current_user(request))
    flash.success(
        request, _("This is a new draft, copied from “%(name)s”. You can change anything.") % {"name": campaign.name}
    )
    left_out = campaign.arms.exclude(key__in=draft.arms.values("key")).values_list("name", flat=True)
    if left_out:
        sentence = _("Stopped messages were left out: %(arms)s.") % {"arms": ", ".join(left_out)}
        flash.warning(request, sentence)
    return redirect("campaign:detail", draft.slug)


def _campaign_to_decide_on(request: HttpRequest, slug: str) -> Campaign:
    campaign = reviewable_campaign_for(request.user, slug)
    if not draft_versions.reviews(campaign, request.user):
        raise PermissionDenied
    return campaign


def _render_page(request: HttpRequest, campaign: Campaign, page: TransitionPage, *, error: str = "") -> HttpResponse:
    context = {"campaign": campaign, "page": page, "possible": campaign.state in page.states, "error": error}
    return render(request, "campaign/overview/transition.html", context)


def _carry_out(
    request: HttpRequest, campaign: Campaign, action: Callable[[Campaign], object], done: str
) -> HttpResponse:
    """Apply a transition, and go to the campaign's page with its outcome as a message."""
    try:
        action(campaign)
    except ActionRefused as reason:
        flash.error(request, str(reason))
    else:
        flash.success(request, done)
    return redirect("campaign:detail" if has_role(request.user, *STAFF_ROLES) else "campaign:plan", campaign.slug)
