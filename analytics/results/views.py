"""The results page: what a stored look at a campaign says. It reads; the worker or a command computes."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from analytics.disclosure import gate
from analytics.embargo.request import may_look_early
from analytics.models import Analysis
from analytics.results import build as reports
from campaign.models import AnalysisPlan
from campaign.staff_site.access import campaign_for


@require_safe
def results(request: HttpRequest, slug: str) -> HttpResponse:
    """The latest look, or an earlier one with ?look=2; every look stays on record."""
    campaign, early = campaign_for(request.user, slug), may_look_early(request.user)
    looks = list(Analysis.objects.filter(gate.embargo_filter(early), campaign=campaign).order_by("look"))
    asked = request.GET.get("look", str(looks[-1].look) if looks else "")
    chosen = next((analysis for analysis in looks if str(analysis.look) == asked), None)
    if asked and chosen is None:
        raise Http404
    context = {
        "campaign": campaign,
        "looks": looks,
        "newest": looks[-1].look if looks else None,
        "report": reports.build(chosen, early=early) if chosen else None,
        "deviations": reports.deviations(campaign),
        "plan": AnalysisPlan.objects.filter(campaign=campaign).first(),
    }
    return render(request, "analytics/results/results.html", context)
