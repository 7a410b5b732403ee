"""The page of a campaign's plan, its downloads, and the form that records a deviation."""

from collections.abc import Mapping

from django.contrib import messages as flash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from campaign.lifecycle import approval, deviations, draft_versions, launch_checks, transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.frozen_plan import canonical_json, fingerprint_of
from campaign.models import AnalysisPlan, Campaign, CampaignComment
from campaign.overview.next_step import next_step, send_back_entry
from campaign.pdf.render import PdfNotRendered
from campaign.preregistration import export
from campaign.staff_site.access import campaign_for, reviewable_campaign_for
from messages.downloads import download
from messages.roles import ADMINISTRATOR, MANAGER, STAFF_ROLES, current_user, has_role

State = Campaign.State


@require_safe
def plan(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the plan, with the decision that this person may take."""
    return render_plan(request, reviewable_campaign_for(request.user, slug))


@require_safe
def download_json(request: HttpRequest, slug: str) -> HttpResponse:
    """Download exactly what was hashed."""
    plan = _plan_or_404(reviewable_campaign_for(request.user, slug))
    return _download(export.as_json(plan), plan, "json")


@require_safe
def download_pdf(request: HttpRequest, slug: str) -> HttpResponse:
    """Download the plan in the order of the OSF preregistration template."""
    plan = _plan_or_404(reviewable_campaign_for(request.user, slug))
    try:
        pdf = export.as_pdf(export.build_plan_document(plan))
    except PdfNotRendered:
        flash.error(request, _("The PDF could not be created. Download the JSON instead: it holds the same plan."))
        return redirect("campaign:plan", slug)
    return _download(pdf, plan, "pdf")


@require_POST
def report_deviation(request: HttpRequest, slug: str) -> HttpResponse:
    """Record a deviation from the frozen plan."""
    campaign = campaign_for(request.user, slug, write=True)
    typed = {name: launch_checks.clean_reason(request.POST.get(name, "")) for name in ("what", "why")}
    errors = _text_errors(typed)
    if errors:
        return render_plan(request, campaign, typed=typed, errors=errors)
    try:
        deviations.record_deviation(campaign, **typed, by=current_user(request), now=timezone.now())
    except ActionRefused as reason:
        flash.error(request, str(reason))
    else:
        flash.success(request, _("Recorded. From now on, every result of this campaign shows it."))
    return redirect("campaign:plan", slug)


def render_plan(request: HttpRequest, campaign: Campaign, **more: object) -> HttpResponse:
    """Render the page of a plan; `more` holds what was typed into its forms, and the errors."""
    # Before the page is built: what changes meanwhile voids the fingerprint, and not the other way round.
    decision = _decision_context(request, campaign)
    stored = _plan_of(campaign)
    document = export.build_plan_document(stored) if stored else None
    context = {
        "campaign": campaign,
        "plan": stored,
        "document": document,
        "is_staff": has_role(request.user, *STAFF_ROLES),
        "may_assign": has_role(request.user, ADMINISTRATOR),
        "next": next_step(request.user, campaign),
        "deviations": campaign.deviations.select_related("by"),
        "comments": campaign.comments.select_related("by"),
        "comment_limit": CampaignComment.LONGEST,
        "sent_back": send_back_entry(campaign),
        "reason_limit": transitions.SEND_BACK_REASON_LIMIT,
        "deviates": has_role(request.user, MANAGER) and document is not None and document.is_frozen,
        **decision,
    }
    return render(request, "campaign/overview/plan.html", context | more)


def _decision_context(request: HttpRequest, campaign: Campaign) -> dict[str, object]:
    """Return which decisions this person may take on what is not launched, and what an approval would be of."""
    submits = has_role(request.user, MANAGER) and campaign.state == State.DRAFT
    decides = campaign.state == State.SUBMITTED and draft_versions.may_approve(campaign, request.user)
    content = approval.approval_content(campaign) if campaign.launched_at is None else {}
    authors, approvers = draft_versions.authors_and_approvers(campaign) if content else ([], [])
    return {
        "submits": submits,
        "obstacles": launch_checks.submission_obstacles(campaign) if submits else [],
        "decides": decides,
        "may_ask": campaign.state == State.SUBMITTED and has_role(request.user, MANAGER) and not decides,
        "asked": list(campaign.asked_reviewers.all()) if campaign.state == State.SUBMITTED else [],
        "read": fingerprint_of(canonical_json(content)) if decides else "",
        "beside_plan": content,
        "authors": authors,
        "approvers": approvers,
    }


def _text_errors(typed: Mapping[str, str]) -> dict[str, str]:
    required = {"what": _("Say what changed from the plan."), "why": _("Say why it changed.")}
    return {
        name: required[name] if not text else _("Use up to 500 characters.")
        for name, text in typed.items()
        if not 0 < len(text) <= deviations.DEVIATION_TEXT_LIMIT
    }


def _plan_of(campaign: Campaign) -> AnalysisPlan | None:
    return AnalysisPlan.objects.filter(campaign=campaign).select_related("campaign").first()


def _plan_or_404(campaign: Campaign) -> AnalysisPlan:
    stored = _plan_of(campaign)
    if stored is None:
        raise Http404
    return stored


def _download(content: bytes, plan: AnalysisPlan, extension: str) -> HttpResponse:
    stem = f"{plan.campaign.slug}-plan{'' if plan.frozen_at else '-draft'}"
    return download(content, stem=stem, extension=extension)
