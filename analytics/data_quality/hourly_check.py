"""How a running campaign's data are, felt once an hour by the worker: split, flow, reach, and what is left out.

Nobody may learn from it when somebody looked at a message, so it is felt by the hour and kept in words and whole
hundredths. The flow calls "hardly any" what is fewer than SMALL_CELL where at least three times as many are usual:
chance alone gives that less than once in 100,000 hours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings
from django.db.models import Sum

from analytics.disclosure import gate
from analytics.models import Analysis, Pulse, Tally
from analytics.stats import sample_ratio
from campaign.models import Arm, Campaign, ServedCount

Flow = Pulse.Flow
MEMORY_DAYS = 28  # as far back as it is asked what is usual
WINDOWS = (0, 1, 2, 6)  # whole days before today, the shortest first
MIN_EXPECTED_MULTIPLE = 3  # so many times SMALL_CELL must be usual before a few are called few
LOW_FLOW_DIVISOR = 4  # fewer than a quarter of what is usual
_WEEK = 7
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FlowStatus:
    """How messages flow, and how many are sent on a usual day; None if that is not known."""

    flow: Flow
    usual: float | None


def flow_status(served: Mapping[date, int], *, since: datetime, now: datetime, least: int) -> FlowStatus:
    """Whether messages are shown about as often as usual. `since` is when they were last allowed to be.

    Today alone is asked from noon on, because nights are quiet; before that, and for what is rarely shown, the days
    before it as well, as many as it takes until a few would be surprising.
    """
    today = now.date()
    for before in WINDOWS:
        first = today - timedelta(days=before)
        earlier = [count for day, count in served.items() if day < first and count and day != since.date()]
        if not earlier or (before == 0 and now.hour < 12):
            continue
        usual = sum(earlier) / len(earlier)
        begins = max(datetime.combine(first, time(), UTC), since)
        expected = usual * ((now - begins) / _A_DAY)
        if expected < MIN_EXPECTED_MULTIPLE * least:
            continue
        seen = sum(count for day, count in served.items() if day >= first)
        if seen < least:
            return FlowStatus(Flow.ALARM, usual)
        few = before > 0 and seen * LOW_FLOW_DIVISOR < expected
        return FlowStatus(Flow.CAUTION if few else Flow.OK, usual)
    return FlowStatus(Flow.UNKNOWN, None)


def check_data_quality(campaign: Campaign, *, now: datetime) -> Pulse:
    """Feel one campaign and note it in the place of what was noted before."""
    arms = list(campaign.arms.all())
    since = campaign.changed_at if campaign.launched_at is None else max(campaign.changed_at, campaign.launched_at)
    served = _served(arms, first=now.date() - timedelta(days=MEMORY_DAYS))
    felt = flow_status(served, since=min(since, now), now=now, least=settings.SMALL_CELL)
    week = (now.date() - timedelta(days=_WEEK + 1), now.date() - timedelta(days=2))
    left_out = gate.exclusion_percentages_between(campaign, *week)
    noted, _ = Pulse.objects.update_or_create(
        campaign=campaign,
        defaults={
            "felt_at": now,
            "split": sample_ratio_status(arms),
            "flow": felt.flow,
            "usual": None if felt.usual is None else _to_one_figure(felt.usual),
            "reach": _reach(arms, *week, served=sum(n for day, n in served.items() if week[0] <= day <= week[1])),
            "machines": left_out.get("machine"),
            "crowds": left_out.get("crowd"),
        },
    )
    return noted


def sample_ratio_status(arms: list[Arm]) -> Analysis.SampleRatio:
    """Whether the arms that were shown all the time match their weights, by a test that may be asked every hour.

    An arm that was ever paused stands outside it for good, as at a look: fewer saw it, and that is no fault.
    """
    shown = [arm for arm in arms if not arm.pauses]
    counts = _seen(shown)
    found = sample_ratio.always_valid([counts.get(arm.pk, 0) for arm in shown], [arm.weight for arm in shown])
    if not isinstance(found, sample_ratio.SampleRatio):
        return Analysis.SampleRatio.UNKNOWN
    told = Analysis.SampleRatio(found.status)
    few = min((counts.get(arm.pk, 0) for arm in shown if arm.weight), default=0) < settings.SMALL_CELL
    return Analysis.SampleRatio.UNKNOWN if few and told != Analysis.SampleRatio.ALARM else told


def _seen(arms: list[Arm]) -> dict[int, int]:
    seen = Tally.objects.filter(arm__in=arms, outcome="exposed").order_by().values_list("arm").annotate(Sum("count"))
    return dict(seen)


def _served(arms: list[Arm], *, first: date) -> dict[date, int]:
    sent = ServedCount.objects.filter(arm__in=arms, day__gte=first).order_by().values_list("day")
    return dict(sent.annotate(Sum("count")))


def _reach(arms: list[Arm], first: date, last: date, *, served: int) -> int | None:
    """Of 100 messages sent on these days, how many were seen; not told of few."""
    if served < 100 * settings.SMALL_CELL:
        return None
    days = {"day__gte": first, "day__lte": last}
    seen = Tally.objects.filter(arm__in=arms, outcome="exposed", **days).aggregate(Sum("count"))["count__sum"] or 0
    return min(round(100 * seen / served), 100)


def _to_one_figure(value: float) -> int:
    """37 is 40, 1,234 is 1,000: enough to say what is usual."""
    whole = max(round(value), 1)
    step: int = 10 ** (len(str(whole)) - 1)
    return round(whole / step) * step
