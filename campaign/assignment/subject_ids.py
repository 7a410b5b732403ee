"""PURE  A partner's opaque subject: its arm and its nonce under a secret that is destroyed when the campaign closes.

    position = first 8 bytes of HMAC-SHA-256(secret, "arm:" + key), mapped to an arm as in arm_hash
    nonce    = first 16 bytes of HMAC-SHA-256(secret, "nonce:" + day + ":" + key)

A subject is shown one message throughout a campaign and counts once a day. Its nonce changes with the day, because
nothing that identifies it is kept after its views were counted. Without the secret, neither the key nor a link between
two days or two campaigns can be found, even with the list of keys.
"""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Sequence

from campaign.assignment.arm_hash import arm_at

DAY_HOURS = 24
# A message that is shown just before midnight can be answered for another hour.
GRACE_HOURS = 1
_PHONE = re.compile(r"[+(]?[0-9][0-9 ()./-]{5,}[0-9]")
_PHONE_DIGITS = range(7, 16)


def looks_like_contact_detail(key: str) -> bool:
    """Whether a key looks like an e-mail address or a phone number, which must never be sent.

    Full-width letters and links (tel:) are recognised too. A number of 7 to 15 digits may be a phone number.

    >>> [looks_like_contact_detail(key) for key in ("ana@example.org", "+49 151 2345678", "7f3a9c", "u-20261124-17")]
    [True, True, False, False]
    >>> [looks_like_contact_detail(key) for key in ("ana%40example.org", "ana＠example.org", "tel:+491512345678")]
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
    """The subject's replay key on the UTC day of `hour` (hours since 1970)."""
    return _mac(secret, f"nonce:{hour // DAY_HOURS}:{key}")[:16]


def receipt_window(hour: int) -> tuple[int, int]:
    """The issue hour and the closing hour of a subject's receipts, the same for the whole UTC day."""
    start = hour - hour % DAY_HOURS
    return start, start + DAY_HOURS + GRACE_HOURS


def _mac(secret: bytes, text: str) -> bytes:
    return hmac.digest(secret, text.encode(), hashlib.sha256)
