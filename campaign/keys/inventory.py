"""Inventory of the key directory: the state of each key, until when it is needed, and what depends on it."""

import math
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from campaign.assignment.receipts import SECONDS_PER_HOUR
from campaign.keys import rotation, store
from campaign.keys.store import ReceiptKeyFile
from campaign.models import Campaign

_SITE_KEYS = ("audit", "django", "results", "second-factor")


class KeyState(StrEnum):
    """What a key does now."""

    WAITS = "waits"  # a receipt key that verifies and will sign later
    SIGNS = "signs"
    VERIFIES = "verifies"  # open messages depend on it until a known time
    VERIFIES_WITHOUT_END = "no end"  # the same, until an unknown time
    UNNEEDED = "unneeded"  # an old receipt key, or the secret of a closed campaign
    IN_USE = "in use"  # the secret of a campaign that is not closed
    UNKNOWN = "unknown"  # the secret of a campaign that this database does not know
    SITE_KEY = "the site's"  # not destroyed here: sessions or second factors depend on it


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """One key file, without its bytes. `hours_at_risk`: for how long destroying it would lose outcomes."""

    name: str
    state: KeyState
    age_days: int
    receipt_key: ReceiptKeyFile | None = None
    needed_until: int | None = None
    hours_at_risk: int | None = None
    campaign_id: int = 0
    campaign: Campaign | None = None

    @property
    def is_destroyable(self) -> bool:
        return self.state not in (KeyState.SIGNS, KeyState.SITE_KEY)

    @property
    def is_needed(self) -> bool:
        """Whether destroying it would lose something."""
        return self.is_destroyable and self.state not in (KeyState.WAITS, KeyState.UNNEEDED)


def list_keys(directory: Path, *, now: float) -> list[KeyInfo]:
    """Receipt keys in order of signing, then the secrets of campaigns, then the site's own keys."""
    keys = store.receipt_key_files(directory)
    numbers = store.campaigns_with_subject_secret(directory)
    campaigns = Campaign.objects.in_bulk(numbers)
    others = [name for name in _SITE_KEYS if (directory / f"{name}.key").exists()]
    return [
        *(_receipt_key_info(key, keys, now) for key in keys),
        *(_secret_info(directory, number, campaigns.get(number), now) for number in numbers),
        *(KeyInfo(name, KeyState.SITE_KEY, _age_in_days(directory / f"{name}.key", now)) for name in others),
    ]


def _receipt_key_info(key: ReceiptKeyFile, keys: list[ReceiptKeyFile], now: float) -> KeyInfo:
    until = rotation.needed_until(key, keys)
    if key == rotation.signing_key(keys, now=now):
        state = KeyState.SIGNS
    elif key.signs_from > now:
        state = KeyState.WAITS
    elif until is None:
        state = KeyState.VERIFIES_WITHOUT_END
    else:
        state = KeyState.VERIFIES if until > now else KeyState.UNNEEDED
    hours = math.ceil((until - now) / SECONDS_PER_HOUR) if until is not None and state == KeyState.VERIFIES else None
    return KeyInfo(
        key.title, state, _age_in_days(key.path, now), receipt_key=key, needed_until=until, hours_at_risk=hours
    )


def _secret_info(directory: Path, number: int, campaign: Campaign | None, now: float) -> KeyInfo:
    if campaign is None:
        state = KeyState.UNKNOWN
    else:
        state = KeyState.UNNEEDED if campaign.state == Campaign.State.CLOSED else KeyState.IN_USE
    name = f"campaign-{number}"
    return KeyInfo(name, state, _age_in_days(directory / f"{name}.key", now), campaign_id=number, campaign=campaign)


def _age_in_days(path: Path, now: float) -> int:
    """The age of the file; 0 if it was deleted meanwhile."""
    try:
        return max(int((now - path.stat().st_mtime) / 86_400), 0)
    except FileNotFoundError:
        return 0
