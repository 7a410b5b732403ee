"""Plan the next trial from a result: the message that worked becomes the control of the next."""

from contextlib import suppress

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.clone import begin_draft, copy_plan, next_slug, record_draft
from campaign.models import Arm, Campaign
from campaign.wizard.arms import ArmKeys, NoApprovedMessage, add_arm, update_comparisons
from campaign.wizard.draft import require_manager


@transaction.atomic
def plan_next_trial(trial: Campaign, key: str, *, by: User) -> Campaign:
    """Return a draft in which an arm of a trial is the control, beside one other approved message to be changed.

    If this person has begun it so and it is still a draft, it is that draft: asking twice makes one. Places, outcomes
    and precision are the trial's. Raises ActionRefused, and then nothing was made.
    """
    require_manager(by)
    Campaign.objects.select_for_update(no_key=True).get(pk=trial.pk)  # of two requests at once, the second finds it
    winner = trial.arms.with_texts().filter(key=key).first()
    if trial.launched_at is None or winner is None:
        raise ActionRefused(_("Choose a message that was compared in a trial as the control of the next one."))
    shown = [text.revision for text in winner.texts.all() if text.stopped_at is None]
    begun = trial.follow_ups.filter(purpose=Campaign.Purpose.TRIAL, state=Campaign.State.DRAFT, created_by=by)
    for draft in begun.order_by("pk"):
        control = draft.arms.with_texts().filter(is_control=True).first()
        if control is not None and [text.revision for text in control.texts.all()] == shown:
            return draft
    slug, _number = next_slug(f"{trial.slug[:40]}-next-0")
    name = _("Better than “%(message)s”?") % {"message": winner.name}
    design = _design(trial)
    draft = begin_draft(design, by=by, slug=slug, name=name, based_on=trial)
    draft.placements.set(trial.placements.all())
    Arm.objects.create_with_texts(shown, campaign=draft, key="control", name=winner.name, is_control=True)
    copy_plan(design.plan, draft)
    update_comparisons(draft, previous=ArmKeys((), ""))
    record_draft(draft, trial, by=by)
    with suppress(NoApprovedMessage):  # the wizard says that a second message is missing
        add_arm(draft, by=by)
    return draft


def _design(trial: Campaign) -> Campaign:
    """The campaign whose design is taken over: what is in use for everybody compares nothing, and its trial did."""
    return trial.based_on if trial.based_on and trial.is_use and trial.unit == Campaign.Unit.PERIOD else trial
