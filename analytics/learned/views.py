"""The pages of what was learned: every closed campaign, and the average of those that match."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from analytics import wording
from analytics.learned.forest_chart import MOST_ROWS, forest_chart
from analytics.learned.published import published_trials
from analytics.learned.search import OURS, THEIRS, LearnedFilter, facet_values, readable_results, verdict_counts
from analytics.learned.wording import CHANGED_PLAN, STOPPED, contrast_title, known_so_far, verdict_label
from analytics.models import Estimate, LearnedComparison, LearnedFacet, LearnedResult, PooledComparison
from campaign.lifecycle.frozen_plan import changed_plans
from campaign.models import PlacementTest
from campaign.outcomes import OUTCOMES
from messages.i18n.languages import language_name
from messages.models import Frame
from messages.query_numbers import find_page
from messages.roles import MANAGER, STAFF_ROLES, has_role, role_required

PER_PAGE = 20
Kind = LearnedFacet.Kind


@dataclass(frozen=True, slots=True)
class ResultCard:
    """One closed campaign on the page."""

    result: LearnedResult
    sentence: str
    language: str
    outcome: str
    frames: tuple[tuple[str, str], ...]
    verdicts: tuple[str, ...]


@require_safe
@role_required(*STAFF_ROLES)
def learned(request: HttpRequest) -> HttpResponse:
    """List what closed campaigns showed."""
    asked = LearnedFilter.of(request)
    found = asked.apply(readable_results())
    page = find_page(Paginator(found.values_list("pk", flat=True), PER_PAGE), request.GET.get("page", "1"))
    cards = _cards(page.object_list)
    counts = verdict_counts(found)
    return render(
        request,
        "analytics/learned/learned.html",
        {
            "asked": asked,
            "page": page,
            "cards": cards,
            "any": bool(cards) or readable_results().exists(),
            "verdicts": [(verdict_label(value), wording.number(counts[value])) for value in _in_order(counts)],
            "filters": _filters(asked),
            "newer": asked.query(page.previous_page_number()) if page.has_previous() else "",
            "older": asked.query(page.next_page_number()) if page.has_next() else "",
            "may_import": has_role(request.user, MANAGER),
        },
    )


@require_safe
@role_required(*STAFF_ROLES)
def averages(request: HttpRequest) -> HttpResponse:
    """Show what is known so far of each contrast, and the campaigns of the one that ?show= names."""
    pools = list(PooledComparison.objects.order_by("outcome", "treated", "control", "design"))
    shown = request.GET.get("show", "")
    chosen = next((each for each in pools if contrast_key(each) == shown), None) if shown else next(iter(pools), None)
    if shown and chosen is None:
        raise Http404
    return render(
        request,
        "analytics/learned/averages.html",
        {
            "pools": [
                (each, contrast_key(each), _outcome_name(each.outcome), contrast_title(each.treated, each.control))
                for each in pools
            ],
            "chosen": chosen and _chosen(chosen),
            "trials": published_trials(),
        },
    )


def contrast_key(pooled: PooledComparison) -> str:
    """Return the address of a contrast."""
    return f"{pooled.outcome}.{pooled.treated}.{pooled.control}.{pooled.design}"


def _chosen(pooled: PooledComparison) -> dict[str, Any]:
    same = (
        LearnedComparison.objects.filter(
            result__in=readable_results(),
            result__outcome=pooled.outcome,
            treated=pooled.treated,
            control=pooled.control,
        )
        .select_related("result__campaign", "result__signer")
        .defer("result__words")
    )
    ordered = list(same.order_by("result__ended_on", "result_id", "position"))
    members = [each for each in ordered if each.result.design == pooled.design and not each.not_pooled]
    return {
        "pooled": pooled,
        "key": contrast_key(pooled),
        "outcome": _outcome_name(pooled.outcome),
        "known": known_so_far(pooled, members),
        "charts": [(name, forest_chart(pooled, members, name)) for name in ("wide", "phone")],
        "members": [(each, wording.verdict_name(each.verdict) if each.verdict else "–") for each in members],
        "hidden_rows": max(len(members) - MOST_ROWS, 0),
        "left_out": [(each, _why_not(each)) for each in ordered if each not in members],
        "spread": None if pooled.spread is None else wording.number(100 * pooled.spread, 1),
        "q": None if pooled.heterogeneity is None else wording.number(pooled.heterogeneity, 1),
        "q_p": None if pooled.heterogeneity_p is None else wording.p_value(pooled.heterogeneity_p),
        "level": wording.level_text(pooled.level),
    }


def _why_not(comparison: LearnedComparison) -> str:
    """Say why a comparison with the same outcome and contrast is not in an average."""
    if comparison.not_pooled:
        return str(comparison.get_not_pooled_display())
    return _("it was designed differently: %(design)s") % {"design": comparison.result.get_design_display().lower()}


def _cards(numbers: Iterable[int]) -> list[ResultCard]:
    """The results with these numbers, in this order. A page looks for numbers alone, which an index holds."""
    wanted = list(numbers)
    stored = LearnedResult.objects.select_related("campaign", "signer").prefetch_related("facets").defer("words")
    by_number = stored.in_bulk(wanted)
    listed, language = [by_number[number] for number in wanted], get_language() or "en"
    changed = changed_plans([each.campaign_id for each in listed if each.campaign_id is not None])
    cards = []
    for result in listed:
        spoken = language if language in result.sentences else next(iter(result.sentences), language)
        sentence = result.sentences.get(spoken, "")
        facets = {(each.kind, each.value) for each in result.facets.all()}
        verdicts = _in_order(value for kind, value in facets if kind == Kind.VERDICT)
        if result.campaign_id in changed:
            sentence, verdicts = str(CHANGED_PLAN), []
        cards.append(
            ResultCard(
                result,
                sentence,
                spoken,
                _outcome_name(result.outcome),
                tuple((value, str(label)) for value, label in Frame.choices if (Kind.FRAME, value) in facets),
                tuple(map(verdict_label, verdicts)),
            )
        )
    return cards


def _in_order(verdicts: Iterable[str]) -> list[str]:
    """Verdicts in one order on every page, which is no order of what is liked."""
    known = [*Estimate.Verdict.values, STOPPED]
    return sorted(set(verdicts) & set(known), key=known.index)


def _outcome_name(key: str) -> str:
    return wording.translate_outcome(OUTCOMES[key]).name


def _filters(asked: LearnedFilter) -> list[tuple[str, str, str, list[tuple[str, str]]]]:
    """Each list of choices: its name, its label, what is chosen, and its options."""
    labels = {Kind.FRAME: dict(Frame.choices), Kind.PLACEMENT: dict(PlacementTest.Way.choices)}
    filters = []
    for kind, values in facet_values().items():
        if kind == Kind.VERDICT:
            options = [(value, verdict_label(value)) for value in _in_order(values)]
        elif kind == Kind.LANGUAGE:
            options = [(value, language_name(value)) for value in values]
        elif kind == Kind.THEME:
            options = [(value, _(value)) for value in values if value]
        else:
            options = [(value, str(labels.get(Kind(kind), {}).get(value, value))) for value in values]
        filters.append((kind, str(Kind(kind).label), getattr(asked, kind), options))
    designs = [(value, str(label)) for value, label in LearnedResult.Design.choices]
    whose = [(OURS, _("Ours")), (THEIRS, _("Other organisations’"))]
    return [*filters, ("design", _("Design"), asked.design, designs), ("whose", _("Whose"), asked.whose, whose)]
