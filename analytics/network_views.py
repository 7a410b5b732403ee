"""How many of a campaign's views one network may have been counted for, by the shares that served it."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date

from django.conf import settings
from django.db.models import Count, Sum

from campaign.lifecycle.frozen_plan import launched_network_shares
from campaign.models import AnalysisPlan, Arm, NetworkSketch, Placement, ServedCount
from campaign.planned_people import planned_people
from campaign.serving.network_share import most_of_one_network, share_of_plan


def views_of_one_network(
    plan: AnalysisPlan, arms: Sequence[Arm], *, first: date = date.min, last: date = date.max
) -> int:
    """The most that one network may have been counted for in all days so far, or some, as if it came each day.

    Each further server of a day, and each restart, left it the floor once more: their sketches are on record.
    """
    weights = [arm.weight for arm in arms]
    people = planned_people(plan.planned_per_arm, weights)
    share = share_of_plan(people, weights, most=settings.NETWORK_SHARE)
    placements = Placement.objects.filter(campaigns=plan.campaign_id)
    frozen = launched_network_shares(plan)
    declared = {
        place.pk: percent / 100
        for place in placements
        if (percent := place.network_share if frozen is None else frozen.get(place.key, 0))
    }
    days: defaultdict[date, dict[int, int]] = defaultdict(dict)
    served = ServedCount.objects.filter(arm__in=arms, day__range=(first, last))
    rows = served.order_by().values_list("day", "placement").annotate(Sum("count"))
    for day, placement, count in rows:
        days[day][placement] = count
    sketches = _sketches_by_day(days)
    return sum(
        most_of_one_network(served, share=share, declared=declared, sketches=sketches.get(day, 1))
        for day, served in days.items()
    )


def _sketches_by_day(days: Collection[date]) -> dict[date, int]:
    if not days:
        return {}
    on_record = NetworkSketch.objects.filter(day__range=(min(days), max(days))).order_by().values_list("day")
    return dict(on_record.annotate(Count("pk")))
