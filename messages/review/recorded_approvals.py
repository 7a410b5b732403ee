"""Approvals that the audit record holds: a row alone proves none, as whoever holds the database can write it.

An approval counts where visitors meet the words, at a launch and at a look, only if the last step on record about this
language of the revision is the approval of exactly the words that are there now.
"""

from collections.abc import Iterable

from django.db.models import F

from messages.audit import log
from messages.audit.hash_chain import ChainEntry
from messages.audit.verification import genuine_entries_by, is_sealed_from_the_start, record_began_at
from messages.models import Rendition, Review, Revision
from messages.review import workflow

_STEPS = (log.Action.WORDS_APPROVE, log.Action.WORDS_WITHDRAW)
Part = tuple[str, object, object]  # the key of the message, the number of the revision, the language


def recorded_approvals(renditions: Iterable[Rendition]) -> set[int]:
    """Return the primary keys of those renditions whose approval is valid and on record."""
    asked = {words.pk: words for words in renditions}  # words that many campaigns show are looked at once
    claimed = {number: words for number, words in asked.items() if workflow.is_approval_valid(words)}
    messages = sorted({words.revision.message.key for words in claimed.values()})
    steps = genuine_entries_by(log.ObjectKind.MESSAGE, messages, _STEPS, key=part_of_entry) if messages else {}
    recorded = {number for number, words in claimed.items() if _is_approval_of(words, steps.get(part_of(words)))}
    unknown = [words for words in claimed.values() if part_of(words) not in steps]
    return recorded | (_approved_before_the_record(unknown) if unknown else set())


def recorded_locales(revisions: Iterable[Revision]) -> dict[int, set[str]]:
    """Return by the primary key of each revision the languages whose approval is valid and on record."""
    revisions = list(revisions)
    approved = recorded_approvals(words for revision in revisions for words in revision.renditions.all())
    return {
        revision.pk: {words.locale for words in revision.renditions.all() if words.pk in approved}
        for revision in revisions
    }


def part_of(words: Rendition) -> Part:
    """Return what an entry about these words is about."""
    return words.revision.message.key, words.revision.number, words.locale


def part_of_entry(entry: ChainEntry) -> Part:
    """Return which words an entry is about."""
    return entry.ref, entry.detail.get("revision"), entry.detail.get("locale")


def _is_approval_of(words: Rendition, step: ChainEntry | None) -> bool:
    if step is None or step.action != log.Action.WORDS_APPROVE:
        return False
    return bool(step.detail.get("words") == words.digest)


def _approved_before_the_record(renditions: Iterable[Rendition]) -> set[int]:
    """Which of these were approved before the record began; none where it is sealed from its first entry on."""
    began = None if is_sealed_from_the_start() else record_began_at()
    if began is None:
        return set()
    approvals = Review.objects.filter(rendition__in=renditions, decision=Review.Decision.APPROVED, at__lt=began)
    return set(approvals.filter(digest=F("rendition__digest")).values_list("rendition", flat=True))
