"""Who wrote a rendition: authorship follows the words, in whatever message, revision or language they stand.

It outlasts them: what its author has overwritten since may stand elsewhere, where a colleague took it over. It outlasts
the rows that name an author, too: the audit record says who saved which words.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any

from django.contrib.auth.models import AbstractUser, User
from django.db.models import Q

from messages.audit import log
from messages.audit.verification import genuine_entries_by
from messages.audit.verified_before import verified_before
from messages.models import AuditEntry, ClaimStrength, OverwrittenWords, Rendition, Revision

_WRITING = (log.Action.WORDS_WRITE, log.Action.WORDS_TRANSLATE)
_TEXTS = "texts"  # of an entry: digests of the headline and of the body as they are read


def record_writing(rendition: Rendition, *, by: AbstractUser, took_over: bool = False) -> None:
    """Put on record who saved these words; `took_over`: only their claims are new, and the words are of somebody else.

    Whoever made the revision wrote it, and others translated it.
    """
    is_translation = rendition.revision.author_id != by.pk
    action = log.Action.WORDS_TRANSLATE if is_translation else log.Action.WORDS_WRITE
    texts = {} if took_over else {_TEXTS: " ".join(map(_digest_as_read, (rendition.headline, rendition.body)))}
    log.record_rendition(action, rendition, by=by, words=rendition.words_digest(), **texts)


def is_writing_recorded(rendition: Rendition) -> bool:
    """Whether the record holds that somebody saved exactly these words, or that they were approved before."""
    key, digest = rendition.revision.message.key, rendition.words_digest()
    entries = genuine_entries_by(
        log.ObjectKind.MESSAGE,
        [key],
        (*_WRITING, log.Action.WORDS_APPROVE),
        key=lambda entry: (entry.detail.get("locale"), entry.detail.get("words")),
    )
    return entries.get((rendition.locale, digest)) is not None


def authors_of_revisions(revisions: Iterable[int]) -> dict[int, set[int]]:
    """Return by revision the primary keys of who wrote a part of it, in any language; each revision has an entry."""
    written: dict[int, set[int]] = {number: set() for number in revisions}
    rows = Rendition.objects.filter(revision__in=written).select_related("revision__message")
    parts: dict[tuple[str, int], int] = {}
    for words in rows:
        written[words.revision_id] |= {words.author_id, words.revision.author_id} - {None}  # type: ignore[arg-type]
        parts[words.revision.message.key, words.revision.number] = words.revision_id
    names: dict[str, set[int]] = defaultdict(set)
    entries = AuditEntry.objects.filter(kind=log.ObjectKind.MESSAGE, action__in=_WRITING)
    for key, actor, detail in entries.filter(ref__in={key for key, _number in parts}).values_list(
        "ref", "actor", "detail"
    ):
        if (revision := parts.get((key, detail.get("revision")))) is not None:
            names[actor].add(revision)
    for user in User.objects.filter(username__in=names):
        for revision in names[user.get_username()]:
            written[revision].add(user.pk)
    return written


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
    claimed_first, (parts, recorded) = _claimed_first(by.pk), _recorded_writing(by)
    return {
        words.pk
        for words in asked
        if by.pk in (words.author_id, words.revision.author_id)
        or {_as_read(words.headline), _as_read(words.body)} & texts - {""}
        or _claims_of(words.revision) in claimed_first
        or {(*_revision_key(words), None), (*_revision_key(words), words.locale)} & parts
        or {_digest_as_read(words.headline), _digest_as_read(words.body)} & recorded
    }


def _recorded_writing(by: User) -> tuple[set[tuple[Any, ...]], set[str]]:
    """What the record says that a person wrote: revisions, languages of revisions, and the digests of texts."""
    entries = AuditEntry.objects.filter(kind=log.ObjectKind.MESSAGE, action__in=_WRITING, actor=by.get_username())
    parts: set[tuple[Any, ...]] = set()
    digests: set[str] = set()
    for key, action, detail in entries.values_list("ref", "action", "detail"):
        locale = detail.get("locale") if action == log.Action.WORDS_TRANSLATE else None
        parts.add((key, detail.get("revision"), locale))
        digests |= set(str(detail.get(_TEXTS, "")).split())
    return parts, digests - {_digest_as_read("")}


def _revision_key(words: Rendition) -> tuple[str, int]:
    return words.revision.message.key, words.revision.number


@verified_before
def _claimed_first(by: int) -> frozenset[Any]:
    """The claims of which a user made the first revision that had them; those after it took them over."""
    replaced: dict[int, list[OverwrittenWords]] = defaultdict(list)
    for words in OverwrittenWords.objects.only("revision", "claim_strength", "sources", "newest_revision"):
        replaced[words.revision_id].append(words)
    made: list[tuple[tuple[int, int], Any, int | None]] = []  # when, which, by whom
    revisions = Revision.objects.order_by("pk")  # all there are: as values, without an object of each
    for number, message, strength, sources, author in revisions.values_list(
        "pk", "message_id", "claim_strength", "sources", "author_id"
    ):
        earlier = replaced.get(number, ())
        claims = [_claims(message, words.claim_strength, words.sources) for words in earlier]
        # The first claims came with the revision, each of the others as those before were replaced.
        since = [(number, 0), *((words.newest_revision, words.pk) for words in earlier)]
        now = _claims(message, strength, sources)
        made += [(when, which, author) for when, which in zip(since, [*claims, now], strict=True)]
    authors: dict[Any, int | None] = {None: None}
    for _when, which, first in sorted(made, key=lambda claim: claim[0]):
        authors.setdefault(which, first)
    return frozenset(which for which, first in authors.items() if first == by)


def _claims_of(revision: Revision) -> Any:
    return _claims(revision.message_id, revision.claim_strength, revision.sources)


def _claims(message_id: int, strength: str, sources: Sequence[object]) -> Any:
    """Claims as a key: their sources wherever they stand; without any, a strength within its message."""
    if sources:
        return frozenset(_as_read(str(source)) for source in sources)
    if strength == ClaimStrength.NONE:
        return None
    return message_id, strength


def _digest_as_read(text: str) -> str:
    return sha256(_as_read(text).encode()).hexdigest()[:32]


@lru_cache(maxsize=4096)
def _as_read(text: str) -> str:
    """A text without what its readers do not see: invisible characters, kinds of spaces and of line endings, case."""
    plain = "".join(char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf")
    return " ".join(plain.casefold().split())
