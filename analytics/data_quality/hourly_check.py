"""Check the data of a running campaign once an hour: sample ratio, flow, reach and exclusions.

Nothing here changes with a count that no gate has released. The split is judged by the people that a look or a day
told of all arms, the usual flow and a drop by the days that the daily chart shows, and reach by what looks tell. Hardly
any messages are read from the heartbeat alone, which stands on the page itself. See decision 58.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import floor

from django.conf import settings
from django.db.models import Sum

from analytics.comparison.split_check import check_split, check_texts, worse_of
from analytics.disclosure import gate
from analytics.disclosure.daily_counts import people_by_day
from analytics.disclosure.gate import ArmDailyTotals
from analytics.models import Analysis, DataQualityStatus
from analytics.network_views import views_of_one_network
from analytics.stats import sample_ratio
from analytics.suppression.cells import end_of_band
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
    """The flow of messages, and about how many people see one on a usual day if that is known."""

    flow: Flow
    usual: int | None


def flow_status(
    told: Mapping[date, float], *, since: datetime, enough_at: datetime | None, now: datetime, least: int
) -> FlowStatus:
    """Judge whether people see messages about as often as usual. `since` is when serving last became possible.

    `told` are the people of days that are shown. That hardly any come is read from the last beat (`enough_at`), which
    is shown too.

    Nights are quiet, so today alone is judged only from noon on. Before that, and for campaigns that are rarely shown,
    the window reaches back until enough people are expected in it.
    """
    today = now.date()
    for before in WINDOWS:
        first = today - timedelta(days=before)
        earlier = [people for day, people in told.items() if day < first and people and day != since.date()]
        if not earlier or (before == 0 and now.hour < 12):
            continue
        usual = told_usual(sum(earlier) / len(earlier), least=least)
        begins = max(datetime.combine(first, time(), UTC), since)
        if usual * ((now - begins) / _A_DAY) < MIN_EXPECTED_MULTIPLE * least:
            continue
        if enough_at is None or enough_at < begins:
            return FlowStatus(Flow.ALARM, usual)
        return FlowStatus(Flow.CAUTION if _is_low(told, since=since, least=least) else Flow.OK, usual)
    return FlowStatus(Flow.UNKNOWN, None)


def _is_low(told: Mapping[date, float], *, since: datetime, least: int) -> bool:
    """Whether the newest days that are shown, as many as it takes, have less than a quarter of the people before."""
    days = sorted(day for day in told if day > since.date())
    for newest in WINDOWS[1:]:
        recent, before = days[-newest:], [told[day] for day in days[:-newest] if told[day]]
        if not before:
            return False
        usual = sum(before) / len(before)
        if usual * newest >= MIN_EXPECTED_MULTIPLE * least:
            return sum(told[day] for day in recent) * LOW_FLOW_DIVISOR < usual * newest
    return False


def told_usual(usual: float, *, least: int) -> int:
    """Round the people of a usual day to one figure, and to tens (`least`) at least: 5 may be those of a single day.

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
    since = campaign.changed_at if campaign.launched_at is None else max(campaign.changed_at, campaign.launched_at)
    excluded = gate.exclusion_percentages_between(
        campaign, now.date() - timedelta(days=_WEEK + 1), now.date() - timedelta(days=2)
    )
    totals = gate.daily_totals(campaign, through=gate.last_complete_day())
    enough_at, enough_of = heartbeat(
        DataQualityStatus.objects.filter(campaign=campaign).first(),
        served=_messages_served(campaign),
        told=gate.told_messages(campaign),
        now=now,
        least=settings.SMALL_CELL,
    )
    flow = flow_status(
        _spread(_released_by_day(totals, first=now.date() - timedelta(days=MEMORY_DAYS)), campaign, len(totals)),
        since=min(since, now),
        enough_at=enough_at,
        now=now,
        least=settings.SMALL_CELL,
    )
    status, _ = DataQualityStatus.objects.update_or_create(
        campaign=campaign,
        defaults={
            "felt_at": now,
            "split": sample_ratio_status(campaign, totals),
            "flow": flow.flow,
            "usual": flow.usual,
            "reach": gate.released_reach(campaign, days=_WEEK),
            "machines": excluded.get("machine"),
            "crowds": excluded.get("crowd"),
            "enough_at": enough_at,
            "enough_of": enough_of,
        },
    )
    return status


def sample_ratio_status(campaign: Campaign, totals: Sequence[ArmDailyTotals]) -> Analysis.SampleRatio:
    """Test by an always-valid test whether exposures match the weights of the arms that were never paused.

    As in a look, what one network may have added raises no alarm, and the texts of an arm are to be seen equally often.
    Counts are those that were told last; what one network may have had of them follows from bands. Where a place shows
    one arm at a time, what was drawn are its periods, of which nothing is told between looks: each look judges them.
    """
    arms = [each.arm for each in totals]
    unpaused = [arm for arm in arms if not arm.pauses]  # fewer people saw the others
    keys = [arm.key for arm in unpaused]
    told = None if campaign.unit == Campaign.Unit.PERIOD else gate.people_told_together(campaign, totals, keys)
    if not told:
        return Analysis.SampleRatio.UNKNOWN
    counts = [told[key] for key in keys]
    plan = AnalysisPlan.objects.filter(campaign=campaign, frozen_at__isnull=False).first()
    views = views_of_one_network(plan, arms, rounded=_band) if plan is not None else 0
    split = check_split(counts, [arm.weight for arm in unpaused], once=False, views_per_network=views)
    texts = check_texts(_released_texts(campaign, arms), once=False, views_per_network=views)
    result = worse_of(split, texts)
    if not isinstance(result, sample_ratio.SampleRatio):
        return Analysis.SampleRatio.UNKNOWN
    status = Analysis.SampleRatio(result.status)
    few = min((n for n, arm in zip(counts, unpaused, strict=True) if arm.weight), default=0) < settings.SMALL_CELL
    return Analysis.SampleRatio.UNKNOWN if few and status != Analysis.SampleRatio.ALARM else status


def _band(count: int) -> int:
    return end_of_band(count, settings.SMALL_CELL)


def _released_texts(campaign: Campaign, arms: Sequence[Arm]) -> list[list[int]]:
    """How many people saw each text that was never stopped, of arms that have several and of which that was told."""
    told = gate.told_text_exposures(campaign)
    shown = [
        [str(text.position + 1) for text in arm.texts.all() if text.stopped_at is None]
        for arm in arms
        if arm.key in told
    ]
    of_arms = [told[arm.key] for arm in arms if arm.key in told]
    return [
        [seen[name] for name in names]
        for names, seen in zip(shown, of_arms, strict=True)
        if len(seen) > 1 and {*names} <= seen.keys()
    ]


def _released_by_day(totals: Sequence[ArmDailyTotals], *, first: date) -> dict[date, float]:
    """The people of each day of which all messages that are shown have told theirs."""
    shown = [people_by_day(each.days) for each in totals if each.arm.weight and each.arm.paused_at is None]
    days = set.intersection(*({*each} for each in shown)) if shown else set()
    return {day: sum(each[day] for each in shown) for day in sorted(days) if day >= first}


def _messages_served(campaign: Campaign) -> int:
    served = ServedCount.objects.filter(arm__campaign=campaign).aggregate(Sum("count"))["count__sum"]
    return served or 0


def _spread(told: Mapping[date, float], campaign: Campaign, arms: int) -> Mapping[date, float]:
    """Spread what was counted by block evenly over the days of it, where periods are hours."""
    plan = AnalysisPlan.objects.filter(campaign=campaign).first()
    periods = plan.periods_from(campaign.starts_at) if plan else None
    if periods is None or not periods.are_hours:
        return told
    spread: dict[date, float] = {}
    for last, people in told.items():
        for back in range(arms if people else 0):
            day = last - timedelta(days=back)
            spread[day] = spread.get(day, 0.0) + people / arms
    return spread
