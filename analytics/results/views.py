"""The results page, which shows a stored look. The worker and management commands compute looks."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from analytics.embargo.access import embargo_filter, may_look_early
from analytics.models import Analysis
from analytics.results.build import build, deviations
from campaign.models import AnalysisPlan
from campaign.staff_site.access import campaign_for


@require_safe
def results(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the latest look, or the one named in the query string: `?look=2`."""
    campaign, early = campaign_for(request.user, slug), may_look_early(request.user)
    looks = list(Analysis.objects.filter(embargo_filter(early), campaign=campaign).order_by("look"))
    number = request.GET.get("look", str(looks[-1].look) if looks else "")
    analysis = next((look for look in looks if str(look.look) == number), None)
    if number and analysis is None:
        raise Http404
    context = {
        "campaign": campaign,
        "looks": looks,
        "newest": looks[-1].look if looks else None,
        "report": build(analysis, early=early) if analysis else None,
        "deviations": deviations(campaign),
        "plan": AnalysisPlan.objects.filter(campaign=campaign).first(),
    }
    return render(request, "analytics/results/results.html", context)
