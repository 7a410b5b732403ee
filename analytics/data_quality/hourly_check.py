"""Check the data of a running campaign once an hour: sample ratio, flow, reach and exclusions.

To disclose nothing about single views, the result is stored as status words and whole percents. The flow raises an
alarm below SMALL_CELL messages where at least three times as many are expected. By chance alone, that happens less
than once in 100,000 hours.

The usual number is judged by as it is told, to tens at least, and recent messages by their band: the hour in which a
status changes, as time alone raises what is expected, would else tell either to the message.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import floor

from django.conf import settings
from django.db.models import Sum

from analytics.comparison.split_check import check_split, check_texts, worse_of
from analytics.disclosure import gate
from analytics.models import Analysis, DataQualityStatus, Tally
from analytics.network_views import views_of_one_network
from analytics.stats import sample_ratio
from analytics.suppression.cells import end_of_band
from analytics.text_exposures import text_exposures
from campaign.models import AnalysisPlan, Arm, Campaign, ServedCount

Flow = DataQualityStatus.Flow
MEMORY_DAYS = 28  # over which the usual flow is averaged
WINDOWS = (0, 1, 2, 6)  # whole days before today, the shortest first
MIN_EXPECTED_MULTIPLE = 3  # of SMALL_CELL, before a low flow is an alarm
LOW_FLOW_DIVISOR = 4  # less than a quarter of the usual flow is a caution
_WEEK = 7
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FlowStatus:
    """The flow of messages, and about how many are served on a usual day if that is known."""

    flow: Flow
    usual: int | None


def flow_status(
    served: Mapping[date, int], *, since: datetime, enough_at: datetime | None, now: datetime, least: int
) -> FlowStatus:
    """Judge whether messages are served about as often as usual. `since` is when serving last became possible.

    That hardly any came is read from the last beat (`enough_at`) alone: two clocks for it would tell more than one.

    Nights are quiet, so today alone is judged only from noon on. Before that, and for campaigns that are rarely shown,
    the window reaches back until enough messages are expected in it.
    """
    today = now.date()
    for before in WINDOWS:
        first = today - timedelta(days=before)
        earlier = [count for day, count in served.items() if day < first and count and day != since.date()]
        if not earlier or (before == 0 and now.hour < 12):
            continue
        usual = told_usual(sum(earlier) / len(earlier), least=least)
        begins = max(datetime.combine(first, time(), UTC), since)
        expected = usual * ((now - begins) / _A_DAY)
        if expected < MIN_EXPECTED_MULTIPLE * least:
            continue
        recent = sum(count for day, count in served.items() if day >= first)
        if enough_at is None or enough_at < begins:
            return FlowStatus(Flow.ALARM, usual)
        low = before > 0 and end_of_band(recent, least) * LOW_FLOW_DIVISOR < expected
        return FlowStatus(Flow.CAUTION if low else Flow.OK, usual)
    return FlowStatus(Flow.UNKNOWN, None)


def told_usual(usual: float, *, least: int) -> int:
    """Round the messages of a usual day to one figure, and to tens (`least`) at least: 5 may be those of a single day.

    >>> told_usual(7, least=10), told_usual(37, least=10), told_usual(1_234, least=10), told_usual(37, least=20)
    (10, 40, 1000, 40)
    """
    step: int = max(10 ** (len(str(round(usual))) - 1), least)
    return floor(usual / step + 0.5) * step


def heartbeat(
    previous: DataQualityStatus | None, *, served: int, told: int, now: datetime, least: int
) -> tuple[datetime | None, int]:
    """Return the last hour by which at least `least` messages had been served since the beat before, and how many.

    A single message moves nothing, so that nobody can be found in it. Counting begins anew at the messages that a look
    told: between looks that tell of 11, two beats of ten that were begun before would tell of the one that is over.
    """
    at, of = (previous.enough_at, previous.enough_of) if previous is not None else (None, 0)
    hour = now.replace(minute=0, second=0, microsecond=0)
    if told - of >= least:
        at = hour
    of = max(of, told)
    if served - of >= least:
        at, of = hour, served
    return at, of


def check_data_quality(campaign: Campaign, *, now: datetime) -> DataQualityStatus:
    """Check one campaign and store the result in place of the previous one."""
    arms = list(campaign.arms.prefetch_related("texts"))
    since = campaign.changed_at if campaign.launched_at is None else max(campaign.changed_at, campaign.launched_at)
    served = _served_by_day(arms, first=now.date() - timedelta(days=MEMORY_DAYS))
    week = (now.date() - timedelta(days=_WEEK + 1), now.date() - timedelta(days=2))
    excluded = gate.exclusion_percentages_between(campaign, *week)
    enough_at, enough_of = heartbeat(
        DataQualityStatus.objects.filter(campaign=campaign).first(),
        served=sum(_served_by_day(arms, first=date.min).values()),
        told=gate.told_messages(campaign),
        now=now,
        least=settings.SMALL_CELL,
    )
    flow = flow_status(
        _spread(served, campaign, len(arms), today=now.date()),
        since=min(since, now),
        enough_at=enough_at,
        now=now,
        least=settings.SMALL_CELL,
    )
    status, _ = DataQualityStatus.objects.update_or_create(
        campaign=campaign,
        defaults={
            "felt_at": now,
            "split": sample_ratio_status(campaign, arms),
            "flow": flow.flow,
            "usual": flow.usual,
            "reach": _reach(arms, *week, served=sum(n for day, n in served.items() if week[0] <= day <= week[1])),
            "machines": excluded.get("machine"),
            "crowds": excluded.get("crowd"),
            "enough_at": enough_at,
            "enough_of": enough_of,
        },
    )
    return status


def sample_ratio_status(campaign: Campaign, arms: list[Arm]) -> Analysis.SampleRatio:
    """Test by an always-valid test whether exposures match the weights of the arms that were never paused.

    As in a look, what one network may have added raises no alarm, and the texts of an arm are to be seen equally often.
    """
    unpaused = [arm for arm in arms if not arm.pauses]  # fewer people saw the others
    is_by_period = campaign.unit == Campaign.Unit.PERIOD
    exposures = _days_by_arm(unpaused) if is_by_period else _exposures_by_arm(unpaused)
    counts = [exposures.get(arm.pk, 0) for arm in unpaused]
    plan = AnalysisPlan.objects.filter(campaign=campaign, frozen_at__isnull=False).first()
    views = views_of_one_network(plan, arms) if plan is not None else 0
    split = check_split(counts, [arm.weight for arm in unpaused], once=False, views_per_network=views)
    texts = check_texts([*text_exposures(arms).values()], once=False, views_per_network=views)
    result = worse_of(split, texts)
    if not isinstance(result, sample_ratio.SampleRatio):
        return Analysis.SampleRatio.UNKNOWN
    status = Analysis.SampleRatio(result.status)
    few = min((n for n, arm in zip(counts, unpaused, strict=True) if arm.weight), default=0) < settings.SMALL_CELL
    return Analysis.SampleRatio.UNKNOWN if few and status != Analysis.SampleRatio.ALARM else status


def _exposures_by_arm(arms: list[Arm]) -> dict[int, int]:
    exposed = Tally.objects.filter(arm__in=arms, outcome="exposed").order_by().values_list("arm")
    return dict(exposed.annotate(Sum("count")))


def _days_by_arm(arms: list[Arm]) -> dict[int, int]:
    """Count days at places, not people: where a place shows one arm a day, days are what was drawn."""
    days = Tally.objects.filter(arm__in=arms, outcome="exposed").order_by().values_list("arm", "placement", "day")
    return Counter(arm for arm, _placement, _day in days.distinct())


def _served_by_day(arms: list[Arm], *, first: date) -> dict[date, int]:
    served = ServedCount.objects.filter(arm__in=arms, day__gte=first).order_by().values_list("day")
    return dict(served.annotate(Sum("count")))


def _spread(served: Mapping[date, int], campaign: Campaign, arms: int, *, today: date) -> Mapping[date, int]:
    """Spread what was counted by block evenly over the days of it that have come, where periods are hours."""
    plan = AnalysisPlan.objects.filter(campaign=campaign).first()
    periods = plan.periods_from(campaign.starts_at) if plan else None
    if periods is None or not periods.are_hours:
        return served
    spread: dict[date, int] = {}
    for last, count in served.items():
        days = [last - timedelta(days=back) for back in reversed(range(arms)) if last - timedelta(days=back) <= today]
        spread |= {day: count * (n + 1) // len(days) - count * n // len(days) for n, day in enumerate(days)}
    return spread


def _reach(arms: list[Arm], first: date, last: date, *, served: int) -> int | None:
    """Return how many of 100 messages served on these days were seen, or None if few were served.

    Rounded down, and never 100: so close to all, it would tell how few were not seen.
    """
    if served < 100 * settings.SMALL_CELL:
        return None
    days = {"day__gte": first, "day__lte": last}
    exposed = Tally.objects.filter(arm__in=arms, outcome="exposed", **days).aggregate(Sum("count"))["count__sum"] or 0
    return min(100 * exposed // served, 99)
