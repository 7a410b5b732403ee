"""The public page of a campaign's results, its preview for staff, and the buttons that publish it and take it down."""

import json
from typing import Any

from django.conf import settings
from django.contrib import messages as flash
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from analytics.export.data_package import licence_url
from analytics.export.files import FILES
from analytics.export.look_tables import NotExportable, exportable_look, publishable_look
from analytics.export.page_without_account import outside_page_context, render_outside_page
from analytics.models import Analysis, PublicPage
from analytics.public_page.publication import propose_publication, publish, published_look, take_down
from campaign.lifecycle.actions import ActionRefused
from campaign.staff_site.access import campaign_for
from messages.accounts.step_up import confirmation_required_for_button
from messages.downloads import download
from messages.roles import current_user

# The tables that name no place: a partner's site is not published with the result.
PUBLIC_FILES = ("counts.csv", "estimates.csv")
_IN_JSON = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}  # so that no text ends the script element


@login_not_required
@require_safe
def public_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the published look to anybody, in the language that `?language=` or the browser asks for."""
    analysis = published_look(slug)
    if analysis is None:
        raise Http404
    template = "analytics/public_page/public_page.html"
    try:
        return render_outside_page(request, analysis.campaign, template, lambda: _context(request, analysis))
    except NotExportable:
        raise Http404 from None


@login_not_required
@require_safe
def public_file(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Hand out one of the tables of the published look."""
    analysis = published_look(slug)
    file = next((each for each in FILES if each.name == name and name in PUBLIC_FILES), None)
    if analysis is None or file is None:
        raise Http404
    try:
        content = file.make(analysis)
    except NotExportable:
        raise Http404 from None
    return download(content, stem=f"{slug}-{file.stem}", extension=file.extension)


@require_safe
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """Show staff the page as it would be published."""
    campaign = campaign_for(request.user, slug)
    page = PublicPage.objects.filter(campaign=campaign).first()
    analysis = exportable_look(campaign, page.look) if page else publishable_look(campaign)
    try:
        context = _context(request, analysis) if analysis else None
    except NotExportable:
        context = None
    if context is None:
        flash.info(
            request, _("You can publish the results after the campaign is closed and its last look has been taken.")
        )
        return _to_results(slug)
    return render(request, "analytics/public_page/public_page.html", {**context, "is_preview": True})


@confirmation_required_for_button("analytics:results", about_the_same=True)
@require_POST
def propose(request: HttpRequest, slug: str) -> HttpResponse:
    """Propose to publish the results."""
    campaign = campaign_for(request.user, slug)
    try:
        propose_publication(campaign, by=current_user(request), now=timezone.now())
        flash.success(request, _("Proposed. A colleague has to read the page and publish it."))
    except ActionRefused as reason:
        flash.error(request, str(reason))
    return _to_results(slug)


@confirmation_required_for_button("analytics:results", about_the_same=True)
@require_POST
def confirm(request: HttpRequest, slug: str) -> HttpResponse:
    """Publish what a colleague proposed."""
    campaign = campaign_for(request.user, slug)
    try:
        publish(campaign, seen=request.POST.get("look", ""), by=current_user(request), now=timezone.now())
        flash.success(request, _("Published. Anyone can read it now."))
    except ActionRefused as reason:
        flash.error(request, str(reason))
    return _to_results(slug)


@require_POST
def withdraw(request: HttpRequest, slug: str) -> HttpResponse:
    """Take the page down, or the proposal back."""
    campaign = campaign_for(request.user, slug)
    try:
        take_down(campaign, by=current_user(request))
        flash.success(request, _("Taken down."))
    except ActionRefused as reason:
        flash.error(request, str(reason))
    return _to_results(slug)


def _to_results(slug: str) -> HttpResponse:
    response = redirect("analytics:results", slug)
    response.headers["Location"] += "#publish"
    return response


def _context(request: HttpRequest, analysis: Analysis) -> dict[str, Any]:
    context = outside_page_context(analysis)
    address = request.build_absolute_uri(reverse("analytics:public", args=[context["report"].campaign.slug]))
    files = [(file, f"{address}{file.name}") for file in FILES if file.name in PUBLIC_FILES]
    return {
        **context,
        "files": files,
        "licence": settings.RESULTS_LICENCE,
        "licence_url": licence_url(),
        "address": address,
        "dataset": _dataset(context["values"], address, [link for _file, link in files]),
    }


def _dataset(values: dict[str, Any], address: str, files: list[str]) -> SafeString:
    """Describe the page to search engines as a schema.org Dataset."""
    described = {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": values["title"],
        "description": f"{values['sentence']} {values['people']}",
        "url": address,
        "license": licence_url(),
        "isAccessibleForFree": True,
        "inLanguage": values["language"],
        "dateModified": values["dated"],
        "creator": {"@type": "Organization", "name": settings.ORGANISATION},
        "distribution": [
            {"@type": "DataDownload", "encodingFormat": "text/csv", "contentUrl": content_url} for content_url in files
        ],
    }
    written = json.dumps(described, ensure_ascii=False).translate(_IN_JSON)
    return format_html('<script type="application/ld+json">{}</script>', mark_safe(written))  # noqa: S308  (escaped above)
