"""Change which texts stand for the arms of a draft: matched sets, different texts in each arm, or one each."""

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from campaign.lifecycle.actions import ActionRefused
from campaign.models import AnalysisPlan, Arm, ArmText, Campaign
from campaign.wizard.draft import DraftEditConflict, edit_draft, ensure_plan
from campaign.wizard.matched_sets import LEAST_SETS, OfferedSet, offered_sets, sets_of_arms, sets_to_begin_with
from messages.models import Revision
from messages.review import workflow

MATCHED, DIFFERENT, ONE = AnalysisPlan.Texts.MATCHED, AnalysisPlan.Texts.DIFFERENT, ""


def offered_to(arms: Sequence[Arm], *more: str) -> dict[str, OfferedSet]:
    """Return the matched sets for these arms, and for further frames; words that were chosen already are kept."""
    chosen = {text.revision_id for arm in arms for text in arm.texts.all()}
    return offered_sets([*(arm.frame for arm in arms), *more], preferred=chosen)


def use_design(campaign: Campaign, design: str, sets: Sequence[str] = ()) -> None:
    """Store how the texts of a draft relate, and give its arms the texts of the chosen sets, or their first text."""
    arms = list(campaign.arms.with_texts())
    if design == MATCHED:
        offered = offered_to(arms)
        if any(key not in offered for key in sets):
            raise ActionRefused(_("One of the sets is no longer approved for all your messages. Choose again."))
        for number, arm in enumerate(arms):
            _replace_texts(arm, [offered[key].revisions[number] for key in sets])
    elif design == ONE:
        for arm in arms:
            _replace_texts(arm, [text.revision for text in arm.texts.all()][:1])
    plan = ensure_plan(campaign)
    plan.texts = design
    plan.save(update_fields=["texts"])


def begin_with_sets(campaign: Campaign) -> None:
    """Give new arms matched sets if enough are approved for all of them."""
    if sets := sets_to_begin_with(offered_to(list(campaign.arms.with_texts()))):
        use_design(campaign, MATCHED, sets)


def keep_sets(campaign: Campaign) -> None:
    """Fit matched texts to arms that have changed: keep the sets that are there for all of them, or one text each."""
    if ensure_plan(campaign).texts != MATCHED:
        return
    arms = list(campaign.arms.with_texts())
    offered = offered_to(arms)
    kept = [key for key in sets_of_arms(arms) if key in offered]
    use_design(campaign, *((MATCHED, kept) if len(kept) >= LEAST_SETS else (ONE,)))


def texts_for_another_arm(arms: Sequence[Arm], frames: Sequence[str]) -> list[Revision]:
    """Return the texts that the sets of these arms have for one more, of the first of these frames that all have."""
    sets, used = sets_of_arms(arms), {arm.frame for arm in arms}
    for frame in frames:
        offered = offered_to(arms, frame) if frame not in used else {}
        if sets and all(key in offered for key in sets):
            return [offered[key].revisions[-1] for key in sets]
    raise ActionRefused(_("Your matched sets have no text for another message. Choose different texts first."))


def require_design(campaign: Campaign, design: str) -> None:
    """Raise DraftEditConflict if somebody has chosen another design since the page was opened."""
    if ensure_plan(campaign).texts != design:
        raise DraftEditConflict


def add_text(campaign: Campaign, key: str, revision: Revision, *, by: User) -> None:
    """Give an arm one more text, of the frame that it has."""
    with edit_draft(campaign, by=by) as locked:
        require_design(locked, DIFFERENT)
        arm = locked.arms.with_texts().get(key=key)
        texts = list(arm.texts.all())
        if any(text.revision_id == revision.pk for text in texts):
            return
        if len(texts) >= ArmText.MOST:
            raise ActionRefused(_("A message can have at most %(most)s texts.") % {"most": ArmText.MOST})
        if revision.message.frame != arm.frame or not workflow.approved_locales(revision):
            raise ActionRefused(_("This text does not fit here. Choose another."))
        ArmText.objects.create(arm=arm, position=len(texts), revision=revision)


def remove_text(campaign: Campaign, key: str, revision_id: int, *, by: User) -> None:
    """Take a text out of an arm; one has to stay."""
    with edit_draft(campaign, by=by) as locked:
        require_design(locked, DIFFERENT)
        arm = locked.arms.with_texts().get(key=key)
        kept = [text.revision for text in arm.texts.all() if text.revision_id != revision_id]
        if not kept:
            raise ActionRefused(_("A message needs at least one text. Add another one first."))
        _replace_texts(arm, kept)


def _replace_texts(arm: Arm, revisions: Sequence[Revision]) -> None:
    if [text.revision_id for text in arm.texts.all()] == [revision.pk for revision in revisions]:
        return
    arm.texts.all().delete()
    ArmText.objects.bulk_create(
        ArmText(arm=arm, position=position, revision=revision) for position, revision in enumerate(revisions)
    )
