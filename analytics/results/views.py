"""The results page, which shows a stored look, and what the campaign cost. The worker computes looks."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from analytics.embargo.access import embargo_filter, may_look_early
from analytics.models import Analysis, CampaignCost
from analytics.results.build import build, deviations
from analytics.results.costs import cost_sentences, save_cost
from analytics.results.forms import CostForm
from campaign.models import AnalysisPlan, Campaign
from campaign.staff_site.access import campaign_for
from messages.roles import MANAGER, REVIEWER, current_user, has_role


@require_safe
def results(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the latest look, or the one named in the query string: `?look=2`."""
    return _render(request, campaign_for(request.user, slug))


@require_POST
def enter_cost(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep what a campaign cost, or show the results with what is wrong beside the field."""
    campaign = campaign_for(request.user, slug, write=True)
    form = CostForm(request.POST, instance=CampaignCost(campaign=campaign))
    if not form.is_valid():
        return _render(request, campaign, form)
    save_cost(campaign, form.instance, by=current_user(request))
    response = redirect("analytics:results", slug)
    response.headers["Location"] += "#cost"
    return response


def _render(request: HttpRequest, campaign: Campaign, cost_form: CostForm | None = None) -> HttpResponse:
    early = may_look_early(request.user)
    looks = list(Analysis.objects.filter(embargo_filter(early), campaign=campaign).order_by("look"))
    number = request.GET.get("look", str(looks[-1].look) if looks else "")
    analysis = next((look for look in looks if str(look.look) == number), None)
    if number and analysis is None:
        raise Http404
    report = build(analysis, early=early) if analysis else None
    context = {
        "campaign": campaign,
        "looks": looks,
        "newest": looks[-1].look if looks else None,
        "report": report,
        "costs": cost_sentences(report) if report else [],
        "cost_form": cost_form or CostForm(instance=CampaignCost.objects.filter(campaign=campaign).first()),
        "may_enter_cost": has_role(request.user, MANAGER),
        "may_publish": has_role(request.user, MANAGER, REVIEWER),
        "deviations": deviations(campaign),
        "plan": AnalysisPlan.objects.filter(campaign=campaign).first(),
    }
    return render(request, "analytics/results/results.html", context)
