"""Who wrote a rendition: authorship follows the words, in whatever message, revision or language they stand.

It outlasts them: what its author has overwritten since may stand elsewhere, where a colleague took it over.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q

from messages.models import ClaimStrength, OverwrittenWords, Rendition, Revision


def is_own(rendition: Rendition, by: User) -> bool:
    """Whether a user wrote the rendition, or part of it."""
    return rendition.pk in own_rendition_ids([rendition], by)


def own_rendition_ids(renditions: Iterable[Rendition], by: User) -> set[int]:
    """The renditions of which a user wrote the headline, the body or the claims, whoever saved them here.

    A text is of everybody who ever saved it anywhere, so that copying, importing and replacing it free nobody. Claims
    are of who made them first, because each edit takes them over. The note for colleagues is no part of the claims.
    """
    asked = list(renditions)
    if not asked:
        return set()
    written = Rendition.objects.filter(Q(author=by) | Q(author=None, revision__author=by))
    overwritten = OverwrittenWords.objects.filter(author=by)
    saved = [*written.values_list("headline", "body"), *overwritten.values_list("headline", "body")]
    texts = {_as_read(text) for words in saved for text in words}
    claimed_first = _first_authors()
    return {
        words.pk
        for words in asked
        if by.pk in (words.author_id, words.revision.author_id)
        or {_as_read(words.headline), _as_read(words.body)} & texts - {""}
        or claimed_first.get(_claims_of(words.revision)) == by.pk
    }


def _first_authors() -> dict[Any, int | None]:
    """For all claims, the author of the first revision that had them; those after it took them over."""
    replaced: dict[int, list[OverwrittenWords]] = defaultdict(list)
    for words in OverwrittenWords.objects.only("revision", "claim_strength", "sources", "newest_revision"):
        replaced[words.revision_id].append(words)
    made: list[tuple[tuple[int, int], Any, int | None]] = []  # when, which, by whom
    for revision in Revision.objects.order_by("pk"):
        earlier = replaced[revision.pk]
        claims = [_claims(revision.message_id, words.claim_strength, words.sources) for words in earlier]
        # The first claims came with the revision, each of the others as those before were replaced.
        since = [(revision.pk, 0), *((words.newest_revision, words.pk) for words in earlier)]
        made += [
            (when, which, revision.author_id)
            for when, which in zip(since, [*claims, _claims_of(revision)], strict=True)
        ]
    authors: dict[Any, int | None] = {None: None}
    for _when, which, author in sorted(made, key=lambda claim: claim[0]):
        authors.setdefault(which, author)
    return authors


def _claims_of(revision: Revision) -> Any:
    return _claims(revision.message_id, revision.claim_strength, revision.sources)


def _claims(message_id: int, strength: str, sources: Sequence[object]) -> Any:
    """Claims as a key: their sources wherever they stand; without any, a strength within its message."""
    if sources:
        return frozenset(_as_read(str(source)) for source in sources)
    if strength == ClaimStrength.NONE:
        return None
    return message_id, strength


def _as_read(text: str) -> str:
    """A text without what its readers do not see: invisible characters, kinds of spaces and of line endings, case."""
    plain = "".join(char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf")
    return " ".join(plain.casefold().split())
