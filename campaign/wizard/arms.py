"""The arms of a draft: made for a comparison with approved words to begin with, then named, shared out, reworded."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from campaign.lifecycle.transitions import ActionRefused
from campaign.models import AnalysisPlan, Arm, Campaign
from campaign.wizard.draft import DraftEditConflict, lock_draft
from campaign.wizard.questions import (
    MAX_ARMS,
    PRESETS,
    Preset,
    allowed_frames,
    default_comparisons,
    next_arm_key,
    preset_of,
)
from messages.models import Revision
from messages.review import workflow

_FIRST_LOOKED_AT = 50  # approved revisions of a frame, in search of one that nobody uses yet


class ArmKeys(NamedTuple):
    """The keys of a draft's arms and of its control."""

    keys: tuple[str, ...]
    control: str


class NoApprovedMessage(ActionRefused):
    """A comparison needs words from frames in which nothing is approved, or nothing more."""

    def __init__(self, frames: tuple[str, ...]) -> None:
        super().__init__("There are no approved words in the frame: " + ", ".join(frames))
        self.frames = frames


def selectable_revisions(frames: Collection[str]) -> QuerySet[Revision]:
    """Words of these frames that may be shown, the starter library first, newer ones of a message before older."""
    found = workflow.servable_revisions().filter(message__frame__in=frames)
    found = found.select_related("message__theme").prefetch_related("renditions")
    return found.order_by(F("message__theme__number").asc(nulls_last=True), "message__key", "-number")


def missing_frames(preset: Preset) -> list[str]:
    """The parts of a comparison for which there are no approved words, by the frame that they would come from."""
    there = set(workflow.servable_revisions().values_list("message__frame", flat=True))
    return [part.frames[0] for part in preset.arms if not there & set(part.frames)]


def read_preset(campaign: Campaign) -> dict[str, Any]:
    return {"preset": preset_of([arm.key for arm in campaign.arms.all()])}


def apply_preset(campaign: Campaign, key: str) -> None:
    """Make the arms of a comparison. Words that were chosen already stay where they fit."""
    arms = list(campaign.arms.select_related("revision__message"))
    preset = PRESETS[key]
    if preset_of([arm.key for arm in arms]) == key:
        return
    made = _of_ones_own(campaign, arms) if key == "own" and len(arms) >= 2 else _fitted(campaign, preset, arms)
    campaign.arms.all().delete()
    Arm.objects.bulk_create(made)


def _of_ones_own(campaign: Campaign, arms: list[Arm]) -> list[Arm]:
    """The same arms under keys of one's own, the control first."""
    ordered = sorted(arms, key=lambda arm: not arm.is_control)
    return [
        Arm(
            campaign=campaign,
            key=f"message-{at + 1}" if at else "control",
            name=arm.name,
            revision=arm.revision,
            weight=arm.weight,
            is_control=at == 0,
            position=at,
        )
        for at, arm in enumerate(ordered)
    ]


def _fitted(campaign: Campaign, preset: Preset, arms: list[Arm]) -> list[Arm]:
    left, made = list(arms), list[Arm]()
    for at, part in enumerate(preset.arms):
        fits = [arm for arm in left if arm.frame in part.frames]
        kept = next((arm for arm in fits if arm.key == part.key), fits[0] if fits else None)
        if kept is not None:
            left.remove(kept)
        revision = kept.revision if kept else _unused(part.frames, [arm.revision_id for arm in made])
        made.append(
            Arm(
                campaign=campaign,
                key=part.key,
                name=kept.name if kept and kept.key == part.key else str(part.name),
                revision=revision,
                is_control=at == 0,
                position=at,
            )
        )
    return made


def _unused(frames: tuple[str, ...], used: Collection[int]) -> Revision:
    """Approved words that no other arm shows yet: of the first frame that has some."""
    for frame in frames:
        for revision in selectable_revisions([frame]).exclude(pk__in=used)[:_FIRST_LOOKED_AT]:
            if workflow.approved_locales(revision):
                return revision
    raise NoApprovedMessage(frames[:1])


def read_arms(campaign: Campaign) -> dict[str, Any]:
    told: dict[str, Any] = {"control": ""}
    for arm in campaign.arms.all():
        told |= {f"name_{arm.key}": arm.name, f"share_{arm.key}": arm.weight, f"revision_{arm.key}": arm.revision_id}
        if arm.is_control:
            told["control"] = arm.key
    return told


def set_names_and_weights(campaign: Campaign, said: dict[str, Any]) -> None:
    """The names and shares of the arms, and which of them the others are compared with."""
    arms = list(campaign.arms.all())
    campaign.arms.update(is_control=False)  # two at once are not allowed
    for arm in arms:
        arm.name, arm.weight = said[f"name_{arm.key}"], said[f"share_{arm.key}"]
        arm.is_control = arm.key == said["control"]
    for arm in sorted(arms, key=lambda one: one.is_control):
        arm.save(update_fields=["name", "weight", "is_control"])


def arm_keys(campaign: Campaign) -> ArmKeys:
    """Which arms there are, in order, and which is the control; what is compared with what follows from it."""
    arms = list(campaign.arms.all())
    return ArmKeys(tuple(arm.key for arm in arms), next((arm.key for arm in arms if arm.is_control), ""))


def update_comparisons(campaign: Campaign, plan: AnalysisPlan, *, previous: ArmKeys) -> None:
    """What is compared with what, if the arms or the control are others than they were."""
    shape = arm_keys(campaign)
    if shape != previous or not plan.comparisons:
        plan.comparisons = default_comparisons(shape.keys, shape.control)
        plan.save(update_fields=["comparisons"])


@transaction.atomic
def add_arm(campaign: Campaign, *, by: User) -> Arm:
    """One more arm, with approved words that no other shows."""
    locked = lock_draft(campaign, by=by)
    shape, arms = arm_keys(locked), list(locked.arms.all())
    if len(arms) >= MAX_ARMS:
        raise ActionRefused(_("More messages than that would each be seen by too few people."))
    key = next_arm_key([arm.key for arm in arms])
    revision = _unused(("both", "victim", "user", "other", "neutral"), [arm.revision_id for arm in arms])
    position = max((arm.position for arm in arms), default=-1) + 1
    made = Arm.objects.create(
        campaign=locked,
        key=key,
        name=_("Message %(number)s") % {"number": key.removeprefix("message-")},
        revision=revision,
        is_control=not arms,
        position=position,
    )
    _changed(locked, was=shape)
    return made


@transaction.atomic
def remove_arm(campaign: Campaign, key: str, *, by: User) -> None:
    """One arm less; two at least stay. Without its control, the first of the others becomes it."""
    locked = lock_draft(campaign, by=by)
    shape, arms = arm_keys(locked), list(locked.arms.all())
    gone = next((arm for arm in arms if arm.key == key), None)
    if gone is None:
        return
    if len(arms) <= 2:
        raise ActionRefused(_("Two messages have to stay: with one there is nothing to compare."))
    gone.delete()
    if gone.is_control:
        first = next(arm for arm in arms if arm.key != key)
        first.is_control = True
        first.save(update_fields=["is_control"])
    _changed(locked, was=shape)


@transaction.atomic
def choose_revision(campaign: Campaign, key: str, revision: Revision, *, seen_revision_id: int, by: User) -> None:
    """Other words for one arm, unless somebody has chosen others since."""
    locked = lock_draft(campaign, by=by)
    arm = locked.arms.filter(key=key).first()
    if arm is None or arm.revision_id not in (seen_revision_id, revision.pk):
        raise DraftEditConflict
    frames = allowed_frames(key, preset_of([one.key for one in locked.arms.all()]))
    if revision.message.frame not in frames or not workflow.approved_locales(revision):
        raise ActionRefused("These words are not approved for this place in the comparison.")
    arm.revision = revision
    arm.save(update_fields=["revision"])
    locked.save(update_fields=["changed_at"])


def _changed(campaign: Campaign, *, was: ArmKeys) -> None:
    plan = AnalysisPlan.objects.filter(campaign=campaign).first()
    if plan is not None:
        update_comparisons(campaign, plan, previous=was)
    campaign.save(update_fields=["changed_at"])
