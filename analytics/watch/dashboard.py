"""Collect what the watch page shows of a campaign: counts that may be shown, and never estimates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from math import ceil

from analytics.disclosure import gate
from analytics.disclosure.gate import ArmDailyTotals
from analytics.embargo.access import is_embargoed
from analytics.embargo.request import pending_request
from analytics.models import Analysis, DataQualityStatus, EarlyLook, GuardEvent, Notice, NoticeDelivery
from analytics.notifications.delivery import MAX_ATTEMPTS
from analytics.notifications.wording import notice_sentence
from analytics.report_rows import QualityItem
from analytics.results.paused_arms import guardrail_pause_sentence, stopped_name
from analytics.watch import quality_status
from campaign.assignment.receipts import SECONDS_PER_HOUR
from campaign.lifecycle.alert_recipients import why_nobody_hears
from campaign.lifecycle.changed_campaigns import change_sentence
from campaign.models import AnalysisPlan, Campaign, PlannedOutcome
from campaign.outcomes import OUTCOMES

_DAY_SECONDS = 86_400
PACE_DAYS = 7  # over which the current pace is measured


@dataclass(frozen=True, slots=True)
class Guardrail:
    """A guardrail outcome, and the names of the arms, and of single texts, that crossed its margin."""

    name: str
    margin: float | None
    crossed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlannedLook:
    """A look of the plan: its share of the planned people, and its analysis once it was made."""

    share: float
    analysis: Analysis | None


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice, how many recipients it was sent to, and the errors of the others."""

    notice: Notice
    sentence: str
    sent_count: int
    retried_errors: tuple[str, ...]
    final_errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Everything that the watch page shows of a campaign."""

    campaign: Campaign
    plan: AnalysisPlan | None
    change: str  # what was changed past this program, and what to do
    quality: tuple[QualityItem, ...]
    arms: tuple[ArmDailyTotals, ...]
    last_complete_day: date | None
    people: int | None
    planned_people: int
    days_left: int | None
    embargoed: bool
    guardrails: tuple[Guardrail, ...]
    guardrail_pauses: tuple[str, ...]  # of arms that are paused now
    looks: tuple[PlannedLook, ...]
    health_look_count: int
    early_looks: tuple[EarlyLook, ...]
    pending_early_look: EarlyLook | None
    completion_notices: tuple[NoticeRow, ...]
    notices: tuple[NoticeRow, ...]
    unheard: str  # why nobody hears of harm
    stopped_arms: tuple[str, ...]

    @property
    def undelivered(self) -> bool:
        """Whether a notice has not reached somebody."""
        return any(row.retried_errors or row.final_errors for row in self.notices)

    @property
    def alarms(self) -> list[QualityItem]:
        return [item for item in self.quality if item.status == "alarm"]

    @property
    def cautions(self) -> list[QualityItem]:
        return [item for item in self.quality if item.status == "caution"]

    @property
    def unknown(self) -> list[QualityItem]:
        return [item for item in self.quality if item.status == "unknown"]


def build_dashboard(campaign: Campaign, *, now: datetime) -> Dashboard:
    """Collect the current state of one campaign."""
    plan = AnalysisPlan.objects.filter(campaign=campaign).prefetch_related("outcomes").first()
    through = gate.last_complete_day()
    arms = gate.daily_totals(campaign, through=through)
    totals = [arm.latest_total for arm in arms if arm.latest_total is not None]
    looks = list(Analysis.objects.filter(campaign=campaign).order_by("look"))
    notices = notice_rows(campaign)
    events = list(GuardEvent.objects.filter(campaign=campaign).select_related("arm", "text").order_by("at"))
    return Dashboard(
        campaign=campaign,
        plan=plan,
        change=change_sentence(campaign) if campaign.state in Campaign.OPEN else "",
        quality=quality_status.dashboard_quality(
            campaign, DataQualityStatus.objects.filter(campaign=campaign).first(), _latest_public_look(looks), now=now
        ),
        arms=tuple(arms),
        last_complete_day=through,
        people=sum(totals) if arms and len(totals) == len(arms) else None,
        planned_people=plan.planned_people if plan else 0,
        days_left=_days_left(plan, arms, now=now) if plan else None,
        embargoed=is_embargoed(campaign),
        guardrails=tuple(_guardrails(plan, events)) if plan else (),
        guardrail_pauses=tuple(
            guardrail_pause_sentence(event)
            for event in events
            if event.text is None and event.arm.paused_at is not None
        ),
        looks=tuple(planned_looks(plan, looks)) if plan else (),
        health_look_count=sum(look.embargoed for look in looks),
        early_looks=tuple(EarlyLook.objects.filter(campaign=campaign).select_related("by").order_by("asked_at")),
        pending_early_look=pending_request(campaign),
        completion_notices=tuple(row for row in notices if row.notice.kind in Notice.DONE),
        notices=tuple(notices),
        unheard=why_nobody_hears(campaign) if campaign.state in Campaign.OPEN else "",
        stopped_arms=tuple(arm.arm.name for arm in arms if arm.arm.paused_at is not None)
        if campaign.state in Campaign.OPEN
        else (),
    )


def _latest_public_look(looks: Sequence[Analysis]) -> Analysis | None:
    """Return the latest look that all staff may read, within disclosure limits."""
    last = next((look for look in reversed(looks) if not look.exception), None)
    return gate.released_look(last, early=False).shown_analysis if last else None


def _days_left(plan: AnalysisPlan, arms: Sequence[ArmDailyTotals], *, now: datetime) -> int | None:
    """Return the days until the last period is over, or until the planned people have come."""
    periods = plan.periods_from(plan.campaign.starts_at)
    if periods is None or not periods.count:
        return days_left(arms, plan.planned_people)
    return max(ceil((periods.end * SECONDS_PER_HOUR - now.timestamp()) / _DAY_SECONDS), 0)


def days_left(arms: Sequence[ArmDailyTotals], planned: int) -> int | None:
    """Estimate how many days it takes until the planned people have come; None if the pace is not known."""
    missing = planned - sum(arm.latest_total or 0 for arm in arms)
    if missing <= 0:
        return 0
    paces = [_people_per_day(arm) for arm in arms if arm.arm.paused_at is None and arm.arm.weight]
    known = [pace for pace in paces if pace is not None]
    return ceil(missing / sum(known)) if known and len(known) == len(paces) else None


def _people_per_day(arm: ArmDailyTotals) -> float | None:
    """Return the pace of the last days at which an arm was seen; None if it is not known."""
    totals = [total for total in arm.days if total.day >= arm.days[-1].day - timedelta(days=PACE_DAYS)]
    if len(totals) < 2 or totals[-1].people <= totals[0].people:
        return None
    return (totals[-1].people - totals[0].people) / (totals[-1].day - totals[0].day).days


def planned_looks(plan: AnalysisPlan, looks: Sequence[Analysis]) -> list[PlannedLook]:
    """Return the plan's looks in order, each with the first analysis made for it.

    Under always-valid monitoring any look from the first share on is one of the daily looks.
    """
    daily = plan.monitoring == AnalysisPlan.Monitoring.ALWAYS_VALID
    fixed = plan.monitoring == AnalysisPlan.Monitoring.FIXED
    shares = [1.0] if fixed else [float(share) for share in plan.looks]
    planned = [look for look in looks if not look.embargoed and not look.exception and not look.exploratory]
    return [
        PlannedLook(
            share,
            next(
                (look for look in planned if share <= look.information and (daily or look.information < following)),
                None,
            ),
        )
        for share, following in pairwise([*shares, float("inf")])
    ]


def notice_rows(campaign: Campaign) -> list[NoticeRow]:
    """Return the notices of a campaign, the latest first."""
    notices = Notice.objects.filter(campaign=campaign).prefetch_related("deliveries").select_related("campaign")
    return [_notice_row(notice, list(notice.deliveries.all())) for notice in notices.order_by("-at", "-pk")]


def _notice_row(notice: Notice, deliveries: Sequence[NoticeDelivery]) -> NoticeRow:
    failed = [delivery for delivery in deliveries if delivery.sent_at is None and delivery.tries]
    return NoticeRow(
        notice=notice,
        sentence=notice_sentence(notice),
        sent_count=sum(delivery.sent_at is not None for delivery in deliveries),
        retried_errors=tuple(dict.fromkeys(delivery.failure for delivery in failed if delivery.tries < MAX_ATTEMPTS)),
        final_errors=tuple(dict.fromkeys(delivery.failure for delivery in failed if delivery.tries >= MAX_ATTEMPTS)),
    )


def _guardrails(plan: AnalysisPlan, events: Sequence[GuardEvent]) -> list[Guardrail]:
    return [
        Guardrail(
            name=OUTCOMES[planned.outcome].name,
            margin=planned.harm_margin,
            crossed=tuple(stopped_name(event) for event in events if event.outcome == planned.outcome),
        )
        for planned in plan.outcomes.all()
        if planned.role == PlannedOutcome.Role.GUARDRAIL
    ]
