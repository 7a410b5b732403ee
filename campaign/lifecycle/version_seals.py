"""Seals of the versions of a draft: who holds the database can insert a row, and not seal it.

A seal is of the whole row and of the seal before it, so that none can be taken out, put between or changed.
"""

from collections.abc import Iterable

from campaign.lifecycle.frozen_plan import canonical_json, fingerprint_of
from campaign.models import DraftVersion
from messages.audit import log, signed_head

_KIND = "draft version"


def seal_version(version: DraftVersion, *, previous: DraftVersion | None) -> None:
    """Set the seal of a version that follows another one; the caller saves it."""
    log.begin_signing()
    version.seal = signed_head.seal(_digest(version, previous.seal if previous else ""), of=_KIND)


def are_sealed(versions: Iterable[DraftVersion]) -> bool:
    """Whether this program recorded each of these versions, given in order from the first, and nothing is missing."""
    versions = list(versions)
    is_whole = [version.number for version in versions] == list(range(1, len(versions) + 1))
    return is_whole and signed_head.is_sealed_chain(versions, _digest, of=_KIND)


def _digest(version: DraftVersion, seal_before: str) -> str:
    row = {
        "campaign": version.campaign_id,
        "number": version.number,
        "by": version.by_id,
        "content": version.content,
        "put_back": version.put_back,
        "before": seal_before,
    }
    return fingerprint_of(canonical_json(row))
