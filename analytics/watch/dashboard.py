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
from analytics.disclosure.gate import ArmDays
from analytics.embargo import request
from analytics.models import Analysis, EarlyLook, GuardEvent, Notice, Pulse, Telling, WorkerStep
from analytics.notifications.delivery import MOST_TRIES
from analytics.notifications.wording import sentence
from analytics.report_rows import QualityItem
from analytics.results import build
from analytics.watch import quality_lights
from campaign.models import AnalysisPlan, Arm, Campaign, PlannedOutcome
from campaign.outcomes import CATALOGUE

PACE_DAYS = 7  # the pace is that of the last so many days that are shown


@dataclass(frozen=True, slots=True)
class Guardrail:
    """One outcome that is watched for harm, and the messages that crossed its margin."""

    name: str
    margin: float | None
    crossed: tuple[Arm, ...]


@dataclass(frozen=True, slots=True)
class LookRow:
    """One look of the plan: at which share of the planned people, and when it was taken; None if it is to come."""

    share: float
    taken: Analysis | None


@dataclass(frozen=True, slots=True)
class Told:
    """A notice as the page lists it: its sentence, how many were told, and the errors of those who were not."""

    notice: Notice
    sentence: str
    sent: int
    waiting: tuple[str, ...]
    given_up: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Watch:
    """Everything that the page shows."""

    campaign: Campaign
    plan: AnalysisPlan | None
    lights: tuple[QualityItem, ...]
    arms: tuple[ArmDays, ...]
    through: date | None
    people: int | None
    planned: int
    days_left: int | None
    embargoed: bool
    guardrails: tuple[Guardrail, ...]
    crossings: tuple[str, ...]  # of arms that are stopped now
    looks: tuple[LookRow, ...]
    health_looks: int
    early_looks: tuple[EarlyLook, ...]
    asked: EarlyLook | None
    done: tuple[Told, ...]
    notices: tuple[Told, ...]

    @property
    def alarms(self) -> list[QualityItem]:
        return [item for item in self.lights if item.status == "alarm"]

    @property
    def cautions(self) -> list[QualityItem]:
        return [item for item in self.lights if item.status == "caution"]


def watch(campaign: Campaign, *, now: datetime) -> Watch:
    """One campaign as it is."""
    plan = AnalysisPlan.objects.filter(campaign=campaign).prefetch_related("outcomes").first()
    through = whole_through()
    arms = gate.days(campaign, through=through)
    newest = [arm.newest for arm in arms if arm.newest is not None]
    looks = list(Analysis.objects.filter(campaign=campaign).order_by("look"))
    told = notices_of(campaign)
    events = list(GuardEvent.objects.filter(campaign=campaign).select_related("arm").order_by("at"))
    return Watch(
        campaign=campaign,
        plan=plan,
        lights=quality_lights.of(campaign, Pulse.objects.filter(campaign=campaign).first(), _as_shown(looks), now=now),
        arms=tuple(arms),
        through=through,
        people=sum(newest) if arms and len(newest) == len(arms) else None,
        planned=plan.planned_per_arm * len(arms) if plan else 0,
        days_left=days_left(arms, plan.planned_per_arm) if plan else None,
        embargoed=request.is_embargoed(campaign),
        guardrails=tuple(_guardrails(plan, events)) if plan else (),
        crossings=tuple(build.guard_sentence(event) for event in events if event.arm.paused_at is not None),
        looks=tuple(looks_of(plan, looks)) if plan else (),
        health_looks=sum(look.embargoed for look in looks),
        early_looks=tuple(EarlyLook.objects.filter(campaign=campaign).select_related("by").order_by("asked_at")),
        asked=request.waiting(campaign),
        done=tuple(each for each in told if each.notice.kind in Notice.DONE),
        notices=tuple(told),
    )


def _as_shown(looks: Sequence[Analysis]) -> Analysis | None:
    """The last look that everybody may read, as the door shows it."""
    last = next((look for look in reversed(looks) if not look.exception), None)
    return gate.look(last, early=False).shown if last else None


def whole_through() -> date | None:
    """The last day whose views are all counted, by the worker's last fold; None if it never folded."""
    fold = WorkerStep.objects.filter(name="fold").first()
    if fold is None or fold.succeeded_at is None:
        return None
    # The last receipt of a day closes RECEIPT_LIFE_HOURS after it; an hour more for clocks that differ.
    return (fold.succeeded_at - timedelta(hours=settings.RECEIPT_LIFE_HOURS + 1)).date() - timedelta(days=1)


def days_left(arms: Sequence[ArmDays], planned: int) -> int | None:
    """Days until the least-seen message has its planned people, at the pace of the last days; None if not known."""
    left = []
    for arm in arms:
        if arm.arm.paused_at is not None or not arm.arm.weight:
            continue
        missing = planned - (arm.newest or 0)
        if missing <= 0:
            left.append(0)
            continue
        ends = [each for each in arm.days if each.day >= arm.days[-1].day - timedelta(days=PACE_DAYS)]
        if len(ends) < 2 or ends[-1].people <= ends[0].people:
            return None
        pace = (ends[-1].people - ends[0].people) / (ends[-1].day - ends[0].day).days
        left.append(ceil(missing / pace))
    return max(left, default=None)


def looks_of(plan: AnalysisPlan, looks: Sequence[Analysis]) -> list[LookRow]:
    """The plan's looks in order, each with the one that was taken for it."""
    fixed = plan.monitoring == AnalysisPlan.Monitoring.FIXED
    shares = [1.0] if fixed else [float(share) for share in plan.looks]
    taken = [look for look in looks if not look.embargoed and not look.exception and not look.exploratory]
    rows = []
    for at, share in enumerate(shares):
        after = shares[at + 1] if at + 1 < len(shares) else float("inf")
        reached = [look for look in taken if share <= look.information < after]
        rows.append(LookRow(share, reached[0] if reached else None))
    return rows


def notices_of(campaign: Campaign) -> list[Told]:
    """What was told of a campaign, the newest first."""
    found = Notice.objects.filter(campaign=campaign).prefetch_related("tellings").select_related("campaign")
    return [_told(notice, list(notice.tellings.all())) for notice in found.order_by("-at", "-pk")]


def _told(notice: Notice, tellings: Sequence[Telling]) -> Told:
    failed = [each for each in tellings if each.sent_at is None and each.tries]
    return Told(
        notice=notice,
        sentence=sentence(notice),
        sent=sum(each.sent_at is not None for each in tellings),
        waiting=tuple(dict.fromkeys(each.failure for each in failed if each.tries < MOST_TRIES)),
        given_up=tuple(dict.fromkeys(each.failure for each in failed if each.tries >= MOST_TRIES)),
    )


def _guardrails(plan: AnalysisPlan, events: Sequence[GuardEvent]) -> list[Guardrail]:
    return [
        Guardrail(
            name=CATALOGUE[planned.outcome].name,
            margin=planned.harm_margin,
            crossed=tuple(event.arm for event in events if event.outcome == planned.outcome),
        )
        for planned in plan.outcomes.all()
        if planned.role == PlannedOutcome.Role.GUARDRAIL
    ]
