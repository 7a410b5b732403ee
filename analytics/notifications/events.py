"""What people want to hear of a campaign: found by the worker, each put on record once, with whom to tell of it.

A notice and all its tellings are one transaction, and its ref is unique: however often the worker looks, and wherever
it is stopped, each is made once and none is lost. analytics.notifications.delivery sends them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from analytics.models import Analysis, Estimate, GuardEvent, Notice, Pulse, Telling
from analytics.results import build
from campaign.models import AnalysisPlan, Campaign
from messages.audit import log
from messages.help_links import directory
from messages.models import AuditEntry

State = Campaign.State
Kind = Notice.Kind
NOTIFY_AFTER_CLOSE = timedelta(days=14)  # so long after a campaign was closed, its news are still told


@dataclass(frozen=True, slots=True)
class NoticeEvent:
    """One thing to tell; what has the same `ref` has been told."""

    kind: Notice.Kind
    ref: str
    about: str = ""


def notifiable_campaigns(*, now: datetime) -> QuerySet[Campaign]:
    """The campaigns that anything is told of: launched, and not closed long ago."""
    shown = Q(state__in=(State.RUNNING, State.PAUSED))
    lately = Q(state=State.CLOSED, launched_at__isnull=False, changed_at__gte=now - NOTIFY_AFTER_CLOSE)
    return Campaign.objects.filter(shown | lately).select_related("created_by").order_by("pk")


def record_notices(campaign: Campaign, *, now: datetime) -> int:
    """Put on record what is new about one campaign."""
    told = set(Notice.objects.filter(campaign=campaign).values_list("ref", flat=True))
    fresh = [each for each in notice_events(campaign, now=now, recorded_refs=told) if each.ref not in told]
    return sum(_put_on_record(campaign, each, now=now) for each in fresh)


def notice_events(campaign: Campaign, *, now: datetime, recorded_refs: Collection[str] = ()) -> Iterator[NoticeEvent]:
    """All that is, or was, to be told of a campaign; what was `told` and is hard to find out is not looked for."""
    for event in GuardEvent.objects.filter(campaign=campaign).select_related("arm"):
        yield NoticeEvent(Kind.GUARDRAIL, f"guard-{event.pk}", event.arm.name)
    if _is_split_broken(campaign):
        yield NoticeEvent(Kind.SPLIT, "split")
    paused = AuditEntry.objects.filter(
        kind=log.ObjectKind.CAMPAIGN, ref=campaign.slug, actor=log.WORKER, action=log.Action.CAMPAIGN_PAUSE
    )
    for number in paused.order_by("number").values_list("number", flat=True):
        yield NoticeEvent(Kind.PAUSED, f"paused-{number}")
    if campaign.state == State.RUNNING:
        for due in directory.overdue_checks(today=timezone.localdate(now)):
            if due.link.verified_on is not None:
                yield NoticeEvent(Kind.HELP_LINK, f"help-{due.link.pk}-{due.link.verified_on}", due.link.name)
    yield from _ends(campaign, now=now, told=recorded_refs)


def _is_split_broken(campaign: Campaign) -> bool:
    last = Analysis.objects.filter(campaign=campaign).order_by("-look").first()
    pulse = Pulse.objects.filter(campaign=campaign).first()
    alarm = Analysis.SampleRatio.ALARM
    return (last is not None and last.sample_ratio == alarm) or (pulse is not None and pulse.split == alarm)


def _ends(campaign: Campaign, *, now: datetime, told: Collection[str]) -> Iterator[NoticeEvent]:
    """The planned people, a decision, the last day: what makes a campaign done."""
    looks = Analysis.objects.filter(campaign=campaign, exception="", embargoed=False).order_by("-look")
    # With a broken split there is nothing to read, however many were counted.
    if looks.filter(information__gte=1).exclude(sample_ratio=Analysis.SampleRatio.ALARM).exists():
        yield NoticeEvent(Kind.PLANNED, "planned")
    last = looks.filter(exploratory=False).first()
    if last is not None and "decided" not in told and is_decided(last):
        yield NoticeEvent(Kind.DECIDED, "decided")
    if campaign.state == State.CLOSED and campaign.ends_at is not None and campaign.ends_at <= now:
        closed = AuditEntry.objects.filter(
            kind=log.ObjectKind.CAMPAIGN, ref=campaign.slug, actor=log.WORKER, action=log.Action.CAMPAIGN_CLOSE
        )
        if closed.exists():
            yield NoticeEvent(Kind.ENDED, "ended")


_ANSWERS = {Estimate.Verdict.BETTER, Estimate.Verdict.WORSE, Estimate.Verdict.NO_DIFFERENCE}


def is_decided(analysis: Analysis) -> bool:
    """Whether each planned comparison of the primary outcome has an answer, as the results page says it."""
    stored = Estimate.objects.filter(analysis=analysis, kind=Estimate.Kind.DIFFERENCE, outcome=analysis.outcome)
    if stored.exclude(verdict__in=_ANSWERS).exists():  # what is shown says no more than what is stored
        return False
    rows = build.build(analysis, early=False).primary.differences
    return bool(rows) and all(row.verdict in _ANSWERS for row in rows)


def _put_on_record(campaign: Campaign, fresh: NoticeEvent, *, now: datetime) -> int:
    """The notice with all its tellings, or nothing: another worker may have made it just now."""
    try:
        with transaction.atomic():
            notice = Notice.objects.create(
                campaign=campaign, kind=fresh.kind, ref=fresh.ref, about=fresh.about[:160], at=now
            )
            people = recipients(campaign) if settings.EMAIL_HOST else []
            tellings = [Telling(notice=notice, person=person, due_at=now) for person in people]
            plan = AnalysisPlan.objects.filter(campaign=campaign).first()
            if plan is not None and plan.webhook:
                tellings.append(Telling(notice=notice, person=None, due_at=now))
            Telling.objects.bulk_create(tellings)
    except IntegrityError:
        return 0
    return 1


def recipients(campaign: Campaign) -> list[User]:
    """Whoever made the campaign, and whom its plan names: those that are still here and have an address."""
    people = {campaign.created_by_id: campaign.created_by}
    plan = AnalysisPlan.objects.filter(campaign=campaign).first()
    if plan is not None:
        people |= {person.pk: person for person in plan.told.all()}
    return [person for _, person in sorted(people.items()) if person.is_active and person.email]
