"""The state transitions of a campaign, and pausing and resuming an arm. Launching freezes the plan.

A launched campaign shows its messages from its start to its end by the server's clock. The worker updates the state
afterwards, so a late worker changes nothing that the audience sees.
"""

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
# Infinitives, as in “A campaign that is closed cannot ...”.
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
    """The action is not allowed; the message says why, for staff."""


@transaction.atomic
def submit(campaign: Campaign, *, by: User) -> None:
    """Submit a complete draft for the approval of a second person."""
    problems = submission_problems(campaign)
    if problems:
        raise ActionRefused(" ".join(problems))
    _apply_transition(campaign, "submit", by)


@transaction.atomic
def approve(campaign: Campaign, *, by: User, read_fingerprint: str = "") -> None:
    """Approve the words, the arms and the plan; `read_fingerprint` is that of the plan that the reviewer read."""
    if by == campaign.created_by:
        raise ActionRefused(_("Nobody approves their own campaign. Please ask a colleague."))
    if read_fingerprint and read_fingerprint != frozen_plan.fingerprint_of(
        frozen_plan.canonical_json(frozen_plan.current_plan_content(campaign.plan))
    ):
        raise ActionRefused(_("The plan was changed while you read it. Please read it once more."))
    campaign.approved_by = by
    _apply_transition(campaign, "approve", by)


@transaction.atomic
def take_back(campaign: Campaign, *, by: User) -> None:
    """Turn a submitted or approved campaign into a draft again; an approval is lost."""
    campaign.approved_by = None
    _apply_transition(campaign, "take_back", by)


@transaction.atomic
def send_back(campaign: Campaign, *, by: User, reason: str) -> None:
    """Return a submitted campaign to its manager, with a reason that stays on the audit record."""
    if by == campaign.created_by:
        raise ActionRefused(_("Nobody sends back their own campaign. Please ask a colleague."))
    reason = launch_checks.clean_reason(reason)
    if not reason or len(reason) > SEND_BACK_REASON_LIMIT:
        raise ActionRefused(_("Say what has to change, in at most 500 characters."))
    _apply_transition(campaign, "send_back", by, reason=reason)


@transaction.atomic
def launch(campaign: Campaign, *, by: User, now: datetime) -> AnalysisPlan:
    """Freeze the plan and start serving. Every help link must have been checked recently."""
    _lock_with_placements(campaign)
    problems = [obstacle.sentence for obstacle in launch_checks.launch_obstacles(campaign, now=now)]
    if problems:
        raise ActionRefused(" ".join(problems))
    campaign.locales = common_locales(campaign)
    plan = freeze_plan(campaign.plan, now=now)
    campaign.launched_at = now
    campaign.starts_at = campaign.starts_at or now
    _apply_transition(campaign, "schedule" if campaign.starts_at > now else "launch", by, plan=plan.fingerprint)
    return plan


@transaction.atomic
def pause(campaign: Campaign, *, by: User) -> None:
    """Stop serving until the campaign is resumed."""
    _apply_transition(campaign, "pause", by)


@transaction.atomic
def resume(campaign: Campaign, *, by: User) -> None:
    """Serve again, under the same plan."""
    _lock_with_placements(campaign)
    problems = [obstacle.sentence for obstacle in launch_checks.occupied_placement_obstacles(campaign)]
    problems += [
        obstacle.sentence for obstacle in launch_checks.stopped_message_obstacles(campaign.arms.filter(paused_at=None))
    ]
    if not problems and campaign.locales and not set(common_locales(campaign)) & set(campaign.locales):
        problems.append(_("Words of its arms were withdrawn: no language is left that every arm speaks."))
    if problems:
        raise ActionRefused(" ".join(problems))
    _apply_transition(campaign, "resume", by)


@transaction.atomic
def close(campaign: Campaign, *, by: User, now: datetime) -> None:
    """Stop serving for good and destroy the subject secret, after which no assignment can be recomputed."""
    campaign.ends_at = max(now, campaign.starts_at) if campaign.starts_at else now
    if campaign.starts_at == campaign.ends_at:
        campaign.ends_at = None
    _apply_transition(campaign, "close", by)
    transaction.on_commit(partial(destroy_campaign_secret, campaign, by=by))


def start_due_campaigns(*, now: datetime) -> list[Campaign]:
    """Start scheduled campaigns whose start has come, and return those that this call started."""
    due = Campaign.objects.filter(state=State.SCHEDULED, starts_at__lte=now)
    return [campaign for campaign in due if _apply_due_transition(campaign, State.RUNNING)]


def close_due_campaigns(*, now: datetime) -> list[Campaign]:
    """Close campaigns whose end has come, destroy their secrets, and return those that this call closed."""
    due = Campaign.objects.filter(state__in=[*Campaign.LIVE, State.PAUSED], ends_at__lte=now)
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


def destroy_secrets_of_closed_campaigns(*, by: str = log.WORKER) -> list[int]:
    """Destroy the secrets of closed campaigns; a crash just after closing may have left one behind."""
    with_secret = campaigns_with_subject_secret(settings.KEY_DIRECTORY)
    closed = Campaign.objects.filter(pk__in=with_secret, state=State.CLOSED).order_by("pk")
    return [campaign.pk for campaign in closed if destroy_campaign_secret(campaign, by=by)]


@transaction.atomic
def destroy_campaign_secret(campaign: Campaign, *, by: User | str) -> bool:
    """Destroy the subject secret of a campaign and record that. Return whether there was one."""
    if campaign.pk not in campaigns_with_subject_secret(settings.KEY_DIRECTORY):
        return False
    record_campaign_action(log.Action.SUBJECTS_DESTROY, campaign, by=by)
    return destroy_subject_secret(settings.KEY_DIRECTORY, campaign.pk)


def record_campaign_action(action: log.Action, campaign: Campaign, *, by: User | str, **detail: str | int) -> None:
    """Write an audit entry about a campaign, as the last step of the transaction."""
    log.record(action, by=by, kind=log.ObjectKind.CAMPAIGN, ref=campaign.slug, label=campaign.name, **detail)


def secrets_without_campaign() -> list[int]:
    """Return campaigns with a secret that are not in this database. It may be the wrong one: the secrets stay."""
    with_secret = campaigns_with_subject_secret(settings.KEY_DIRECTORY)
    known = set(Campaign.objects.filter(pk__in=with_secret).values_list("pk", flat=True))
    return [number for number in with_secret if number not in known]


@transaction.atomic
def pause_arm(arm: Arm, *, reason: str, now: datetime, by: User | str = log.WORKER) -> None:
    """Pause an arm: its units see the control's words and are not counted, and no other assignment changes.

    A pause by a person is recorded as a deviation; a guardrail pause is part of the plan.
    """
    if arm.is_control:
        raise ActionRefused(_("The control arm cannot be paused alone: pause the campaign."))
    if not isinstance(by, str) and not has_role(by, MANAGER, REVIEWER):
        raise ActionRefused(_("Only a manager or a reviewer can pause an arm."))
    reason = validate_reason(reason)
    _lock_arm(arm)
    if arm.paused_at is not None:
        raise ActionRefused(_("This arm is paused already."))
    arm.paused_at, arm.paused_reason, arm.pauses = now, reason, arm.pauses + 1
    _save_pause(arm)
    record_staff_deviation(arm.campaign, by=by, now=now, what=f"The arm “{arm.name}” was paused.", why=reason)
    record_campaign_action(log.Action.ARM_PAUSE, arm.campaign, by=by, arm=arm.name, reason=reason)


@transaction.atomic
def resume_arm(arm: Arm, *, by: User, reason: str, now: datetime) -> None:
    """Resume an arm. This is always a deviation from the plan, and the reason for the pause stays on record.

    The guardrail still uses all counts, and pauses the arm again once there is evidence of greater harm than before.
    """
    if not has_role(by, MANAGER):
        raise ActionRefused(_("Only a manager can resume an arm."))
    reason = validate_reason(reason)
    _lock_arm(arm)
    if arm.paused_at is None:
        raise ActionRefused(_("This arm is not paused."))
    if stopped := launch_checks.stopped_message_obstacles(Arm.objects.filter(pk=arm.pk)):
        raise ActionRefused(stopped[0].sentence)
    if not set(common_locales(arm.campaign)) & set(arm.campaign.locales) & workflow.approved_locales(arm.revision):
        raise ActionRefused(_("Its words were withdrawn: no language is left that every arm speaks."))
    arm.paused_at, arm.paused_reason = None, ""
    _save_pause(arm)
    record_staff_deviation(arm.campaign, by=by, now=now, what=f"The arm “{arm.name}” was resumed.", why=reason)
    record_campaign_action(log.Action.ARM_RESUME, arm.campaign, by=by, arm=arm.name, reason=reason)


def record_staff_deviation(campaign: Campaign, *, by: User | str, now: datetime, what: str, why: str) -> None:
    """Record a deviation if a person acted; what the worker does is part of the plan."""
    if not isinstance(by, str):
        create_deviation(campaign, by=by, now=now, what=what, why=why)


def create_deviation(campaign: Campaign, *, by: User, now: datetime, what: str, why: str) -> Deviation:
    """Add a row to the campaign's deviations."""
    return Deviation.objects.create(campaign=campaign, at=now, by=by, what=what, why=why)


def validate_reason(reason: str) -> str:
    """Return a reason as it is stored; raise ActionRefused if it is empty or too long."""
    cleaned = launch_checks.clean_reason(reason)
    if not cleaned:
        raise ActionRefused(_("Please say why: the reason stays on record."))
    if len(cleaned) > ARM_REASON_LIMIT:
        raise ActionRefused(_("Please say why in %(most)s characters or fewer.") % {"most": ARM_REASON_LIMIT})
    return cleaned


def _lock_arm(arm: Arm) -> None:
    """Lock the arm's campaign until the transaction ends, and reload the arm; refuse unless the campaign is open."""
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=arm.campaign_id)
    if campaign.state not in OPEN_STATES:
        sentence = _("The campaign is “%(state)s”: its arms cannot be paused or resumed.")
        raise ActionRefused(sentence % {"state": campaign.get_state_display()})
    arm.refresh_from_db()
    arm.campaign = campaign


def _save_pause(arm: Arm) -> None:
    arm.save(update_fields=["paused_at", "paused_reason", "pauses"])
    arm.campaign.save(update_fields=["changed_at"])  # a new snapshot is built


def _lock_with_placements(campaign: Campaign) -> None:
    """Lock the campaign and its placements, so that no two campaigns start at one placement at once.

    On PostgreSQL this takes row locks; SQLite allows one writing transaction at a time anyway.
    """
    Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    list(Placement.objects.select_for_update(no_key=True, of=("self",)).filter(campaigns=campaign).order_by("pk"))


def _apply_transition(campaign: Campaign, verb: str, by: User, **detail: str) -> None:
    sources, target, role = TRANSITIONS[verb]
    if not has_role(by, role):
        names = {"role": str(ROLE_NAMES[role]).lower(), "verb": VERB_LABELS[verb]}
        raise ActionRefused(_("Only a %(role)s can %(verb)s a campaign.") % names)
    locked = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    if locked.state not in sources:
        names = {"state": locked.get_state_display(), "verb": VERB_LABELS[verb]}
        raise ActionRefused(_("A campaign that is “%(state)s” cannot %(verb)s.") % names)
    campaign.state = target
    campaign.save()
    record_campaign_action(log.Action(f"campaign-{verb.replace('_', '-')}"), campaign, by=by, **detail)


def submission_problems(campaign: Campaign) -> list[str]:
    """Return what keeps a campaign from being submitted, in sentences."""
    return [obstacle.sentence for obstacle in launch_checks.submission_obstacles(campaign)]


def freeze_plan(plan: AnalysisPlan, *, now: datetime) -> AnalysisPlan:
    """Store the plan as canonical JSON with its SHA-256; it is read-only from then on."""
    if plan.frozen_at is not None:
        raise ActionRefused(_("This plan is frozen already."))
    plan.canonical = frozen_plan.canonical_json(frozen_plan.plan_content(plan))
    plan.fingerprint = frozen_plan.fingerprint_of(plan.canonical)
    plan.frozen_at = now
    plan.save()
    return plan
