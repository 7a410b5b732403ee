"""Who wrote a rendition: authorship follows the words, in whatever message, revision or language they stand."""

import unicodedata
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q

from messages.models import ClaimStrength, Rendition, Revision


def is_own(rendition: Rendition, by: User) -> bool:
    """Whether a user wrote the rendition, or part of it."""
    return rendition.pk in own_rendition_ids([rendition], by)


def own_rendition_ids(renditions: Iterable[Rendition], by: User) -> set[int]:
    """The renditions of which a user wrote the headline, the body or the claims, whoever saved them here.

    A text is of everybody who saved it anywhere, so that copying and importing free nobody. Claims are of who made them
    first, because each edit takes them over. The note is for colleagues, and no part of the claims.
    """
    asked = list(renditions)
    if not asked:
        return set()
    written = Rendition.objects.filter(Q(author=by) | Q(author=None, revision__author=by))
    texts = {_as_read(text) for words in written.values_list("headline", "body") for text in words}
    claimed_first = _first_authors()
    return {
        words.pk
        for words in asked
        if by.pk in (words.author_id, words.revision.author_id)
        or {_as_read(words.headline), _as_read(words.body)} & texts - {""}
        or claimed_first.get(_claims(words.revision)) == by.pk
    }


def _first_authors() -> dict[Any, int | None]:
    """For all claims, the author of the first revision that has them; those after it took them over."""
    authors: dict[Any, int | None] = {None: None}
    for revision in Revision.objects.order_by("pk"):
        authors.setdefault(_claims(revision), revision.author_id)
    return authors


def _claims(revision: Revision) -> Any:
    """What a revision claims, as a key: its sources wherever they stand; without any, a strength within its message."""
    if revision.sources:
        return frozenset(_as_read(str(source)) for source in revision.sources)
    if revision.claim_strength == ClaimStrength.NONE:
        return None
    return revision.message_id, revision.claim_strength


def _as_read(text: str) -> str:
    """A text without what its readers do not see: invisible characters, kinds of spaces and of line endings, case."""
    plain = "".join(char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf")
    return " ".join(plain.casefold().split())
