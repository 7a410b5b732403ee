"""Write what a closed campaign showed, as far as it may be read by everybody, so that it can be searched and pooled."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import translation

from analytics.disclosure import gate
from analytics.embargo.access import embargo_filter
from analytics.export import bundle_contents
from analytics.export.look_tables import NotExportable, look_numbers, publishable_look, released_report
from analytics.learned.content import LearnedContent, learned_content
from analytics.learned.plain_letters import search_text
from analytics.learned.pooling import contrasts_of, pool
from analytics.models import Analysis, LearnedComparison, LearnedFacet, LearnedResult
from campaign.models import Campaign, Placement, PlacementTest

Kind = LearnedFacet.Kind


def unrecorded_campaigns() -> QuerySet[Campaign]:
    """Return the closed campaigns whose last look that may be read is not written, or for a smaller SMALL_CELL."""
    readable = Analysis.objects.filter(embargo_filter(False), embargoed=False, campaign__state=Campaign.State.CLOSED)
    last = dict(readable.order_by().values_list("campaign").annotate(Max("look")))
    written = dict(
        LearnedResult.objects.filter(campaign__isnull=False, least__gte=settings.SMALL_CELL)
        .order_by()
        .values_list("campaign", "look")
    )
    missing = [number for number, look in last.items() if written.get(number) != look]
    return Campaign.objects.filter(pk__in=missing).order_by("pk")


def record_result(campaign: Campaign) -> LearnedResult | None:
    """Write what a closed campaign showed in place of what was written; None, and nothing stays, if nothing is read."""
    analysis = publishable_look(campaign)
    try:
        sentences = dict(_sentences(analysis)) if analysis else {}
    except NotExportable:
        analysis = None
    if analysis is None:
        forget_result(campaign.learned) if hasattr(campaign, "learned") else None
        return None
    plan: dict[str, Any] = json.loads(campaign.plan.canonical)
    with translation.override(settings.LANGUAGE_CODE):
        look = bundle_contents.look_values(analysis, look_numbers(campaign))
    content = learned_content(plan, analysis.plan_fingerprint, look)
    themes, texts = _themes_and_texts(campaign)
    fields = {
        "name": campaign.name,
        "sentences": sentences,
        "words": search_text([campaign.name, campaign.hypothesis, *sentences.values(), *themes, *texts]),
    }
    facets = {Kind.THEME: themes, Kind.PLACEMENT: _placement_kinds(campaign), Kind.LANGUAGE: tuple(campaign.locales)}
    return write_result(content, fields, facets, moves=_network_moves(analysis, plan), campaign=campaign)


@transaction.atomic
def write_result(
    content: LearnedContent,
    fields: dict[str, Any],
    facets: dict[Kind, tuple[str, ...]],
    *,
    moves: Mapping[tuple[str, str], float] | None = None,
    **owner: Any,
) -> LearnedResult:
    """Store a result with its facets and comparisons in place of an earlier one, and pool what it contributes to.

    `moves` says, by contrast, how far one network can have moved it; bundles of others do not say so.
    """
    earlier = LearnedResult.objects.filter(plan_fingerprint=content.plan_fingerprint).first()
    touched = contrasts_of(earlier) if earlier else set()
    if earlier:
        earlier.delete()
    result = LearnedResult.objects.create(
        plan_fingerprint=content.plan_fingerprint,
        look=content.look,
        ended_on=content.ended_on,
        outcome=content.outcome,
        design=content.design,
        people=content.people,
        least=settings.SMALL_CELL,
        **fields,
        **owner,
    )
    found = {Kind.FRAME: content.frames, Kind.VERDICT: content.verdicts, Kind.LANGUAGE: content.languages, **facets}
    for kind, values in found.items():
        for value in dict.fromkeys(values):
            result.facets.add(LearnedFacet.objects.get_or_create(kind=kind, value=value[:120])[0])
    LearnedComparison.objects.bulk_create(_comparisons(result, content, moves or {}))
    pool(touched | contrasts_of(result))
    return result


@transaction.atomic
def forget_result(result: LearnedResult) -> None:
    """Remove a result, and work out anew the averages to which it contributed."""
    touched = contrasts_of(result)
    result.delete()
    LearnedFacet.objects.filter(results=None).delete()
    pool(touched)


def _network_moves(analysis: Analysis, plan: Mapping[str, Any]) -> dict[tuple[str, str], float]:
    """How far one network can have moved each comparison that a look shows, by its appeals."""
    frames = {arm["arm"]: arm["frame"] for arm in plan["arms"]}
    pairs = gate.released_look(analysis, early=False).checks.get("pairs", [])
    return {
        (frames[pair["treated"]], frames[pair["control"]]): pair["network_move"]
        for pair in pairs
        if pair.get("network_move") is not None  # looks of before do not say
    }


def _comparisons(
    result: LearnedResult, content: LearnedContent, moves: Mapping[tuple[str, str], float]
) -> Iterator[LearnedComparison]:
    for position, each in enumerate(content.contrasts):
        row = LearnedComparison(
            result=result,
            position=position,
            treated=each.treated,
            control=each.control,
            verdict=each.verdict,
            not_pooled=each.not_pooled,
            network_move=moves.get((each.treated, each.control)),
        )
        if each.treated_counts is not None:
            row.treated_n, row.treated_events = each.treated_counts.n, each.treated_counts.events
        if each.control_counts is not None:
            row.control_n, row.control_events = each.control_counts.n, each.control_counts.events
        if each.difference is not None:
            interval = each.difference.interval
            row.effect, row.low, row.high = each.difference.effect, interval.low, interval.high
        yield row


def _sentences(analysis: Analysis) -> Iterator[tuple[str, str]]:
    """The sentence of the results page in each language of the staff pages. Raises NotExportable."""
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            yield language, released_report(analysis).sentence


def _themes_and_texts(campaign: Campaign) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the themes of a campaign's messages, and their headlines in its languages."""
    revisions = [text.revision for arm in campaign.arms.with_texts() for text in arm.texts.all()]
    themes = tuple(dict.fromkeys(revision.message.theme.name for revision in revisions))
    headlines = dict.fromkeys(
        words.headline
        for revision in revisions
        for words in revision.renditions.all()
        if words.locale in campaign.locales
    )
    return themes, tuple(headlines)


def _placement_kinds(campaign: Campaign) -> tuple[str, ...]:
    return tuple(sorted({placement_kind(place) for place in campaign.placements.all()}))


def placement_kind(placement: Placement) -> str:
    """Return by what way a placement shows messages, as it is set up."""
    if placement.counts_signed_only:
        return PlacementTest.Way.SERVER.value
    return PlacementTest.Way.PAGE.value if placement.allowed_origins else PlacementTest.Way.HOSTED.value
