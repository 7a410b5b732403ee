"""Change the arms of a draft: make them for a preset, add, remove and reword them."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from campaign.lifecycle.actions import ActionRefused
from campaign.models import Arm, ArmText, Campaign
from campaign.wizard import presets, text_design
from campaign.wizard.draft import DraftEditConflict, edit_draft, ensure_plan
from campaign.wizard.revision_choice import selectable_revisions
from messages.models import Revision
from messages.review import workflow
from messages.templatetags.sensitive_text import theme_name

_NAME_LIMIT = 80  # as on the page
_REVISIONS_TRIED = 50  # newest revisions of a frame, in search of one that no arm uses yet


class ArmKeys(NamedTuple):
    """The keys of a draft's arms, in order, and of its control. The comparisons follow from them."""

    keys: tuple[str, ...]
    control: str


class NewArm(NamedTuple):
    """An arm to be created; the first of several is the control."""

    key: str
    name: str
    revisions: Sequence[Revision]
    weight: int = 1


class NoApprovedMessage(ActionRefused):
    """An arm needs a revision from frames in which none is approved, or none is left."""

    def __init__(self, frames: tuple[str, ...]) -> None:
        super().__init__("There are no approved words in the frame: " + ", ".join(frames))
        self.frames = frames


def apply_preset(campaign: Campaign, key: str) -> None:
    """Replace the arms by those of a preset. Revisions that were chosen already stay where their frame fits; new arms
    begin with matched sets where these are approved."""
    arms = list(campaign.arms.with_texts())
    if presets.preset_of([arm.key for arm in arms]) == key:
        return
    if key != "own":
        replacements = _arms_of_preset(presets.PRESETS[key], arms)
    elif len(arms) >= 2:
        replacements = _with_own_keys(arms)
    else:
        replacements = one_text_each(_two_themes())
    replace_arms(campaign, replacements)
    if arms:
        text_design.keep_sets(campaign)
    elif key != "own":
        text_design.begin_with_sets(campaign)


def replace_arms(campaign: Campaign, replacements: Sequence[NewArm]) -> None:
    """Give a draft these arms in place of its own; the first is the control."""
    campaign.arms.all().delete()
    for position, new in enumerate(replacements):
        fields = {"key": new.key, "name": new.name, "weight": new.weight}
        Arm.objects.create_with_texts(
            new.revisions, campaign=campaign, is_control=position == 0, position=position, **fields
        )


def one_text_each(texts: Sequence[Revision]) -> list[NewArm]:
    """Return one arm for each text, named by its theme."""
    made = list[NewArm]()
    for number, text in enumerate(texts, 1):
        name = _name_by_theme(text, {new.name for new in made}, number)
        made.append(NewArm(presets.own_key(number), name, [text]))
    return made


def _name_by_theme(text: Revision, taken: Collection[str], number: int) -> str:
    theme = theme_name(text.message.theme)[:_NAME_LIMIT]
    return theme if theme not in taken else _("Message %(number)s") % {"number": number}


def _two_themes() -> list[Revision]:
    """Return a neutral text and one of another theme, or any two of different themes, or any two."""
    first = _unused_revision(presets.ANY, [])
    return [
        first,
        unused_theme((*presets.NOT_NEUTRAL, "neutral"), [first]) or _unused_revision(presets.ANY, [first.pk]),
    ]


def unused_theme(frames: Sequence[str], used: Collection[Revision]) -> Revision | None:
    """Return an approved revision whose theme none of these has, from the first frame with one; None without any."""
    themes = {revision.message.theme_id for revision in used}
    for frame in frames:
        others = selectable_revisions([frame]).exclude(message__theme__in=themes)[:_REVISIONS_TRIED]
        for revision in others:
            if workflow.approved_locales(revision):
                return revision
    return None


def _with_own_keys(arms: list[Arm]) -> list[NewArm]:
    """Copy the arms under the keys of the preset "own", the control first."""
    ordered = sorted(arms, key=lambda arm: not arm.is_control)
    return [
        NewArm(presets.own_key(number), arm.name, _revisions_of(arm), arm.weight)
        for number, arm in enumerate(ordered, 1)
    ]


def _arms_of_preset(preset: presets.Preset, arms: list[Arm]) -> list[NewArm]:
    remaining, replacements = list(arms), list[NewArm]()
    for wanted in preset.arms:
        fitting = [arm for arm in remaining if arm.frame in wanted.frames]
        previous = next((arm for arm in fitting if arm.key == wanted.key), fitting[0] if fitting else None)
        if previous is not None:
            remaining.remove(previous)
            revisions = _revisions_of(previous)
        else:
            used = [revision.pk for new in replacements for revision in new.revisions]
            revisions = [_unused_revision(wanted.frames, used)]
        name = previous.name if previous and previous.key == wanted.key else str(wanted.name)
        replacements.append(NewArm(wanted.key, name, revisions))
    return replacements


def _revisions_of(arm: Arm) -> list[Revision]:
    return [text.revision for text in arm.texts.all()]


def _unused_revision(frames: tuple[str, ...], used: Collection[int]) -> Revision:
    """Return an approved revision that no other arm has, from the first frame with one."""
    for frame in frames:
        for revision in selectable_revisions([frame]).exclude(pk__in=used)[:_REVISIONS_TRIED]:
            if workflow.approved_locales(revision):
                return revision
    raise NoApprovedMessage(frames[:1])


def arm_keys(campaign: Campaign) -> ArmKeys:
    """Return the keys of the arms and of the control."""
    arms = list(campaign.arms.all())
    return ArmKeys(tuple(arm.key for arm in arms), next((arm.key for arm in arms if arm.is_control), ""))


def update_comparisons(campaign: Campaign, *, previous: ArmKeys) -> None:
    """Reset the plan's comparisons to the default if the arms or the control have changed."""
    keys, plan = arm_keys(campaign), ensure_plan(campaign)
    if keys != previous or not plan.comparisons:
        plan.comparisons = presets.default_comparisons(keys.keys, keys.control)
        plan.save(update_fields=["comparisons"])


def add_arm(campaign: Campaign, *, by: User) -> Arm:
    """Add an arm with an approved revision that no other has."""
    with edit_draft(campaign, by=by) as locked:
        previous, arms = arm_keys(locked), list(locked.arms.with_texts())
        if len(arms) >= presets.MAX_ARMS:
            raise ActionRefused(_("With more messages, too few people would see each one."))
        key = presets.next_arm_key(previous.keys)
        frames = ("both", "victim", "user", "other", "neutral")
        used = [revision for arm in arms for revision in _revisions_of(arm)]
        if ensure_plan(locked).texts == text_design.MATCHED:
            texts = text_design.texts_for_another_arm(arms, frames)
        else:
            texts = [unused_theme(frames, used) or _unused_revision(frames, [revision.pk for revision in used])]
        number = int(key.removeprefix("message-"))
        names = {arm.name for arm in arms}
        numbered = _("Message %(number)s") % {"number": number}
        arm = Arm.objects.create_with_texts(
            texts,
            campaign=locked,
            key=key,
            name=_name_by_theme(texts[0], names, number) if len(texts) == 1 else numbered,
            is_control=not arms,
            position=max((arm.position for arm in arms), default=-1) + 1,
        )
        update_comparisons(locked, previous=previous)
    return arm


def remove_arm(campaign: Campaign, key: str, *, by: User) -> None:
    """Remove an arm; two must stay. If it was the control, the first of the others becomes the control."""
    with edit_draft(campaign, by=by) as locked:
        previous, arms = arm_keys(locked), list(locked.arms.all())
        removed = next((arm for arm in arms if arm.key == key), None)
        if removed is None:
            return
        if len(arms) <= 2:
            raise ActionRefused(_("Keep at least two messages, so that there is something to compare."))
        removed.delete()
        if removed.is_control:
            first = next(arm for arm in arms if arm.key != key)
            first.is_control = True
            first.save(update_fields=["is_control"])
        update_comparisons(locked, previous=previous)


def choose_revision(campaign: Campaign, key: str, revision: Revision, *, seen_revision_id: int, by: User) -> None:
    """Give an arm of one text another revision, unless somebody has chosen a third one since."""
    with edit_draft(campaign, by=by) as locked:
        text_design.require_design(locked, text_design.ONE)
        text = ArmText.objects.filter(arm__campaign=locked, arm__key=key).select_related("arm").first()
        if text is None or text.revision_id not in (seen_revision_id, revision.pk):
            raise DraftEditConflict
        frames = presets.allowed_frames(key, presets.preset_of([one.key for one in locked.arms.all()]))
        if revision.message.frame not in frames or not workflow.approved_locales(revision):
            raise ActionRefused(_("This text does not fit here. Choose another."))
        if text.arm.name == theme_name(text.revision.message.theme):  # nobody gave it another name
            text.arm.name = theme_name(revision.message.theme)
            text.arm.save(update_fields=["name"])
        text.revision = revision
        text.save(update_fields=["revision"])
