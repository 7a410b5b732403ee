"""Create, rotate and destroy keys, each recorded in the audit log in the same transaction.

What cannot be recorded is not destroyed, and what cannot be destroyed is not recorded. The exception is a crash in the
milliseconds between the change of the file and the commit. Keys that a server creates on first use have no entry.
"""

from collections.abc import Callable
from pathlib import Path

from django.contrib.auth.models import User
from django.db import transaction

from campaign.keys import rotation, store
from campaign.keys.inventory import KeyInfo
from campaign.keys.store import ReceiptKeyFile
from campaign.lifecycle import secret_destruction
from campaign.lifecycle.actions import record_campaign_action
from campaign.models import Campaign
from messages.audit import log
from messages.secret_files import destroy_secret_file


@transaction.atomic
def create_receipt_key(directory: Path, *, by: User | str) -> None:
    """Create the first receipt key."""
    store.receipt_keys(directory)
    _record(log.Action.KEY_CREATE, store.receipt_key_files(directory)[0].title, by)


@transaction.atomic
def create_subject_secret(directory: Path, campaign: Campaign, *, by: User | str) -> None:
    """Create the secret under which a campaign's subjects are assigned."""
    store.subject_secret(directory, campaign.pk)
    record_campaign_action(log.Action.SUBJECTS_CREATE, campaign, by=by)


@transaction.atomic
def rotate_receipt_key(
    directory: Path, *, clock: Callable[[], float], lead_seconds: float, by: User | str
) -> ReceiptKeyFile:
    """Create a receipt key that signs `lead_seconds` after the transaction began."""
    key = rotation.rotate_receipt_key(directory, now=clock(), lead_seconds=lead_seconds)
    _record(log.Action.KEY_ROTATE, key.title, by, signs_from=rotation.format_utc(key.signs_from))
    return key


@transaction.atomic
def destroy_receipt_key(directory: Path, key: ReceiptKeyFile, *, by: User | str) -> bool:
    """Destroy one receipt key; whether it still existed."""
    if not key.path.exists():
        return False
    _record(log.Action.KEY_DESTROY, key.title, by)
    return destroy_secret_file(directory, key.path.name)


@transaction.atomic
def destroy_unknown_secret(directory: Path, number: int, *, by: User | str) -> None:
    """Destroy the secret of a campaign that this database does not know."""
    _record(log.Action.KEY_DESTROY, f"campaign-{number}", by)
    store.destroy_subject_secret(directory, number)


def destroy_key(directory: Path, key: KeyInfo, *, by: User | str) -> bool:
    """Destroy a key of any kind; whether it still existed. The caller checks what depends on it."""
    if key.receipt_key is not None:
        return destroy_receipt_key(directory, key.receipt_key, by=by)
    if key.campaign is not None:
        return secret_destruction.destroy_campaign_secret(key.campaign, by=by)
    if key.campaign_id not in store.campaigns_with_subject_secret(directory):
        return False
    destroy_unknown_secret(directory, key.campaign_id, by=by)
    return True


def destroy_unneeded_receipt_keys(directory: Path, *, now: float, by: User | str) -> list[int]:
    """Destroy the receipt keys whose receipts have all closed; their numbers."""
    return [
        key.number
        for key in rotation.unneeded_receipt_keys(directory, now=now)
        if destroy_receipt_key(directory, key, by=by)
    ]


def _record(action: log.Action, name: str, by: User | str, **detail: str) -> None:
    log.record(action, by=by, kind=log.ObjectKind.KEY, ref=name, label=name, **detail)
