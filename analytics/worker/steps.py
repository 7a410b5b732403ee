"""The worker's steps and their intervals. Each may be interrupted or run twice, and returns a summary or nothing."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TypeVar

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import DatabaseError, models

from analytics import wording
from analytics.data_quality.hourly_check import check_data_quality
from analytics.export import prepared_files
from analytics.fold import row_order
from analytics.fold.fold import fold
from analytics.guardrails.harm_stop import pause_harmful_arms
from analytics.ingest import writer
from analytics.learned.record import record_result, unrecorded_campaigns
from analytics.looks import early_looks
from analytics.looks.evaluate import CountsChanged, NotEvaluable, PlanChanged, evaluate, is_look_due
from analytics.models import FoldProgress, ShutHour, WorkerStep
from analytics.notifications import delivery, events, webhook_test
from analytics.rehearsal import runner
from analytics.shared_links import codes
from analytics.shared_links.links import forget_ended_links
from campaign.assignment.receipts import SECONDS_PER_HOUR
from campaign.key_admin import audited
from campaign.lifecycle import changed_campaigns, deviations, launch_queue, secret_destruction, transitions
from campaign.models import Campaign
from campaign.overview import staff_mails
from campaign.placements import tag_check
from messages.audit.log import WORKER
from messages.audit_pages import head_copy
from messages.help_links import directory
from messages.i18n.recorded_sentences import recorded
from messages.staff_mail import mail_queue

log = logging.getLogger(__name__)

RowT = TypeVar("RowT", bound=models.Model)

# No receipt lives longer than a day: a clock that jumps back two weeks does not reach views that were shut before. The
# newest hours stay longer: a clock that is years ahead for a while must not remove hours that are still to come.
_HOURS_KEPT_FOR = timedelta(days=14)
_NEWEST_HOURS_KEPT = 1_000
AUDIT_HEAD_STEP = "audit head"
_COUNTS_CHANGED = recorded("The counts were changed in the database itself. No look is taken at them.")
_NOBODY_COUNTED = recorded("They are not those that were counted from views.")
_rehearsals = runner.RehearsalLauncher()
_turns = changed_campaigns.ComparisonTurns()


def open_and_close_campaigns(now: datetime) -> str:
    """Open and close campaigns whose start or end has come, and launch those whose places are free by now."""
    opened, closed = transitions.start_due_campaigns(now=now), transitions.close_due_campaigns(now=now)
    launched = launch_queue.launch_queued_campaigns(now=now)
    return _summarize((len(opened), "campaigns opened"), (len(closed), "closed"), (len(launched), "launched"))


def drain_spool(now: datetime) -> str:
    """Store events that were spooled while the audience database was unreachable."""
    return _summarize_views(writer.move_spool_to_database(writer.local_spool()), "views from the spool")


def fold_closed_views(now: datetime) -> str:
    """Fold views whose window has closed into tallies."""
    hour = int(now.timestamp()) // SECONDS_PER_HOUR
    return _summarize_views(fold(hour=hour).views, "views counted and deleted")


def enforce_guardrails(now: datetime) -> str:
    """Pause arms that do harm."""
    paused = _sum_over(_running_campaigns(), lambda campaign: len(pause_harmful_arms(campaign, now=now)))
    return _summarize((paused, "guardrails crossed"))


def record_due_looks(now: datetime) -> str:
    """Record the looks that are due."""

    def record_look(campaign: Campaign) -> int:
        if not is_look_due(campaign, now=now):
            return 0
        try:
            evaluate(campaign, now=now)
        except (PlanChanged, CountsChanged) as reason:
            log.error("No look at campaign %s: %s", campaign.pk, reason)
            if isinstance(reason, CountsChanged):
                _say_that_counts_changed(campaign, now=now)
            return 0
        except NotEvaluable:
            return 0
        return 1

    states = [Campaign.State.RUNNING, Campaign.State.PAUSED, Campaign.State.CLOSED]
    campaigns = Campaign.objects.filter(state__in=states).order_by("pk")
    return _summarize((_sum_over(campaigns, record_look), "looks on record"))


def _say_that_counts_changed(campaign: Campaign, *, now: datetime) -> None:
    """Have every result of the campaign say why no more looks are taken, once."""
    if not campaign.deviations.filter(what=_COUNTS_CHANGED).exists():
        deviations.record_worker_deviation(campaign, now=now, what=_COUNTS_CHANGED, why=_NOBODY_COUNTED)


def record_early_looks(now: datetime) -> str:
    """Record the early looks that analysts requested."""
    recorded = _sum_over(early_looks.pending_requests(), lambda each: early_looks.record_early_look(each, now=now))
    return _summarize((recorded, "early looks on record"))


def pause_changed_campaigns(now: datetime) -> str:
    """Pause open campaigns that are not as this program left them."""
    changed = changed_campaigns.pause_changed_campaigns(now=now, among=_turns.next_share())
    for number, parts in changed.items():
        log.error("Campaign %s was changed directly in the database and is paused: %s", number, ", ".join(parts))
    return _summarize((len(changed), "campaigns paused"))


def check_running_campaigns(now: datetime) -> str:
    """Check the data quality of running campaigns."""
    checked = _sum_over(_running_campaigns(), lambda campaign: bool(check_data_quality(campaign, now=now)))
    return _summarize((checked, "campaigns felt"))


def send_notices(now: datetime) -> str:
    """Record and send notices. Fails as long as somebody could not be reached."""
    recorded = sent = 0
    try:
        campaigns = events.notifiable_campaigns(now=now)
        recorded = _sum_over(campaigns, lambda campaign: events.record_notices(campaign, now=now))
    finally:  # whatever failed, recorded notices are sent
        sent = delivery.send_due_notices(now=now)
    return _summarize((recorded, "notices"), (sent, "people or webhooks told"))


def queue_staff_mails(now: datetime) -> str:
    """Queue mails about what waits for staff, and weekly digests."""
    return _summarize((staff_mails.queue_staff_mails(now=now), "mails queued"))


def send_queued_mails(now: datetime) -> str:
    """Send mails to staff. Fails as long as one was not accepted."""
    return _summarize((mail_queue.send_queued_mails(now=now), "mails sent"))


def send_webhook_tests(now: datetime) -> str:
    """Send a test to the webhooks of plans that are not launched yet."""
    return _summarize((webhook_test.send_due_tests(now=now), "webhooks accepted a test"))


def destroy_unneeded_keys(now: datetime) -> str:
    """Destroy secrets of closed campaigns, and receipt keys without open receipts."""
    for campaign in secret_destruction.secrets_without_campaign():
        _warn_of_unknown_campaign(campaign)
    secrets = secret_destruction.destroy_secrets_of_closed_campaigns()
    keys = audited.destroy_unneeded_receipt_keys(settings.KEY_DIRECTORY, now=now.timestamp(), by=WORKER)
    return _summarize((len(secrets), "secrets destroyed"), (len(keys), "old receipt keys destroyed"))


@cache  # once a campaign: a person has to find out whether this is the wrong database
def _warn_of_unknown_campaign(campaign: int) -> None:
    log.warning(
        "Kept the secret of campaign %s, which is not in this database. Run manage.py keys to see what to do.", campaign
    )


def prune_expired_records(now: datetime) -> str:
    """Delete expired staff sessions, records of hours folded long ago, and the row order of the counts."""
    row_order.erase_row_order()
    sessions, _ = Session.objects.filter(expire_date__lt=now).delete()
    newest = ShutHour.objects.order_by("-closes").values_list("closes", flat=True)[:_NEWEST_HOURS_KEPT]
    hour = min([int((now - _HOURS_KEPT_FOR).timestamp()) // SECONDS_PER_HOUR, *newest])
    progress, _ = FoldProgress.objects.filter(closes__lt=hour, compacted=True).delete()
    hours, _ = ShutHour.objects.filter(closes__lt=hour).delete()
    return _summarize((sessions, "sessions"), (progress + hours, "old notes removed"))


def send_audit_head(now: datetime) -> str:
    """Send the head of the audit record away from this machine, once a day."""
    if WorkerStep.objects.filter(name=AUDIT_HEAD_STEP, succeeded_at__date=now.date()).exists():
        return ""
    return _summarize((head_copy.send_head(now=now), "copies of the audit record's head sent"))


def prune_tag_checks(now: datetime) -> str:
    """Delete expired placement tests with what they recorded."""
    return _summarize((tag_check.delete_expired_tests(now=now), "tests of placements deleted"))


def run_requested_rehearsals(now: datetime) -> str:
    """Start requested rehearsals, one at a time, each in a process of its own."""
    return _summarize((_rehearsals.start_next(now=now), "rehearsals begun"))


def make_requested_files(now: datetime) -> str:
    """Make the files of results that staff asked for, and delete those of a week ago."""
    prepared_files.delete_old_files(now=now)
    return _summarize((prepared_files.make_requested_files(now=now), "files of results made"))


def record_learned_results(now: datetime) -> str:
    """Write what closed campaigns showed, for the pages across campaigns."""
    written = _sum_over(unrecorded_campaigns(), lambda campaign: record_result(campaign) is not None)
    return _summarize((written, "results of closed campaigns written"))


def mail_link_codes(now: datetime) -> str:
    """Mail the codes that readers of shared links asked for."""
    return _summarize((codes.mail_codes(now=now), "codes of shared links mailed"))


def forget_links(now: datetime) -> str:
    """Delete shared links that ended, with the addresses that they were given to."""
    return _summarize((forget_ended_links(now=now), "shared links forgotten"))


def probe_help_links(now: datetime) -> str:
    """Flag help links whose address does not answer."""
    return _summarize((directory.probe_all(now=now), "help links need to be checked"))


@dataclass(frozen=True, slots=True)
class ScheduledStep:
    """A step, the name under which its runs are recorded, and the seconds between runs.

    Whatever happens, views are to be forgotten: a step that forgets runs in a restored backup as well. All others wait
    until somebody has said what was stopped, paused and closed since the backup was made.
    """

    name: str
    interval: float
    run: Callable[[datetime], str]
    forgets: bool = False


STEPS: tuple[ScheduledStep, ...] = (
    ScheduledStep("schedule", 2, open_and_close_campaigns),
    ScheduledStep("spool", 2, drain_spool, forgets=True),
    ScheduledStep("fold", 20, fold_closed_views, forgets=True),
    ScheduledStep("guard", 60, enforce_guardrails),
    ScheduledStep("evaluate", 60, record_due_looks),
    ScheduledStep("early", 5, record_early_looks),
    ScheduledStep("verify", 60, pause_changed_campaigns),
    ScheduledStep("pulse", 3600, check_running_campaigns),
    ScheduledStep("tell", 30, send_notices),
    ScheduledStep("staff mails", 3600, queue_staff_mails),
    ScheduledStep("mail queue", 10, send_queued_mails),
    ScheduledStep("webhook tests", 10, send_webhook_tests),
    ScheduledStep("keys", 60, destroy_unneeded_keys),
    ScheduledStep("prune", 3600, prune_expired_records, forgets=True),
    ScheduledStep(AUDIT_HEAD_STEP, 3600, send_audit_head),
    ScheduledStep("placement tests", 60, prune_tag_checks, forgets=True),
    ScheduledStep("rehearsals", 2, run_requested_rehearsals),
    ScheduledStep("files", 2, make_requested_files),
    ScheduledStep("link codes", 2, mail_link_codes),
    ScheduledStep("shared links", 60, forget_links, forgets=True),
    ScheduledStep("learn", 60, record_learned_results),
    *([ScheduledStep("help links", 86_400, probe_help_links)] if settings.CHECK_HELP_LINKS else []),
)


def _running_campaigns() -> models.QuerySet[Campaign]:
    return Campaign.objects.filter(state=Campaign.State.RUNNING).order_by("pk")


def _sum_over(rows: Iterable[RowT], act: Callable[[RowT], int]) -> int:
    """Sum `act` over the rows. A row that fails stops no other; afterwards its error is raised."""
    total, failure = 0, None
    for row in rows:
        try:
            total += act(row)
        except DatabaseError:
            raise
        except Exception as error:
            log.error("The worker failed on %s %s: %s", row._meta.model_name, row.pk, type(error).__name__)
            failure = error
    if failure is not None:
        raise failure
    return total


def _summarize(*parts: tuple[int, str]) -> str:
    return ", ".join(f"{count:,} {what}" for count, what in parts if count)


def _summarize_views(count: int, what: str) -> str:
    """Describe a number of views. A small one is coarsened, because the log adds an exact time."""
    return f"{wording.coarse_count(count, settings.SMALL_CELL)} {what}" if count else ""
