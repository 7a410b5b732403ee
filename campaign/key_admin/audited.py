"""Keys made, rotated and destroyed, each on the audit record in the transaction in which it is done.

What cannot be put on record is not destroyed, and what cannot be destroyed is not on record. A crash between the file's
end and the transaction's, a few milliseconds, is the exception. Nor is there an entry for keys that a server makes at
its first use of them, which may be while the database is away.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.contrib.auth.models import User
from django.db import transaction

from campaign.keys import rotation, store
from campaign.keys.inventory import KeyInfo
from campaign.keys.store import ReceiptKeyFile
from campaign.lifecycle import transitions
from campaign.models import Campaign
from messages.audit import log


@transaction.atomic
def create_receipt_key(directory: Path, *, by: User | str) -> None:
    """The first one."""
    store.receipt_keys(directory)
    _record(log.Action.KEY_CREATE, store.receipt_key_files(directory)[0].title, by)


@transaction.atomic
def create_subject_secret(directory: Path, campaign: Campaign, *, by: User | str) -> None:
    """The secret of a campaign's subjects."""
    store.subject_secret(directory, campaign.pk)
    transitions.record_campaign_action(log.Action.SUBJECTS_CREATE, campaign, by=by)


@transaction.atomic
def rotate_receipt_key(
    directory: Path, *, clock: Callable[[], float], lead_seconds: float, by: User | str
) -> ReceiptKeyFile:
    """A new receipt key that signs `ahead` seconds from now: from when the database let us begin, not from before."""
    key = rotation.rotate_receipt_key(directory, now=clock(), lead_seconds=lead_seconds)
    _record(log.Action.KEY_ROTATE, key.title, by, signs_from=rotation.format_utc(key.signs_from))
    return key


@transaction.atomic
def destroy_receipt_key(directory: Path, key: ReceiptKeyFile, *, by: User | str) -> bool:
    """One receipt key; whether it was still there."""
    if not key.path.exists():
        return False
    _record(log.Action.KEY_DESTROY, key.title, by)
    return store.destroy_secret_file(directory, key.path.name)


@transaction.atomic
def destroy_unknown_secret(directory: Path, number: int, *, by: User | str) -> None:
    """A secret of a campaign that this database does not know."""
    _record(log.Action.KEY_DESTROY, f"campaign-{number}", by)
    store.destroy_subject_secret(directory, number)


def destroy_key(directory: Path, kept: KeyInfo, *, by: User | str) -> bool:
    """Whichever kind of key it is; whether it was still there. What depends on it is the caller's to judge."""
    if kept.receipt_key is not None:
        return destroy_receipt_key(directory, kept.receipt_key, by=by)
    if kept.campaign is not None:
        return transitions.destroy_campaign_secret(kept.campaign, by=by)
    if kept.campaign_id not in store.campaigns_with_subject_secret(directory):
        return False
    destroy_unknown_secret(directory, kept.campaign_id, by=by)
    return True


def destroy_unneeded_receipt_keys(directory: Path, *, now: float, by: User | str) -> list[int]:
    """The receipt keys of which no receipt can be open any more; their numbers."""
    return [
        key.number
        for key in rotation.unneeded_receipt_keys(directory, now=now)
        if destroy_receipt_key(directory, key, by=by)
    ]


def _record(action: log.Action, name: str, by: User | str, **detail: str) -> None:
    log.record(action, by=by, kind=log.ObjectKind.KEY, ref=name, label=name, **detail)
