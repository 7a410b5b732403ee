"""The state transitions of a campaign. Launching freezes the plan.

A launched campaign shows its messages from its start to its end by the server's clock. The worker updates the state
afterwards, so a late worker changes nothing that the audience sees.
"""

from datetime import datetime
from functools import partial

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.lifecycle import approval, frozen_plan, launch_checks, recorded_deviations
from campaign.lifecycle.actions import ActionRefused, record_campaign_action
from campaign.lifecycle.after_backup import unconfirmed_backup
from campaign.lifecycle.changed_campaigns import changed_part_names
from campaign.lifecycle.draft_versions import contributors, is_outside_reviewer, record_version
from campaign.lifecycle.launch_checks import common_locales
from campaign.lifecycle.placement_authors import are_changes_recorded
from campaign.lifecycle.recorded_steps import COUNTS, SEALED, is_approval_recorded, is_history_as_sent, submitter
from campaign.lifecycle.secret_destruction import destroy_campaign_secret, destroy_secrets_of_closed_campaigns
from campaign.models import AnalysisPlan, Campaign, Placement
from messages.audit import log
from messages.roles import MANAGER, REVIEWER, ROLE_NAMES, has_role

State = Campaign.State

TRANSITIONS: dict[str, tuple[set[str], str, str]] = {
    # verb: (from which states, to which state, which role)
    "submit": ({State.DRAFT}, State.SUBMITTED, MANAGER),
    "approve": ({State.SUBMITTED}, State.APPROVED, REVIEWER),
    "take_back": ({State.SUBMITTED, State.APPROVED}, State.DRAFT, MANAGER),
    "send_back": ({State.SUBMITTED}, State.DRAFT, REVIEWER),
    "launch": ({State.APPROVED}, State.RUNNING, MANAGER),
    "queue": ({State.APPROVED}, State.APPROVED, MANAGER),  # a launch once its places are free
    "leave_queue": ({State.APPROVED}, State.APPROVED, MANAGER),
    "schedule": ({State.APPROVED}, State.SCHEDULED, MANAGER),  # a launch whose start is yet to come
    "pause": ({State.SCHEDULED, State.RUNNING}, State.PAUSED, MANAGER),
    "resume": ({State.PAUSED}, State.RUNNING, MANAGER),
    "close": ({State.SCHEDULED, State.RUNNING, State.PAUSED}, State.CLOSED, MANAGER),
}
# Infinitives, as in “A campaign that is closed cannot ...”.
VERB_LABELS = {
    "submit": gettext_lazy("submit"),
    "approve": gettext_lazy("approve"),
    "take_back": gettext_lazy("take back"),
    "send_back": gettext_lazy("send back"),
    "launch": gettext_lazy("launch"),
    "queue": gettext_lazy("launch"),
    "leave_queue": gettext_lazy("leave the queue"),
    "schedule": gettext_lazy("launch"),
    "pause": gettext_lazy("pause"),
    "resume": gettext_lazy("resume"),
    "close": gettext_lazy("close"),
}
SEND_BACK_REASON_LIMIT = 500  # of sending a campaign back


@transaction.atomic
def submit(campaign: Campaign, *, by: User) -> None:
    """Submit a complete draft for the approval of a second person."""
    begin(campaign, "submit", by)
    _refuse_if_any(launch_checks.submission_obstacles(campaign))
    record_version(campaign, by=by)  # whoever sends what nobody on record wrote answers for it
    campaign.submitted_at = campaign.submitted_at or timezone.now()
    campaign.archived_at = None
    _finish(
        campaign, "submit", by, ("submitted_at", "archived_at"), version=campaign.versions.order_by("-number")[0].seal
    )


@transaction.atomic
def approve(campaign: Campaign, *, by: User, read_fingerprint: str) -> None:
    """Approve exactly what the reviewer was shown: `read_fingerprint` is that of `approval.approval_content`."""
    begin(campaign, "approve", by)
    _refuse_contributor(campaign, by, _("You cannot approve a campaign that you changed. Ask a colleague."))
    current = approval.approval_fingerprint(campaign)
    if not current or read_fingerprint != current:
        raise ActionRefused(_("The plan was changed while you were reading it. Read it again."))
    _refuse_submitter(campaign, by)
    if not are_changes_recorded(campaign.placements.all()):
        raise ActionRefused(
            _(
                "The record of who set up its placements does not match the placements: someone changed the "
                "database directly. Restore it from a backup, or choose another placement."
            )
        )
    campaign.approved_by, campaign.approved_fingerprint = by, current
    _finish(campaign, "approve", by, ("approved_by", "approved_fingerprint"), content=current)


@transaction.atomic
def take_back(campaign: Campaign, *, by: User) -> None:
    """Turn a submitted or approved campaign into a draft again; an approval is lost, and its place in the queue."""
    begin(campaign, "take_back", by)
    campaign.approved_by, campaign.approved_fingerprint = None, ""
    campaign.queued_at = campaign.queued_by = None
    _finish(campaign, "take_back", by, ("approved_by", "approved_fingerprint", "queued_at", "queued_by"))


@transaction.atomic
def send_back(campaign: Campaign, *, by: User, reason: str) -> None:
    """Return a submitted campaign to its manager, with a reason that stays on the audit record."""
    begin(campaign, "send_back", by)
    _refuse_contributor(campaign, by, _("You cannot send back a campaign that you changed. Ask a colleague."))
    reason = launch_checks.clean_reason(reason)
    if not reason or len(reason) > SEND_BACK_REASON_LIMIT:
        raise ActionRefused(_("Say what has to change, in up to 500 characters."))
    _finish(campaign, "send_back", by, reason=reason)


@transaction.atomic
def launch(campaign: Campaign, *, by: User, now: datetime) -> AnalysisPlan:
    """Freeze the plan and start serving, if everything is as it was approved and help links were checked recently."""
    begin(campaign, "launch", by)
    _lock_placements(campaign)
    _refuse_if_any(launch_checks.launch_obstacles(campaign, now=now))
    if campaign.approved_fingerprint != approval.approval_fingerprint(campaign):
        raise ActionRefused(
            _(
                "Something has changed since the approval, such as a text, a language or a placement. Take "
                "the campaign back and send it for approval again."
            )
        )
    if not is_approval_recorded(campaign):
        raise ActionRefused(
            _("This approval is missing from the audit record. Take the campaign back and send it for approval again.")
        )
    campaign.locales = common_locales(campaign)
    campaign.launched_at = now
    campaign.queued_at = campaign.queued_by = None
    campaign.starts_at = launch_checks.actual_start(campaign, now=now)
    plan = frozen_plan.freeze_plan(campaign.plan, now=now)
    verb = "schedule" if campaign.starts_at > now else "launch"
    _finish(
        campaign,
        verb,
        by,
        ("locales", "launched_at", "starts_at", "queued_at", "queued_by"),
        plan=plan.fingerprint,
        id=campaign.pk,
        **{COUNTS: SEALED, recorded_deviations.DETAIL: ""},
    )
    return plan


@transaction.atomic
def pause(campaign: Campaign, *, by: User) -> None:
    """Stop serving until the campaign is resumed."""
    begin(campaign, "pause", by)
    _finish(campaign, "pause", by)


@transaction.atomic
def resume(campaign: Campaign, *, by: User, nothing_ended_since: bool = False) -> None:
    """Serve again, under the same plan.

    After a backup was restored, somebody has to say that nothing in it was stopped since: `nothing_ended_since`.
    """
    begin(campaign, "resume", by)
    if changed := changed_part_names(campaign):
        raise ActionRefused(
            _(
                "This campaign was changed directly in the database: %(what)s. It can be shown again once "
                "the change is undone."
            )
            % {"what": ", ".join(changed)}
        )
    if unconfirmed_backup(campaign) and not nothing_ended_since:
        raise ActionRefused(
            _("A backup was restored. Confirm on the campaign’s page that nothing has been stopped since.")
        )
    _lock_placements(campaign)
    _refuse_if_any(
        launch_checks.occupied_placement_obstacles(campaign)
        + launch_checks.stopped_message_obstacles(campaign.arms.filter(paused_at=None))
    )
    if campaign.locales and not set(common_locales(campaign)) & set(campaign.locales):
        raise ActionRefused(_("Some of its texts were withdrawn, so the messages no longer have a language in common."))
    _finish(campaign, "resume", by)


@transaction.atomic
def close(campaign: Campaign, *, by: User, now: datetime) -> None:
    """Stop serving for good and destroy the subject secret, after which no assignment can be recomputed."""
    begin(campaign, "close", by)
    campaign.ends_at = max(now, campaign.starts_at) if campaign.starts_at else now
    if campaign.starts_at == campaign.ends_at:
        campaign.ends_at = None
    _finish(campaign, "close", by, ("ends_at",))
    transaction.on_commit(partial(destroy_campaign_secret, campaign, by=by))


def start_due_campaigns(*, now: datetime) -> list[Campaign]:
    """Start scheduled campaigns whose start has come, and return those that this call started."""
    due = Campaign.objects.filter(state=State.SCHEDULED, starts_at__lte=now)
    return [campaign for campaign in due if _apply_due_transition(campaign, State.RUNNING)]


def close_due_campaigns(*, now: datetime) -> list[Campaign]:
    """Close campaigns whose end has come, destroy their secrets, and return those that this call closed."""
    due = Campaign.objects.filter(state__in=Campaign.OPEN, ends_at__lte=now)
    closed = [campaign for campaign in due if _apply_due_transition(campaign, State.CLOSED)]
    if closed:
        destroy_secrets_of_closed_campaigns()
    return closed


@transaction.atomic
def _apply_due_transition(campaign: Campaign, target: str) -> bool:
    """Change the state under a lock, unless somebody else has changed the campaign since it was read."""
    locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if (locked.state, locked.starts_at, locked.ends_at) != (campaign.state, campaign.starts_at, campaign.ends_at):
        return False
    locked.state = target
    locked.save(update_fields=["state", "changed_at"])
    verb = "open" if target == State.RUNNING else "close"
    record_campaign_action(log.Action(f"campaign-{verb}"), campaign, by=log.WORKER)
    return True


def _refuse_if_any(obstacles: list[launch_checks.Obstacle]) -> None:
    if obstacles:
        raise ActionRefused(" ".join(obstacle.sentence for obstacle in obstacles))


def begin(campaign: Campaign, verb: str, by: User) -> None:
    """Lock the campaign until the transaction ends, reload it, and refuse unless its state and the role allow the verb.

    Everything a verb decides on is read after this: whoever changes a campaign, its arms or its plan holds this lock.
    """
    sources, _target, role = TRANSITIONS[verb]
    if not has_role(by, role) and not (role == REVIEWER and is_outside_reviewer(campaign, by)):
        names = {"role": str(ROLE_NAMES[role]).lower(), "verb": VERB_LABELS[verb]}
        raise ActionRefused(_("Only a %(role)s can %(verb)s a campaign.") % names)
    campaign.refresh_from_db(from_queryset=Campaign.objects.select_for_update(no_key=True))
    if campaign.state not in sources:
        names = {"state": campaign.get_state_display(), "verb": VERB_LABELS[verb]}
        raise ActionRefused(_("You cannot %(verb)s a campaign with the status “%(state)s”.") % names)


def _refuse_contributor(campaign: Campaign, by: User, sentence: str) -> None:
    if by.pk in contributors(campaign):
        raise ActionRefused(sentence)


def _refuse_submitter(campaign: Campaign, by: User) -> None:
    """Whoever sends a draft has chosen that it stands as it is; without an entry nobody knows who that was."""
    sender = submitter(campaign)
    if not sender:
        raise ActionRefused(_("The audit record does not say who sent this campaign. Take it back and send it again."))
    if sender == by.get_username():
        raise ActionRefused(_("You cannot approve a campaign that you sent. Ask a colleague."))
    if not is_history_as_sent(campaign):
        raise ActionRefused(
            _("Its versions are not the ones that were sent for approval: someone changed the database directly.")
        )


def _lock_placements(campaign: Campaign) -> None:
    """Lock the placements of a campaign, so that no two campaigns start at one placement at once."""
    list(Placement.objects.select_for_update(no_key=True, of=("self",)).filter(campaigns=campaign).order_by("pk"))


def _finish(campaign: Campaign, verb: str, by: User, fields: tuple[str, ...] = (), **detail: str | int) -> None:
    """Save the state that the verb leads to with the named fields, and record it."""
    if verb in ("approve", "take_back", "send_back"):  # nobody is asked any more
        campaign.asked_reviewers.clear()
    campaign.state = TRANSITIONS[verb][1]
    campaign.save(update_fields=["state", "changed_at", *fields])
    record_campaign_action(log.Action(f"campaign-{verb.replace('_', '-')}"), campaign, by=by, **detail)
