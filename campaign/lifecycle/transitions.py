"""The life of a campaign: draft, submitted, approved, (scheduled,) running, paused, closed. Launching freezes the plan.

A launched campaign shows its messages from its start to its end by the server's own clock; the worker follows with the
state, so that a worker that is late changes nothing that anyone sees.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.keys.store import campaigns_with_subject_secret, destroy_subject_secret
from campaign.lifecycle import frozen_plan, launch_checks
from campaign.lifecycle.launch_checks import common_locales
from campaign.models import AnalysisPlan, Arm, Campaign, Deviation, Placement
from messages.audit import log
from messages.review import workflow
from messages.roles import MANAGER, REVIEWER, ROLE_NAMES, has_role

State = Campaign.State
OPEN_STATES = (*Campaign.LIVE, State.PAUSED)  # launched and not closed

TRANSITIONS: dict[str, tuple[set[str], str, str]] = {
    # verb: (from which states, to which state, which role)
    "submit": ({State.DRAFT}, State.SUBMITTED, MANAGER),
    "approve": ({State.SUBMITTED}, State.APPROVED, REVIEWER),
    "take_back": ({State.SUBMITTED, State.APPROVED}, State.DRAFT, MANAGER),
    "send_back": ({State.SUBMITTED}, State.DRAFT, REVIEWER),
    "launch": ({State.APPROVED}, State.RUNNING, MANAGER),
    "schedule": ({State.APPROVED}, State.SCHEDULED, MANAGER),  # a launch whose start is yet to come
    "pause": ({State.SCHEDULED, State.RUNNING}, State.PAUSED, MANAGER),
    "resume": ({State.PAUSED}, State.RUNNING, MANAGER),
    "close": ({State.SCHEDULED, State.RUNNING, State.PAUSED}, State.CLOSED, MANAGER),
}
# As an infinitive stands in “A campaign that is closed cannot ...”.
VERB_LABELS = {
    "submit": gettext_lazy("submit"),
    "approve": gettext_lazy("approve"),
    "take_back": gettext_lazy("take back"),
    "send_back": gettext_lazy("send back"),
    "launch": gettext_lazy("launch"),
    "schedule": gettext_lazy("launch"),
    "pause": gettext_lazy("pause"),
    "resume": gettext_lazy("resume"),
    "close": gettext_lazy("close"),
}
SEND_BACK_REASON_LIMIT = 500  # of sending a campaign back
ARM_REASON_LIMIT = 300  # as long as its column


class ActionRefused(Exception):
    """The step is not allowed; the message says why, for a person."""


@transaction.atomic
def submit(campaign: Campaign, *, by: User) -> None:
    """The draft is complete and asks for a second person's approval."""
    problems = submission_problems(campaign)
    if problems:
        raise ActionRefused(" ".join(problems))
    _move(campaign, "submit", by)


@transaction.atomic
def approve(campaign: Campaign, *, by: User, read_fingerprint: str = "") -> None:
    """A second person agrees to the words, the arms and the plan; `read` is the fingerprint of what they have read."""
    if by == campaign.created_by:
        raise ActionRefused(_("Nobody approves their own campaign. Please ask a colleague."))
    if read_fingerprint and read_fingerprint != frozen_plan.fingerprint_of(
        frozen_plan.canonical_json(frozen_plan.current_plan_content(campaign.plan))
    ):
        raise ActionRefused(_("The plan was changed while you read it. Please read it once more."))
    campaign.approved_by = by
    _move(campaign, "approve", by)


@transaction.atomic
def take_back(campaign: Campaign, *, by: User) -> None:
    """It is a draft again, to be changed: whoever approved it has approved nothing any more."""
    campaign.approved_by = None
    _move(campaign, "take_back", by)


@transaction.atomic
def send_back(campaign: Campaign, *, by: User, reason: str) -> None:
    """A second person does not agree yet; the reason stays on the audit record, and the manager reads it."""
    if by == campaign.created_by:
        raise ActionRefused(_("Nobody sends back their own campaign. Please ask a colleague."))
    reason = launch_checks.clean_reason(reason)
    if not reason or len(reason) > SEND_BACK_REASON_LIMIT:
        raise ActionRefused(_("Say what has to change, in at most 500 characters."))
    _move(campaign, "send_back", by, reason=reason)


@transaction.atomic
def launch(campaign: Campaign, *, by: User, now: datetime) -> AnalysisPlan:
    """Freeze the plan and start serving. The help beside the messages has to be checked, on the day of the launch."""
    _take_turns(campaign)
    problems = [found.sentence for found in launch_checks.launch_obstacles(campaign, now=now)]
    if problems:
        raise ActionRefused(" ".join(problems))
    campaign.locales = common_locales(campaign)
    plan = freeze_plan(campaign.plan, now=now)
    campaign.launched_at = now
    campaign.starts_at = campaign.starts_at or now
    _move(campaign, "schedule" if campaign.starts_at > now else "launch", by, plan=plan.fingerprint)
    return plan


@transaction.atomic
def pause(campaign: Campaign, *, by: User) -> None:
    """Stop serving for now."""
    _move(campaign, "pause", by)


@transaction.atomic
def resume(campaign: Campaign, *, by: User) -> None:
    """Serve again, under the same plan."""
    _take_turns(campaign)
    problems = [found.sentence for found in launch_checks.occupied_placement_obstacles(campaign)]
    problems += [
        found.sentence for found in launch_checks.stopped_message_obstacles(campaign.arms.filter(paused_at=None))
    ]
    if not problems and campaign.locales and not set(common_locales(campaign)) & set(campaign.locales):
        problems.append(_("Words of its arms were withdrawn: no language is left that every arm speaks."))
    if problems:
        raise ActionRefused(" ".join(problems))
    _move(campaign, "resume", by)


@transaction.atomic
def close(campaign: Campaign, *, by: User, now: datetime) -> None:
    """Stop serving for good. The secret of its subjects is destroyed: from here on nobody can recompute an arm."""
    campaign.ends_at = max(now, campaign.starts_at) if campaign.starts_at else now
    if campaign.starts_at == campaign.ends_at:
        campaign.ends_at = None
    _move(campaign, "close", by)
    transaction.on_commit(partial(destroy_campaign_secret, campaign, by=by))


def start_due_campaigns(*, now: datetime) -> list[Campaign]:
    """Scheduled campaigns whose start has come are running: those that this call has moved."""
    due = Campaign.objects.filter(state=State.SCHEDULED, starts_at__lte=now)
    return [campaign for campaign in due if _apply_due_transition(campaign, State.RUNNING)]


def close_due_campaigns(*, now: datetime) -> list[Campaign]:
    """Campaigns whose end has come are closed, their subjects' secrets destroyed: those that this call has moved."""
    due = Campaign.objects.filter(state__in=[*Campaign.LIVE, State.PAUSED], ends_at__lte=now)
    closed = [campaign for campaign in due if _apply_due_transition(campaign, State.CLOSED)]
    if closed:
        destroy_secrets_of_closed_campaigns()
    return closed


@transaction.atomic
def _apply_due_transition(campaign: Campaign, target: str) -> bool:
    """Under a lock, and only if the campaign still stands where it was read: someone may have just moved it."""
    locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if (locked.state, locked.starts_at, locked.ends_at) != (campaign.state, campaign.starts_at, campaign.ends_at):
        return False
    locked.state = target
    locked.save(update_fields=["state", "changed_at"])
    verb = "open" if target == State.RUNNING else "close"
    record_campaign_action(log.Action(f"campaign-{verb}"), campaign, by=log.WORKER)
    return True


def destroy_secrets_of_closed_campaigns(*, by: str = log.WORKER) -> list[int]:
    """Remove the secrets of campaigns that are closed: a stop between closing and this leaves one behind."""
    found = campaigns_with_subject_secret(settings.KEY_DIRECTORY)
    closed = Campaign.objects.filter(pk__in=found, state=State.CLOSED).order_by("pk")
    return [campaign.pk for campaign in closed if destroy_campaign_secret(campaign, by=by)]


@transaction.atomic
def destroy_campaign_secret(campaign: Campaign, *, by: User | str) -> bool:
    """Destroy the secret of a campaign's subjects and put it on record; whether there was one."""
    if campaign.pk not in campaigns_with_subject_secret(settings.KEY_DIRECTORY):
        return False
    record_campaign_action(log.Action.SUBJECTS_DESTROY, campaign, by=by)
    return destroy_subject_secret(settings.KEY_DIRECTORY, campaign.pk)


def record_campaign_action(action: log.Action, campaign: Campaign, *, by: User | str, **detail: str | int) -> None:
    """One entry about a campaign on the audit record: the last step of its transaction."""
    log.record(action, by=by, kind=log.ObjectKind.CAMPAIGN, ref=campaign.slug, label=campaign.name, **detail)


def secrets_without_campaign() -> list[int]:
    """Campaigns that have a secret and that this database does not know: it may be the wrong one, so they are kept."""
    found = campaigns_with_subject_secret(settings.KEY_DIRECTORY)
    known = set(Campaign.objects.filter(pk__in=found).values_list("pk", flat=True))
    return [number for number in found if number not in known]


@transaction.atomic
def pause_arm(arm: Arm, *, reason: str, now: datetime, by: User | str = log.WORKER) -> None:
    """Show an arm's own words to nobody: its units see the control's, uncounted, and nobody else's arm moves.

    By a person it is a deviation from the plan; a guardrail's stop is what the plan says.
    """
    if arm.is_control:
        raise ActionRefused(_("The control arm cannot be paused alone: pause the campaign."))
    if not isinstance(by, str) and not has_role(by, MANAGER, REVIEWER):
        raise ActionRefused(_("Only a manager or a reviewer can pause an arm."))
    said = validate_reason(reason)
    _hold(arm)
    if arm.paused_at is not None:
        raise ActionRefused(_("This arm is paused already."))
    arm.paused_at, arm.paused_reason, arm.pauses = now, said, arm.pauses + 1
    _keep(arm)
    record_staff_deviation(arm.campaign, by=by, now=now, what=f"The arm “{arm.name}” was paused.", why=said)
    record_campaign_action(log.Action.ARM_PAUSE, arm.campaign, by=by, arm=arm.name, reason=said)


@transaction.atomic
def resume_arm(arm: Arm, *, by: User, reason: str, now: datetime) -> None:
    """Show an arm's own words again, with a reason: always a deviation from the plan. What stopped it stays on record.

    The guard goes on with all that was counted, and stops the arm again once its harm is surely larger than was known.
    """
    if not has_role(by, MANAGER):
        raise ActionRefused(_("Only a manager can resume an arm."))
    said = validate_reason(reason)
    _hold(arm)
    if arm.paused_at is None:
        raise ActionRefused(_("This arm is not paused."))
    if stopped := launch_checks.stopped_message_obstacles(Arm.objects.filter(pk=arm.pk)):
        raise ActionRefused(stopped[0].sentence)
    if not set(common_locales(arm.campaign)) & set(arm.campaign.locales) & workflow.approved_locales(arm.revision):
        raise ActionRefused(_("Its words were withdrawn: no language is left that every arm speaks."))
    arm.paused_at, arm.paused_reason = None, ""
    _keep(arm)
    record_staff_deviation(arm.campaign, by=by, now=now, what=f"The arm “{arm.name}” was resumed.", why=said)
    record_campaign_action(log.Action.ARM_RESUME, arm.campaign, by=by, arm=arm.name, reason=said)


def record_staff_deviation(campaign: Campaign, *, by: User | str, now: datetime, what: str, why: str) -> None:
    """Put on record that a person departed from the plan; what the worker does is what the plan says."""
    if not isinstance(by, str):
        Deviation.objects.create(campaign=campaign, at=now, by=by, what=what, why=why)


def validate_reason(reason: str) -> str:
    """A reason as it is kept; StepRefused if there is none, or too long a one."""
    said = launch_checks.clean_reason(reason)
    if not said:
        raise ActionRefused(_("Please say why: the reason stays on record."))
    if len(said) > ARM_REASON_LIMIT:
        raise ActionRefused(_("Please say why in %(most)s characters or fewer.") % {"most": ARM_REASON_LIMIT})
    return said


def _hold(arm: Arm) -> None:
    """The arm and its campaign as they are now, and as nobody else moves them until this step is done."""
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=arm.campaign_id)
    if campaign.state not in OPEN_STATES:
        told = _("The campaign is “%(state)s”: its arms cannot be paused or resumed.")
        raise ActionRefused(told % {"state": campaign.get_state_display()})
    arm.refresh_from_db()
    arm.campaign = campaign


def _keep(arm: Arm) -> None:
    arm.save(update_fields=["paused_at", "paused_reason", "pauses"])
    arm.campaign.save(update_fields=["changed_at"])  # the snapshot notices


def _take_turns(campaign: Campaign) -> None:
    """Wait until nobody else starts this campaign, or another at one of its placements.

    SQLite lets one transaction write at a time; on PostgreSQL these locks see to it.
    """
    Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    list(Placement.objects.select_for_update(no_key=True, of=("self",)).filter(campaigns=campaign).order_by("pk"))


def _move(campaign: Campaign, verb: str, by: User, **detail: str) -> None:
    sources, target, role = TRANSITIONS[verb]
    if not has_role(by, role):
        told = {"role": str(ROLE_NAMES[role]).lower(), "verb": VERB_LABELS[verb]}
        raise ActionRefused(_("Only a %(role)s can %(verb)s a campaign.") % told)
    locked = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    if locked.state not in sources:
        told = {"state": locked.get_state_display(), "verb": VERB_LABELS[verb]}
        raise ActionRefused(_("A campaign that is “%(state)s” cannot %(verb)s.") % told)
    campaign.state = target
    campaign.save()
    record_campaign_action(log.Action(f"campaign-{verb.replace('_', '-')}"), campaign, by=by, **detail)


def submission_problems(campaign: Campaign) -> list[str]:
    """What still keeps a campaign from being submitted or launched, in sentences."""
    return [found.sentence for found in launch_checks.submission_obstacles(campaign)]


def freeze_plan(plan: AnalysisPlan, *, now: datetime) -> AnalysisPlan:
    """Write the plan down as canonical JSON with its SHA-256; from here on it is only read."""
    if plan.frozen_at is not None:
        raise ActionRefused(_("This plan is frozen already."))
    plan.canonical = frozen_plan.canonical_json(frozen_plan.plan_content(plan))
    plan.fingerprint = frozen_plan.fingerprint_of(plan.canonical)
    plan.frozen_at = now
    plan.save()
    return plan
