"""Detect changes that require a new snapshot. Each web process checks every few seconds, so it has to be cheap."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.db.models import Count, Max, OuterRef, Subquery, TextField
from django.db.models.functions import Cast

from campaign.models import Campaign, Partner, Placement
from campaign.serving import hosted_pages
from messages.audit import log
from messages.models import AuditEntry, HelpLink, Review
from messages.roles import STAFF_ROLES, users_with_role

_ENDS_LINKS = (log.Action.PERSON_ROLE, log.Action.PERSON_DEACTIVATE)
_LAST_REVIEW = Max("campaign__arms__texts__revision__renditions__reviews")
# By placement: whatever its entry was compiled from, or when that changed.
PlacementVersions = Mapping[int, tuple[Any, ...]]
# The same for the whole snapshot, and cheaper.
CoarseVersion = tuple[Any, ...]


def read_placement_versions() -> PlacementVersions:
    """The version of each placement: it differs whenever something that is served there has changed."""
    links = str(list(HelpLink.objects.for_visitors().order_by("id").values_list(*hosted_pages.HELP_LINK_FIELDS)))
    runs: dict[int, list[Any]] = {}
    for placement, *run in (
        Campaign.placements.through.objects.order_by("placement_id", "campaign_id")
        .values_list("placement_id", "campaign_id", "campaign__state", "campaign__changed_at", _LAST_REVIEW)
        .iterator()
    ):
        runs.setdefault(placement, []).append(tuple(run))
    rows = Placement.objects.annotate(last_review=Max("fallback__renditions__reviews")).values_list(
        "id",
        "key",
        "allowed_origins",
        "countries",
        "leave_url",
        "continue_url",
        "network_share",
        "counts_signed_only",
        "fallback",
        "last_review",
        "partner__name",
    )
    return MappingProxyType({row[0]: (str(row), tuple(runs.get(row[0], ())), links) for row in rows})


def read_preview_givers() -> dict[int, int]:
    """Who may see campaigns, and so may give preview links; since when those count, in seconds since 1970.

    Whose account was closed, or who got another role, begins anew: an account that is opened again brings no link back.
    """
    ended = AuditEntry.objects.filter(kind=log.ObjectKind.PERSON, ref=OuterRef("username"), action__in=_ENDS_LINKS)
    last = Subquery(ended.order_by("-number").values("at")[:1])
    givers = users_with_role(*STAFF_ROLES).annotate(links_ended_at=last).values_list("pk", "links_ended_at")
    return {pk: int(at.timestamp()) if at else 0 for pk, at in givers}


def read_coarse_version() -> CoarseVersion:
    """A version that changes whenever that of a placement does, or more often, read in a third of the time."""
    runs = Campaign.placements.through.objects.aggregate(Max("id"), Count("id"))
    states = Campaign.objects.order_by("state").values_list("state").annotate(Count("id"), Max("changed_at"))
    return (
        read_preview_givers(),
        tuple(runs.values()),
        tuple(states),
        Review.objects.aggregate(Max("id"))["id__max"],
        tuple(HelpLink.objects.for_visitors().order_by("id").values_list(*hosted_pages.HELP_LINK_FIELDS)),
        tuple(Partner.objects.order_by("id").values_list("id", "name")),
        tuple(
            Placement.objects.order_by("id").values_list(
                "id",
                "key",
                Cast("allowed_origins", TextField()),
                Cast("countries", TextField()),
                "leave_url",
                "continue_url",
                "network_share",
                "counts_signed_only",
                "fallback",
            )
        ),
    )
