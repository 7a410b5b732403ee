"""The plan of a campaign as one page, in plain words beside its formal form, and as files."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages as flash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from campaign.lifecycle import deviations, frozen_plan, launch_checks, transitions
from campaign.lifecycle.transitions import ActionRefused
from campaign.models import AnalysisPlan, Campaign
from campaign.overview.next_step import next_step, send_back_entry
from campaign.preregistration import export
from campaign.staff_site.access import campaign_for
from messages.downloads import download
from messages.roles import MANAGER, REVIEWER, current_user, has_role

State = Campaign.State


@require_safe
def plan(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything that is promised; where something is to be decided, the decision stands on it."""
    return render_plan(request, campaign_for(request.user, slug))


@require_safe
def download_json(request: HttpRequest, slug: str) -> HttpResponse:
    """Byte for byte what was hashed."""
    found = _plan_of(campaign_for(request.user, slug))
    return _file(export.as_json(found), found, "json")


@require_safe
def download_pdf(request: HttpRequest, slug: str) -> HttpResponse:
    """In the order of the OSF preregistration template."""
    found = _plan_of(campaign_for(request.user, slug))
    try:
        drawn = export.as_pdf(export.build_plan_document(found))
    except export.PdfNotRendered:
        flash.error(request, _("The PDF could not be made this time. The JSON holds the same plan."))
        return redirect("campaign:plan", slug)
    return _file(drawn, found, "pdf")


@require_POST
def report_deviation(request: HttpRequest, slug: str) -> HttpResponse:
    """Put on record what was done otherwise than planned."""
    campaign = campaign_for(request.user, slug, write=True)
    typed = {name: launch_checks.clean_reason(request.POST.get(name, "")) for name in ("what", "why")}
    errors = _gaps(typed)
    if errors:
        return render_plan(request, campaign, typed=typed, errors=errors)
    try:
        deviations.record_deviation(campaign, **typed, by=current_user(request), now=timezone.now())
    except ActionRefused as reason:
        flash.error(request, str(reason))
    else:
        flash.success(request, _("On record. Every result of this campaign shows it from now on."))
    return redirect("campaign:plan", slug)


def render_plan(request: HttpRequest, campaign: Campaign, **more: object) -> HttpResponse:
    """The page of a plan, with what somebody typed and what was wrong with it."""
    found = AnalysisPlan.objects.filter(campaign=campaign).select_related("campaign").first()
    told = export.build_plan_document(found) if found else None
    context = {
        "campaign": campaign,
        "plan": found,
        "told": told,
        "next": next_step(request.user, campaign),
        "deviations": campaign.deviations.select_related("by"),
        "sent_back": send_back_entry(campaign),
        "reason_limit": transitions.SEND_BACK_REASON_LIMIT,
        **_decisions(request, campaign, told),
    }
    return render(request, "campaign/overview/plan.html", context | more)


def _decisions(request: HttpRequest, campaign: Campaign, told: export.PlanDocument | None) -> dict[str, object]:
    """What this person may decide here, as the plan stands."""
    manages, reviews = has_role(request.user, MANAGER), has_role(request.user, REVIEWER)
    submits = manages and campaign.state == State.DRAFT
    decides = reviews and campaign.state == State.SUBMITTED and request.user != campaign.created_by
    read = frozen_plan.fingerprint_of(frozen_plan.canonical_json(told.content)) if decides and told else ""
    return {
        "submits": submits,
        "obstacles": launch_checks.submission_obstacles(campaign) if submits else [],
        "decides": decides,
        "read": read,
        "deviates": manages and told is not None and told.is_frozen,
    }


def _gaps(typed: Mapping[str, str]) -> dict[str, str]:
    asked = {"what": _("Say what was done otherwise."), "why": _("Say why.")}
    return {
        name: asked[name] if not text else _("Please say it in at most 500 characters.")
        for name, text in typed.items()
        if not 0 < len(text) <= deviations.DEVIATION_TEXT_LIMIT
    }


def _plan_of(campaign: Campaign) -> AnalysisPlan:
    found = AnalysisPlan.objects.filter(campaign=campaign).select_related("campaign").first()
    if found is None:
        raise Http404
    return found


def _file(content: bytes, found: AnalysisPlan, extension: str) -> HttpResponse:
    return download(
        content, stem=f"{found.campaign.slug}-plan{'' if found.frozen_at else '-draft'}", extension=extension
    )
