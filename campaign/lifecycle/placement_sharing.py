"""Which campaigns may run at one place at once: trials whose frozen plans name different slots of its views."""

from collections.abc import Collection

from django.db.models import Q
from django.utils.translation import gettext as _

from campaign.models import Campaign


def conflicts_with(campaign: Campaign) -> Q:
    """Match the campaigns that cannot run beside one at a place: of its purpose, with one of its slots or another unit.

    A trial goes before what is in use at its place. Trials that share a place count the same unit: otherwise a tab, or
    a partner's subject, could fall to one of them for a view and to the other for itself.
    """
    overlaps = Q(first_slot__lte=campaign.last_slot, last_slot__gte=campaign.first_slot)
    return Q(purpose=campaign.purpose) & (overlaps | ~Q(unit=campaign.unit))


def campaigns_in_the_way(campaign: Campaign) -> list[Campaign]:
    """Return the live campaigns at its placements that keep it from running there."""
    return _campaigns_at_its_placements(campaign, conflicts_with(campaign), Campaign.LIVE)


def paused_campaigns_in_the_way(campaign: Campaign) -> list[Campaign]:
    """Return the paused campaigns with its slots. Somebody decides whether they go on: until then, nothing else begins.

    A pause is there to show nothing, and one can be taken back only while nothing else runs there.
    """
    return _campaigns_at_its_placements(campaign, conflicts_with(campaign), (Campaign.State.PAUSED,))


def neighbours(campaign: Campaign) -> list[Campaign]:
    """Return the live trials that have other slots of its placements."""
    return _campaigns_at_its_placements(
        campaign, Q(purpose=campaign.purpose) & ~conflicts_with(campaign), Campaign.LIVE
    )


def describe_conflict(campaign: Campaign, other: Campaign) -> str:
    """Say why another campaign keeps this one from running."""
    values = {"name": other.name, "first": other.first_slot, "last": other.last_slot}
    if other.last_slot < campaign.first_slot or campaign.last_slot < other.first_slot:
        sentence = _(
            "“%(name)s” is already running at one of these placements and counts a different unit. "
            "Campaigns can share a placement only if they count the same unit."
        )
    elif other.shares_places:
        sentence = _("“%(name)s” is already running at one of these placements, in slots %(first)s to %(last)s of 100.")
    else:
        sentence = _("“%(name)s” is already running at one of these placements.")
    return sentence % values


def describe_sharing(campaign: Campaign) -> list[str]:
    """Say which of 100 views a campaign has, and who has others now; nothing if it has all."""
    if not campaign.shares_places:
        return []
    own = _("It has slots %(first)s to %(last)s of 100, which is %(share)s of 100 views of its placements.")
    other = _(
        "“%(name)s” has slots %(first)s to %(last)s at one of these placements. Each view counts for "
        "only one of the two campaigns."
    )
    return [
        own % {"first": campaign.first_slot, "last": campaign.last_slot, "share": campaign.slots},
        *(
            other % {"name": each.name, "first": each.first_slot, "last": each.last_slot}
            for each in neighbours(campaign)
        ),
    ]


def _campaigns_at_its_placements(campaign: Campaign, which: Q, states: Collection[str]) -> list[Campaign]:
    beside = Campaign.objects.filter(which, state__in=states, placements__in=campaign.placements.all())
    return list(beside.exclude(pk=campaign.pk).distinct().order_by("pk"))
