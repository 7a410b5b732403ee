"""The results page, which shows a stored look, and what the campaign cost. The worker computes looks."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from analytics.disclosure import gate
from analytics.embargo.access import embargo_filter, may_look_early
from analytics.models import Analysis, CampaignCost
from analytics.results.build import Report, build_released, deviations
from analytics.results.costs import cost_sentences, save_cost
from analytics.results.factorial_reading import factorial_sentences
from analytics.results.flow import build_flow
from analytics.results.forms import CostForm
from analytics.results.planned_and_done import planned_beside_done
from analytics.results.recorded_looks import estimate_over_looks, looks_to_compare, recorded_looks
from analytics.results.rendered_parts import render_parts
from analytics.results.robustness import left_out_sentence, robustness_sentences, sight_sentence
from analytics.results.subgroups import divide
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
    prefetch_related_objects([campaign], "arms")
    looks = list(Analysis.objects.filter(embargo_filter(early), campaign=campaign).order_by("look"))
    for look in looks:
        look.campaign = campaign  # with its plan, which is read once
    number = request.GET.get("look", str(looks[-1].look) if looks else "")
    analysis = next((look for look in looks if str(look.look) == number), None)
    if number and analysis is None:
        raise Http404
    plan = campaign.plan if analysis else AnalysisPlan.objects.filter(campaign=campaign).first()
    beside = _side_context(plan, looks, analysis, early=early) if analysis and plan else {}
    report: Report | None = beside.get("report")
    newest = looks[-1].look if looks else None
    context = {
        **(_rendered_parts(request, campaign, plan, beside, newest=newest) if report and plan else {}),
        "campaign": campaign,
        "newest": newest,
        "report": report,
        "costs": cost_sentences(report) if report else [],
        "cost_form": cost_form or CostForm(instance=CampaignCost.objects.filter(campaign=campaign).first()),
        "may_enter_cost": has_role(request.user, MANAGER),
        "may_publish": has_role(request.user, MANAGER, REVIEWER),
        "deviations": report.deviations if report else deviations(campaign),
        "plan": plan,
    }
    return render(request, "analytics/results/results.html", context)


def _rendered_parts(
    request: HttpRequest, campaign: Campaign, plan: AnalysisPlan, beside: dict[str, Any], *, newest: int | None
) -> dict[str, SafeString]:
    """Render what stands before the cost and after it, from a report and what is beside it."""
    values = {
        **beside,
        "report": replace(beside["report"], campaign=None),
        "campaign": {"slug": campaign.slug, "state": campaign.state},
        "plan": plan,
        "newest": newest,
    }
    templates = ["analytics/results/findings.html", "analytics/results/method.html"]
    return dict(zip(("findings", "method"), render_parts(request, templates, values), strict=True))


def _side_context(plan: AnalysisPlan, looks: Sequence[Analysis], analysis: Analysis, *, early: bool) -> dict[str, Any]:
    """Return the report of a look, and what the page shows beside it; looks before it are read with it."""
    recorded = recorded_looks(plan, looks)
    compared = looks_to_compare(recorded, number=analysis.look)
    numbers = {each.look for each in compared}
    released = gate.released_looks([each for each in looks if each.look in numbers], early=early)
    report = build_released(released[-1], early=early)
    points = estimate_over_looks(report, list(zip(compared, released, strict=True)))
    return {
        "report": report,
        "recorded": recorded[::-1],
        "points": points,
        "flow": build_flow(report.primary, report.others),
        "divisions": divide(report, points, early=early),
        "factorial": factorial_sentences(report, plan),
        "robustness": [] if report.withheld else list(robustness_sentences(report)),
        "left_out": left_out_sentence(report),
        "sight": sight_sentence(report, plan),
        "planned_rows": planned_beside_done(report, plan),
    }
