"""Create a draft, store its answers one by one, and submit it.

Each answer is stored at once. A form carries the digest of the answer that its reader saw: if somebody else has
answered since, nothing is stored and DraftEditConflict is raised.
"""

from itertools import count
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from campaign.lifecycle import transitions
from campaign.lifecycle.clone import taken_slugs
from campaign.lifecycle.draft_versions import record_version
from campaign.models import Campaign
from campaign.wizard.draft import DraftEditConflict, edit_draft, ensure_plan, lock_draft, require_manager
from campaign.wizard.questions import Answer, HypothesisAnswer, Question

RESERVED_SLUGS = {"new"}  # the address of a new campaign


def create_draft(answer: HypothesisAnswer, *, by: User) -> Campaign:
    """Create a draft from the answer to the first question, with an empty plan."""
    require_manager(by)
    base = slugify(answer.name)[:40].strip("-") or "campaign"
    taken = RESERVED_SLUGS | taken_slugs(base)
    for number in count(1):
        slug = base if number == 1 else f"{base}-{number}"
        if slug in taken:
            continue
        try:
            with transaction.atomic():
                draft = Campaign.objects.create(
                    slug=slug, name=answer.name, hypothesis=answer.hypothesis, created_by=by
                )
                ensure_plan(draft)
                record_version(draft, by=by)
        except IntegrityError:
            if not Campaign.objects.filter(slug=slug).exists():
                raise
            continue  # another request has just taken the slug
        return draft
    raise AssertionError("unreachable: count() does not end")


def save_answer(
    campaign: Campaign, question: Question[Any, Any], answer: Answer, *, seen_digest: str, by: User
) -> Campaign:
    """Store the answer to one question, unless the stored answer is another than the one that was seen."""
    with edit_draft(campaign, by=by) as locked:
        if question.read(locked).digest() != seen_digest:
            raise DraftEditConflict
        question.write(locked, answer, by=by)
    return locked


@transaction.atomic
def submit_draft(campaign: Campaign, *, seen_changed_at: str, by: User) -> None:
    """Submit the draft for approval, unless it has changed since it was read."""
    locked = lock_draft(campaign, by=by)
    if locked.changed_at.isoformat() != seen_changed_at:
        raise DraftEditConflict
    transitions.submit(locked, by=by)
