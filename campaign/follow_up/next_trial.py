"""Plan the next trial from a result: the message that worked becomes the control of the next."""

from contextlib import suppress

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from campaign.lifecycle.actions import ActionRefused, record_campaign_action
from campaign.lifecycle.clone import copy_plan, next_slug
from campaign.lifecycle.draft_versions import record_version, take_over_versions
from campaign.models import Arm, Campaign
from campaign.wizard.arms import ArmKeys, NoApprovedMessage, add_arm, update_comparisons
from campaign.wizard.draft import require_manager
from messages.audit.log import Action

_NAME_LIMIT = 160


@transaction.atomic
def plan_next_trial(trial: Campaign, key: str, *, by: User) -> Campaign:
    """Return a draft in which an arm of a trial is the control, beside one other approved message to be changed.

    Places, outcomes and precision are the trial's. Raises ActionRefused, and then nothing was made.
    """
    require_manager(by)
    winner = trial.arms.with_texts().filter(key=key).first()
    if trial.launched_at is None or winner is None:
        raise ActionRefused(_("Only a message that a trial compared can be the control of the next."))
    slug, _number = next_slug(f"{trial.slug[:40]}-next-0")
    draft = Campaign.objects.create(
        slug=slug,
        name=_("Better than “%(message)s”?")[:_NAME_LIMIT] % {"message": winner.name},
        unit=trial.unit,
        based_on=trial,
        ethics_reference=trial.ethics_reference,
        ethics_exemption=trial.ethics_exemption,
        created_by=by,
    )
    draft.placements.set(trial.placements.all())
    shown = [text.revision for text in winner.texts.all() if text.stopped_at is None]
    Arm.objects.create_with_texts(shown, campaign=draft, key="control", name=winner.name, is_control=True)
    copy_plan(trial.plan, draft)
    update_comparisons(draft, previous=ArmKeys((), ""))
    take_over_versions(draft, trial)
    record_version(draft, by=by)
    record_campaign_action(Action.CAMPAIGN_COPY, draft, by=by, original=trial.slug)
    with suppress(NoApprovedMessage):  # the wizard says that a second message is missing
        add_arm(draft, by=by)
    return draft
