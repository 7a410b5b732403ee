"""Download a file of a look."""

from collections.abc import Callable

from django.contrib import messages as flash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from analytics.export.files import ResultFile
from analytics.export.look_tables import NotExportable, exportable_looks, look_tables
from campaign.models import Campaign
from campaign.staff_site.access import campaign_for
from messages.downloads import download


def file_view(file: ResultFile) -> Callable[..., HttpResponse]:
    """Return the view that hands out one file of a look."""

    @require_safe
    def download_file(request: HttpRequest, slug: str, look: int) -> HttpResponse:
        campaign = campaign_for(request.user, slug)
        analysis = next((each for each in exportable_looks(campaign) if each.look == look), None)
        if analysis is None:
            return _nothing_to_download(request, campaign, look)
        try:
            content = file.make(look_tables(analysis))
        except NotExportable:
            return _nothing_to_download(request, campaign, look)
        return download(content, stem=f"{campaign.slug}-look-{look}-{file.stem}", extension=file.extension)

    return download_file


def _nothing_to_download(request: HttpRequest, campaign: Campaign, look: int) -> HttpResponse:
    """Go back to the results, which say why; 404 if there is no such look at all."""
    if not campaign.analyses.filter(look=look).exists():
        raise Http404
    flash.warning(request, gettext("There is nothing to download of this look."))
    return redirect("analytics:results", campaign.slug)
