"""What visitors of a campaign meet beside its messages, and how they are counted: at its placements, and help links."""

from typing import Any

from django.db.models import QuerySet

from campaign.models import Campaign, Placement
from messages.help_links import directory
from messages.models import HelpLink


def placement_content(campaign: Campaign) -> dict[str, dict[str, Any]]:
    """Return by its key what visitors meet at each placement, who runs it, and who is counted there."""
    placements = campaign.placements.select_related("partner", "fallback__message").order_by("key")
    return {
        placement.key: {
            name: _plain(placement, name)
            for name in Placement.FIELDS_FOR_VISITORS
            if name != "countries" or placement.countries  # approved before there were any: the same content
        }
        | {"partner": placement.partner.name}
        | {name: getattr(placement, name) for name in ("network_share", "counts_signed_only")}
        for placement in placements
    }


def help_link_content() -> dict[str, dict[str, Any]]:
    """Return what visitors read of each help link, by its key.

    Links that nobody has checked yet are among them: all have to be checked before a campaign is launched.
    """
    return _link_content(HelpLink.objects.active())


def visible_link_content() -> dict[str, dict[str, Any]]:
    """Return by its key what visitors read of each help link that they see."""
    return _link_content(HelpLink.objects.for_visitors())


def _link_content(links: QuerySet[HelpLink]) -> dict[str, dict[str, Any]]:
    names = directory.FIELDS_FOR_VISITORS
    rows = links.order_by("key").values_list("key", *names)
    return {key: dict(zip(names, values, strict=True)) for key, *values in rows}


def _plain(placement: Placement, name: str) -> Any:
    if name != "fallback":
        return getattr(placement, name)
    words = placement.fallback
    return {"words": str(words), "sha256": words.digest} if words else None
