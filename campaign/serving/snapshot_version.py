"""Has anything changed that is served? Asked every few seconds by each web process, so it has to be cheap."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.db.models import Count, Max, TextField
from django.db.models.functions import Cast

from campaign.models import Campaign, Partner, Placement
from campaign.serving import hosted_pages
from messages.models import HelpLink, Review

_DECIDED = Max("campaign__arms__revision__renditions__reviews")  # the last review of any of its words
PlacementVersions = Mapping[
    int, tuple[Any, ...]
]  # placement -> everything that its entry was compiled from, or when it changed


def read_placement_versions() -> PlacementVersions:
    """Differs for a placement whenever something that is served there has changed; cheap enough every few seconds."""
    links = str(list(HelpLink.objects.active().order_by("id").values_list(*hosted_pages.HELP_LINK_FIELDS)))
    runs: dict[int, list[Any]] = {}
    for placement, *run in (
        Campaign.placements.through.objects.order_by("placement_id", "campaign_id")
        .values_list("placement_id", "campaign_id", "campaign__state", "campaign__changed_at", _DECIDED)
        .iterator()
    ):
        runs.setdefault(placement, []).append(tuple(run))
    rows = Placement.objects.annotate(decided=Max("fallback__renditions__reviews")).values_list(
        "id", "key", "allowed_origins", "leave_url", "continue_url", "fallback", "decided", "partner__name"
    )
    return MappingProxyType({row[0]: (str(row), tuple(runs.get(row[0], ())), links) for row in rows})


CoarseVersion = tuple[Any, ...]


def read_coarse_version() -> CoarseVersion:
    """Differs whenever the marks do, and sometimes when they do not; a third of their cost with 1,000 campaigns."""
    runs = Campaign.placements.through.objects.aggregate(Max("id"), Count("id"))
    states = Campaign.objects.order_by("state").values_list("state").annotate(Count("id"), Max("changed_at"))
    return (
        tuple(runs.values()),
        tuple(states),
        Review.objects.aggregate(Max("id"))["id__max"],
        tuple(HelpLink.objects.active().order_by("id").values_list(*hosted_pages.HELP_LINK_FIELDS)),
        tuple(Partner.objects.order_by("id").values_list("id", "name")),
        tuple(
            Placement.objects.order_by("id").values_list(
                "id", "key", Cast("allowed_origins", TextField()), "leave_url", "continue_url", "fallback"
            )
        ),
    )
