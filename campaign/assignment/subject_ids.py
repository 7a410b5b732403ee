"""PURE  A partner's opaque subject: its arm and its nonce under a secret that is destroyed when the campaign closes.

    ticket  = first 8 bytes of HMAC-SHA-256(secret, "arm:" + key), spread over the weights as arm_hash does
    nonce   = first 16 bytes of HMAC-SHA-256(secret, "nonce:" + day + ":" + key)

A subject meets one message throughout a campaign and counts once a day: its nonce changes with the day, because
nothing is kept that would know it again after its views were counted. Without the secret, neither the key nor a link
between two days or two campaigns can be found, even by who holds the list of keys.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Sequence

from campaign.assignment.arm_hash import arm_at

DAY_HOURS = 24
# Shown just before midnight, a message can still be answered for an hour.
GRACE_HOURS = 1
_PHONE = re.compile(r"[+(]?[0-9][0-9 ()./-]{5,}[0-9]")
_PHONE_DIGITS = range(7, 16)


def looks_like_contact_detail(key: str) -> bool:
    """Whether a key looks like an e-mail address or a phone number, which must never be sent.

    Written out in wide letters, as a link or as part of one, it is the same. A number of 7 to 15 digits may be a phone.

    >>> [names_a_person(key) for key in ("ana@example.org", "+49 151 2345678", "7f3a9c52e1", "u-20261124-17")]
    [True, True, False, False]
    >>> [names_a_person(key) for key in ("ana%40example.org", "ana＠example.org", "tel:+491512345678")]
    [True, True, True]
    """
    plain = key if key.isascii() else unicodedata.normalize("NFKC", key)
    if "@" in plain or "%40" in plain:
        return True
    number = plain.strip().lower().removeprefix("tel:")
    return bool(_PHONE.fullmatch(number)) and sum(map(str.isdigit, number)) in _PHONE_DIGITS


def arm_for(key: str, secret: bytes, weights: Sequence[int]) -> int:
    """The index of the subject's arm, the same throughout the campaign."""
    return arm_at(_mac(secret, f"arm:{key}")[:8], weights)


def nonce(key: str, secret: bytes, *, hour: int) -> bytes:
    """The subject's replay key on the UTC day of `hour` (since 1970): the same all day, another tomorrow."""
    return _mac(secret, f"nonce:{hour // DAY_HOURS}:{key}")[:16]


def receipt_window(hour: int) -> tuple[int, int]:
    """The hour a subject's receipts of this day are dated, and the hour they close: the same all day."""
    start = hour - hour % DAY_HOURS
    return start, start + DAY_HOURS + GRACE_HOURS


def _mac(secret: bytes, text: str) -> bytes:
    return hmac.digest(secret, text.encode(), hashlib.sha256)
