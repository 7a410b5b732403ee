"""How a campaign is right now, as its watch page says it: reads what the worker and the looks have stored.

No estimate is in it, before the plan's first look or after: that is for the results page. Counts come through
analytics.disclosure.gate alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil

from django.conf import settings

from analytics.disclosure import gate
from analytics.disclosure.gate import ArmDailyTotals
from analytics.embargo.access import is_embargoed
from analytics.embargo.request import pending_request
from analytics.models import Analysis, EarlyLook, GuardEvent, Notice, Pulse, Telling, WorkerStep
from analytics.notifications.delivery import MAX_ATTEMPTS
from analytics.notifications.wording import notice_sentence
from analytics.report_rows import QualityItem
from analytics.results.paused_arms import guardrail_pause_sentence
from analytics.watch import quality_lights
from campaign.models import AnalysisPlan, Arm, Campaign, PlannedOutcome
from campaign.outcomes import OUTCOMES

PACE_DAYS = 7  # the pace is that of the last so many days that are shown


@dataclass(frozen=True, slots=True)
class Guardrail:
    """One outcome that is watched for harm, and the messages that crossed its margin."""

    name: str
    margin: float | None
    crossed: tuple[Arm, ...]


@dataclass(frozen=True, slots=True)
class PlannedLook:
    """One look of the plan: at which share of the planned people, and when it was taken; None if it is to come."""

    share: float
    analysis: Analysis | None


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice as the page lists it: its sentence, how many were told, and the errors of those who were not."""

    notice: Notice
    sentence: str
    sent_count: int
    retried_errors: tuple[str, ...]
    final_errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Everything that the page shows."""

    campaign: Campaign
    plan: AnalysisPlan | None
    quality: tuple[QualityItem, ...]
    arms: tuple[ArmDailyTotals, ...]
    last_complete_day: date | None
    people: int | None
    planned_people: int
    days_left: int | None
    embargoed: bool
    guardrails: tuple[Guardrail, ...]
    guardrail_pauses: tuple[str, ...]  # of arms that are stopped now
    looks: tuple[PlannedLook, ...]
    health_look_count: int
    early_looks: tuple[EarlyLook, ...]
    pending_early_look: EarlyLook | None
    completion_notices: tuple[NoticeRow, ...]
    notices: tuple[NoticeRow, ...]

    @property
    def alarms(self) -> list[QualityItem]:
        return [item for item in self.quality if item.status == "alarm"]

    @property
    def cautions(self) -> list[QualityItem]:
        return [item for item in self.quality if item.status == "caution"]


def build_dashboard(campaign: Campaign, *, now: datetime) -> Dashboard:
    """One campaign as it is."""
    plan = AnalysisPlan.objects.filter(campaign=campaign).prefetch_related("outcomes").first()
    through = last_complete_day()
    arms = gate.daily_totals(campaign, through=through)
    newest = [arm.latest_total for arm in arms if arm.latest_total is not None]
    looks = list(Analysis.objects.filter(campaign=campaign).order_by("look"))
    told = notice_rows(campaign)
    events = list(GuardEvent.objects.filter(campaign=campaign).select_related("arm").order_by("at"))
    return Dashboard(
        campaign=campaign,
        plan=plan,
        quality=quality_lights.dashboard_quality(
            campaign, Pulse.objects.filter(campaign=campaign).first(), _as_shown(looks), now=now
        ),
        arms=tuple(arms),
        last_complete_day=through,
        people=sum(newest) if arms and len(newest) == len(arms) else None,
        planned_people=plan.planned_per_arm * len(arms) if plan else 0,
        days_left=days_left(arms, plan.planned_per_arm) if plan else None,
        embargoed=is_embargoed(campaign),
        guardrails=tuple(_guardrails(plan, events)) if plan else (),
        guardrail_pauses=tuple(guardrail_pause_sentence(event) for event in events if event.arm.paused_at is not None),
        looks=tuple(planned_looks(plan, looks)) if plan else (),
        health_look_count=sum(look.embargoed for look in looks),
        early_looks=tuple(EarlyLook.objects.filter(campaign=campaign).select_related("by").order_by("asked_at")),
        pending_early_look=pending_request(campaign),
        completion_notices=tuple(each for each in told if each.notice.kind in Notice.DONE),
        notices=tuple(told),
    )


def _as_shown(looks: Sequence[Analysis]) -> Analysis | None:
    """The last look that everybody may read, as the door shows it."""
    last = next((look for look in reversed(looks) if not look.exception), None)
    return gate.released_look(last, early=False).shown_analysis if last else None


def last_complete_day() -> date | None:
    """The last day whose views are all counted, by the worker's last fold; None if it never folded."""
    fold = WorkerStep.objects.filter(name="fold").first()
    if fold is None or fold.succeeded_at is None:
        return None
    # The last receipt of a day closes RECEIPT_LIFE_HOURS after it; an hour more for clocks that differ.
    return (fold.succeeded_at - timedelta(hours=settings.RECEIPT_LIFE_HOURS + 1)).date() - timedelta(days=1)


def days_left(arms: Sequence[ArmDailyTotals], planned: int) -> int | None:
    """Days until the least-seen message has its planned people, at the pace of the last days; None if not known."""
    left = []
    for arm in arms:
        if arm.arm.paused_at is not None or not arm.arm.weight:
            continue
        missing = planned - (arm.latest_total or 0)
        if missing <= 0:
            left.append(0)
            continue
        ends = [each for each in arm.days if each.day >= arm.days[-1].day - timedelta(days=PACE_DAYS)]
        if len(ends) < 2 or ends[-1].people <= ends[0].people:
            return None
        pace = (ends[-1].people - ends[0].people) / (ends[-1].day - ends[0].day).days
        left.append(ceil(missing / pace))
    return max(left, default=None)


def planned_looks(plan: AnalysisPlan, looks: Sequence[Analysis]) -> list[PlannedLook]:
    """The plan's looks in order, each with the one that was taken for it."""
    fixed = plan.monitoring == AnalysisPlan.Monitoring.FIXED
    shares = [1.0] if fixed else [float(share) for share in plan.looks]
    taken = [look for look in looks if not look.embargoed and not look.exception and not look.exploratory]
    rows = []
    for at, share in enumerate(shares):
        after = shares[at + 1] if at + 1 < len(shares) else float("inf")
        reached = [look for look in taken if share <= look.information < after]
        rows.append(PlannedLook(share, reached[0] if reached else None))
    return rows


def notice_rows(campaign: Campaign) -> list[NoticeRow]:
    """What was told of a campaign, the newest first."""
    found = Notice.objects.filter(campaign=campaign).prefetch_related("tellings").select_related("campaign")
    return [_told(notice, list(notice.tellings.all())) for notice in found.order_by("-at", "-pk")]


def _told(notice: Notice, tellings: Sequence[Telling]) -> NoticeRow:
    failed = [each for each in tellings if each.sent_at is None and each.tries]
    return NoticeRow(
        notice=notice,
        sentence=notice_sentence(notice),
        sent_count=sum(each.sent_at is not None for each in tellings),
        retried_errors=tuple(dict.fromkeys(each.failure for each in failed if each.tries < MAX_ATTEMPTS)),
        final_errors=tuple(dict.fromkeys(each.failure for each in failed if each.tries >= MAX_ATTEMPTS)),
    )


def _guardrails(plan: AnalysisPlan, events: Sequence[GuardEvent]) -> list[Guardrail]:
    return [
        Guardrail(
            name=OUTCOMES[planned.outcome].name,
            margin=planned.harm_margin,
            crossed=tuple(event.arm for event in events if event.outcome == planned.outcome),
        )
        for planned in plan.outcomes.all()
        if planned.role == PlannedOutcome.Role.GUARDRAIL
    ]
