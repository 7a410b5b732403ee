"""How many of a campaign's views one network may have been counted for, by the shares that served it."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Count, Sum

from campaign.assignment.periods import Periods
from campaign.lifecycle.frozen_plan import launched_network_shares
from campaign.models import AnalysisPlan, Arm, NetworkSketch, Placement, ServedCount
from campaign.planned_people import planned_people
from campaign.serving.network_share import most_of_one_network, share_of_plan

_EPOCH = date(1970, 1, 1)


def views_of_one_network(
    plan: AnalysisPlan,
    arms: Sequence[Arm],
    *,
    first: date = date.min,
    last: date = date.max,
    rounded: Callable[[int], int] = int,
) -> int:
    """The most that one network may have been counted for in all days so far, or some, as if it came each day.

    `rounded` is applied to the messages of each day and placement, so that what follows can tell nothing of a few.

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
        days[day][placement] = rounded(count)
    sketches = _sketches_by_day(days, plan.periods_from(plan.campaign.starts_at), len(arms))
    return sum(
        most_of_one_network(served, share=share, declared=declared, sketches=sketches.get(day, 1))
        for day, served in days.items()
    )


def _sketches_by_day(days: Collection[date], periods: Periods | None, arms: int) -> dict[date, int]:
    """Return how many sketches counted the networks of what was counted on each day: of its own, or of its block."""
    if not days:
        return {}
    spans = {day: [day] if periods is None else _dates(periods.days_of_block(_number(day), arms)) for day in days}
    between = min(span[0] for span in spans.values()), max(days)
    on_record = NetworkSketch.objects.filter(day__range=between).order_by().values_list("day")
    sketches = dict(on_record.annotate(Count("pk")))
    return {day: sum(max(sketches.get(each, 1), 1) for each in span) for day, span in spans.items()}


def _number(day: date) -> int:
    return (day - _EPOCH).days


def _dates(numbers: Iterable[int]) -> list[date]:
    return [_EPOCH + timedelta(days=number) for number in numbers]
