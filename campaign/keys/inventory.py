"""What the key directory holds, in facts: what each key does now, until when, and what destroying it would do.

`manage.py keys` and the page of the keys say the same of it, each in its own words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from campaign.assignment.receipts import SECONDS_PER_HOUR
from campaign.keys import store
from campaign.keys.store import ReceiptKey
from campaign.models import Campaign

_OTHERS = ("django", "second-factor")


class State(StrEnum):
    """What a key does now."""

    WAITS = "waits"  # a receipt key that verifies, and signs later
    SIGNS = "signs"
    VERIFIES = "verifies"  # open messages depend on it until a known time
    NO_END = "no end"  # the same, and nothing tells until when
    UNNEEDED = "unneeded"  # a receipt key, or the secret of a closed campaign
    IN_USE = "in use"  # the secret of a campaign that is not closed
    UNKNOWN = "unknown"  # the secret of a campaign that this database does not know
    THE_SITES = "the site's"  # not destroyed here: sessions, or second factors, hang on it


@dataclass(frozen=True, slots=True)
class KeptKey:
    """One file of the directory, without its bytes; `hours`: for how long its destruction would be felt."""

    name: str
    state: State
    days: int
    receipt: ReceiptKey | None = None
    until: int | None = None
    hours: int | None = None
    number: int = 0  # of the campaign
    campaign: Campaign | None = None

    @property
    def may_go(self) -> bool:
        return self.state not in (State.SIGNS, State.THE_SITES)

    @property
    def is_missed(self) -> bool:
        """Whether something depends on it that is lost with it."""
        return self.may_go and self.state not in (State.WAITS, State.UNNEEDED)


def kept(directory: Path, *, now: float) -> list[KeptKey]:
    """Receipt keys in the order in which they sign, then the secrets of campaigns, then the site's own."""
    keys = store.receipt_key_files(directory)
    numbers = store.subject_secrets(directory)
    campaigns = Campaign.objects.in_bulk(numbers)
    others = [name for name in _OTHERS if (directory / f"{name}.key").exists()]
    return [
        *(_receipt(key, keys, now) for key in keys),
        *(_secret(directory, number, campaigns.get(number), now) for number in numbers),
        *(KeptKey(name, State.THE_SITES, _days(directory / f"{name}.key", now)) for name in others),
    ]


def _receipt(key: ReceiptKey, keys: list[ReceiptKey], now: float) -> KeptKey:
    until = store.needed_until(key, keys)
    if key == store.signing(keys, now=now):
        state = State.SIGNS
    elif key.signs_from > now:
        state = State.WAITS
    elif until is None:
        state = State.NO_END
    else:
        state = State.VERIFIES if until > now else State.UNNEEDED
    hours = math.ceil((until - now) / SECONDS_PER_HOUR) if until is not None and state == State.VERIFIES else None
    return KeptKey(key.title, state, _days(key.path, now), receipt=key, until=until, hours=hours)


def _secret(directory: Path, number: int, campaign: Campaign | None, now: float) -> KeptKey:
    if campaign is None:
        state = State.UNKNOWN
    else:
        state = State.UNNEEDED if campaign.state == Campaign.State.CLOSED else State.IN_USE
    name = f"campaign-{number}"
    return KeptKey(name, state, _days(directory / f"{name}.key", now), number=number, campaign=campaign)


def _days(path: Path, now: float) -> int:
    """How old it is; 0 as well if it went away meanwhile."""
    try:
        return max(int((now - path.stat().st_mtime) / 86_400), 0)
    except FileNotFoundError:
        return 0
