"""Download a file of a look, or ask the worker for one."""

from collections.abc import Callable

from django.contrib import messages as flash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from analytics.export.files import ResultFile
from analytics.export.look_tables import NotExportable, exportable_look
from analytics.export.prepared_files import finished_file, request_file
from analytics.models import Analysis
from campaign.lifecycle.frozen_plan import changed_plans
from campaign.models import Campaign
from campaign.staff_site.access import campaign_for
from messages.downloads import download


def file_view(file: ResultFile) -> Callable[..., HttpResponse]:
    """Return the view that hands out one file of a look."""

    def download_file(request: HttpRequest, slug: str, look: int) -> HttpResponse:
        campaign = campaign_for(request.user, slug)
        analysis = exportable_look(campaign, look)
        if analysis is None:
            return _nothing_to_download(request, campaign, look)
        if request.method == "POST":
            request_file(analysis, file, now=timezone.now())
            return _redirect_to_downloads(campaign, look)
        try:
            content = file_content(file, analysis)
        except NotExportable:
            content = None
        if content is None:
            return _nothing_to_download(request, campaign, look)
        return download(content, stem=f"{campaign.slug}-look-{look}-{file.stem}", extension=file.extension)

    return (
        require_http_methods(["GET", "HEAD", "POST"])(download_file)
        if file.made_by_worker
        else require_safe(download_file)
    )


def file_content(file: ResultFile, analysis: Analysis) -> bytes | None:
    """Return a file, made now or by the worker; None if it is not made yet. Raises NotExportable."""
    if not file.made_by_worker:
        return file.make(analysis)
    made = finished_file(analysis.campaign, analysis.look, file)
    return None if made is None or changed_plans([analysis.campaign_id]) else bytes(made.content or b"")


def _redirect_to_downloads(campaign: Campaign, look: int) -> HttpResponse:
    response = redirect("analytics:results", campaign.slug)
    response.headers["Location"] += f"?look={look}#download"
    return response


def _nothing_to_download(request: HttpRequest, campaign: Campaign, look: int) -> HttpResponse:
    """Go back to the results, which say why; 404 if there is no such look at all."""
    if not campaign.analyses.filter(look=look).exists():
        raise Http404
    flash.warning(request, gettext("There is nothing to download for this look yet."))
    return redirect("analytics:results", campaign.slug)
