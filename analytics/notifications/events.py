"""Detect what people are notified of, and record each notice once with its recipients.

A notice and its deliveries are created in one transaction under a unique `ref`, so repeated or interrupted runs create
each notice exactly once. `analytics.notifications.delivery` sends them.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from analytics.models import Analysis, DataQualityStatus, Estimate, GuardEvent, Notice, NoticeDelivery
from analytics.notifications import result_mails
from analytics.report_rows import DifferenceRow
from analytics.results import build
from campaign.lifecycle import changed_campaigns
from campaign.lifecycle.alert_recipients import recipients
from campaign.models import AnalysisPlan, Campaign
from messages.audit import log
from messages.help_links import directory
from messages.models import AuditEntry
from messages.roles import ADMINISTRATOR, users_with_role
from messages.staff_mail.mail import is_mail_possible

State = Campaign.State
Kind = Notice.Kind
NOTIFY_AFTER_CLOSE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class NoticeEvent:
    """One event to notify people of. Events with the same `ref` are the same event."""

    kind: Notice.Kind
    ref: str
    about: str = ""


def notifiable_campaigns(*, now: datetime) -> QuerySet[Campaign]:
    """Return the campaigns that may have new notices: launched, and not closed long ago."""
    open_campaigns = Q(state__in=Campaign.OPEN)
    recently_closed = Q(state=State.CLOSED, launched_at__isnull=False, changed_at__gte=now - NOTIFY_AFTER_CLOSE)
    return Campaign.objects.filter(open_campaigns | recently_closed).select_related("created_by").order_by("pk")


def record_notices(campaign: Campaign, *, now: datetime) -> int:
    """Record the new notices of one campaign and return how many there are."""
    recorded_refs = set(Notice.objects.filter(campaign=campaign).values_list("ref", flat=True))
    events = notice_events(campaign, now=now, recorded_refs=recorded_refs)
    new_events = [event for event in events if event.ref not in recorded_refs]
    return sum(_record_notice(campaign, event, now=now) for event in new_events)


def notice_events(campaign: Campaign, *, now: datetime, recorded_refs: Collection[str] = ()) -> Iterator[NoticeEvent]:
    """Yield the events of a campaign, new or not, without those in `recorded_refs` that are expensive to detect."""
    for event in GuardEvent.objects.filter(campaign=campaign).select_related("arm", "text"):
        about = event.arm.name if event.text is None else f"{event.arm.name}, text {event.text.position + 1}"
        yield NoticeEvent(Kind.GUARDRAIL, f"guard-{event.pk}", about)
    if _is_split_broken(campaign):
        yield NoticeEvent(Kind.SPLIT, "split")
    paused = AuditEntry.objects.filter(
        kind=log.ObjectKind.CAMPAIGN, ref=campaign.slug, actor=log.WORKER, action=log.Action.CAMPAIGN_PAUSE
    )
    for number, detail in paused.order_by("number").values_list("number", "detail"):
        kind = Kind.CHANGED if changed_campaigns.CHANGED in detail else Kind.PAUSED
        yield NoticeEvent(kind, f"{kind}-{number}")
    changed = AuditEntry.objects.filter(
        kind=log.ObjectKind.CAMPAIGN, ref=campaign.slug, action=log.Action.CAMPAIGN_ADDRESS
    )
    for number, detail in changed.order_by("number").values_list("number", "detail"):
        yield NoticeEvent(Kind.ADDRESS, f"address-{number}", detail["about"])
    if campaign.state == State.RUNNING:
        for check in directory.overdue_checks(today=timezone.localdate(now)):
            if check.link.verified_on is not None:
                yield NoticeEvent(Kind.HELP_LINK, f"help-{check.link.pk}-{check.link.verified_on}", check.link.name)
    yield from _completion_events(campaign, now=now, recorded_refs=recorded_refs)
    for look in result_mails.looks_to_mail(campaign, now=now):
        if result_mails.recipients_of(look):
            yield NoticeEvent(Kind.LOOK, f"look-{look.look}", str(look.look))


def _is_split_broken(campaign: Campaign) -> bool:
    last = Analysis.objects.filter(campaign=campaign).order_by("-look").first()
    status = DataQualityStatus.objects.filter(campaign=campaign).first()
    alarm = Analysis.SampleRatio.ALARM
    return (last is not None and last.sample_ratio == alarm) or (status is not None and status.split == alarm)


def _completion_events(campaign: Campaign, *, now: datetime, recorded_refs: Collection[str]) -> Iterator[NoticeEvent]:
    """Yield what completes a campaign: the planned people, a decision, or the last day."""
    if campaign.is_use:
        return  # it has no end: whether it still works stands on its watch page
    looks = Analysis.objects.filter(campaign=campaign, exception="", embargoed=False).order_by("-look")
    # With a broken split there is no result, however many people are counted.
    if looks.filter(information__gte=1).exclude(sample_ratio=Analysis.SampleRatio.ALARM).exists():
        yield NoticeEvent(Kind.PLANNED, "planned")
    last = looks.filter(exploratory=False).first()
    if last is not None and "decided" not in recorded_refs and is_decided(last):
        yield NoticeEvent(Kind.DECIDED, "decided")
    if campaign.state == State.CLOSED and campaign.ends_at is not None and campaign.ends_at <= now:
        closed = AuditEntry.objects.filter(
            kind=log.ObjectKind.CAMPAIGN, ref=campaign.slug, actor=log.WORKER, action=log.Action.CAMPAIGN_CLOSE
        )
        if closed.exists():
            yield NoticeEvent(Kind.ENDED, "ended")


_CONCLUSIVE_VERDICTS = set(Estimate.Verdict) - {Estimate.Verdict.CANNOT_TELL, Estimate.Verdict.WITHHELD}


def is_decided(analysis: Analysis) -> bool:
    """Return whether every planned comparison of the primary outcome is shown with a conclusive verdict."""
    stored = Estimate.objects.filter(analysis=analysis, kind=Estimate.Kind.DIFFERENCE, outcome=analysis.outcome)
    if stored.exclude(verdict__in=_CONCLUSIVE_VERDICTS).exists():  # Disclosure control never adds a verdict.
        return False
    block = build.build(analysis, early=False).primary
    rows: Sequence[DifferenceRow] = block.kinds if block.design else block.differences
    return bool(rows) and all(row.verdict in _CONCLUSIVE_VERDICTS for row in rows)


def _record_notice(campaign: Campaign, event: NoticeEvent, *, now: datetime) -> int:
    """Create a notice with its deliveries. Return 0 if another worker has just created it."""
    try:
        with transaction.atomic():
            notice = Notice.objects.create(
                campaign=campaign, kind=event.kind, ref=event.ref, about=event.about[:160], at=now
            )
            people = _recipients_of(campaign, event) if is_mail_possible() else []
            deliveries = [NoticeDelivery(notice=notice, person=person, due_at=now) for person in people]
            plan = AnalysisPlan.objects.filter(campaign=campaign).first()
            if plan is not None and plan.webhook and event.kind != Kind.LOOK:
                deliveries.append(NoticeDelivery(notice=notice, person=None, due_at=now))
            NoticeDelivery.objects.bulk_create(deliveries)
    except IntegrityError:
        return 0
    return 1


def _recipients_of(campaign: Campaign, event: NoticeEvent) -> list[User]:
    """Return whom a notice goes to: of a look who asked for results, else who hears of harm in the campaign.

    Of a change in the database also administrators, and whom the draft named, as that change may be of whom the plan
    names.
    """
    if event.kind == Kind.LOOK:
        return result_mails.recipients_of(Analysis.objects.get(campaign=campaign, look=int(event.about)))
    people = recipients(campaign)
    if event.kind != Kind.CHANGED:
        return people
    named = User.objects.filter(pk__in=changed_campaigns.people_of_draft(campaign), is_active=True)
    return list(
        dict.fromkeys([*people, *(person for person in (*named, *users_with_role(ADMINISTRATOR)) if person.email)])
    )
