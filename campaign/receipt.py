"""The receipt: a signed, expiring note that goes out with a message and comes back with each outcome.

It names the arm that was shown, never a person. 103 characters, URL-safe base64 without padding, of

    key number      1 byte      which key of the ring signed it
    campaign        4 bytes     big-endian
    arm             4 bytes     big-endian
    placement       4 bytes     big-endian
    issue hour      4 bytes     whole hours since 1970-01-01 00:00 UTC: no finer time exists anywhere
    closing hour    4 bytes     the receipt is valid until this hour begins
    locale          8 bytes     ASCII, padded with zero bytes
    nonce          16 bytes     random; the replay key
    HMAC-SHA-256   32 bytes     over everything before it
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import NamedTuple

_NOTE = struct.Struct(">BIIIII8s16s")
_MAC_BYTES = 32
LENGTH = -(-(_NOTE.size + _MAC_BYTES) * 4 // 3)
SECONDS_PER_HOUR = 3600


class ReceiptInvalid(Exception):
    """The receipt is malformed, forged, or signed by a key that this installation does not hold."""


class ReceiptExpired(Exception):
    """The receipt was genuine, and its window has closed."""


class Receipt(NamedTuple):
    """What a receipt says: which arm was shown where, in which hour, under which random nonce."""

    campaign: int
    arm: int
    placement: int
    hour: int
    closes: int
    locale: str
    nonce: bytes


class ReceiptOffice:
    """Signs and verifies receipts under a ring of keys; the highest key number signs."""

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        if not keys or not all(0 <= number <= 255 for number in keys):
            raise ValueError("a key ring holds at least one key, numbered 0 to 255")
        self._signing = max(keys)
        # A keyed object is copied per receipt: keying costs more than signing.
        self._keyed = {number: hmac.new(key, digestmod=hashlib.sha256) for number, key in keys.items()}

    def issue(self, receipt: Receipt) -> str:
        """The signed note for one shown message."""
        note = _NOTE.pack(
            self._signing,
            receipt.campaign,
            receipt.arm,
            receipt.placement,
            receipt.hour,
            receipt.closes,
            receipt.locale.encode("ascii"),
            receipt.nonce,
        )
        signer = self._keyed[self._signing].copy()
        signer.update(note)
        return urlsafe_b64encode(note + signer.digest()).rstrip(b"=").decode("ascii")

    def verify(self, text: str, *, hour: int) -> Receipt:
        """What the note says, or ReceiptInvalid, or ReceiptExpired once the closing hour has begun."""
        receipt = self._open(text)
        if hour >= receipt.closes:
            raise ReceiptExpired
        return receipt

    def _open(self, text: str) -> Receipt:
        if len(text) != LENGTH:
            raise ReceiptInvalid
        try:
            raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-LENGTH % 4))
        except (Base64Error, ValueError):
            raise ReceiptInvalid from None
        # Decoding forgives stray characters and unused bits; only the one canonical text is genuine.
        if len(raw) != _NOTE.size + _MAC_BYTES or urlsafe_b64encode(raw).rstrip(b"=") != text.encode("ascii"):
            raise ReceiptInvalid
        note, mac = raw[: _NOTE.size], raw[_NOTE.size :]
        keyed = self._keyed.get(note[0])
        if keyed is None:
            raise ReceiptInvalid
        signer = keyed.copy()
        signer.update(note)
        if not hmac.compare_digest(signer.digest(), mac):
            raise ReceiptInvalid
        _, campaign, arm, placement, hour, closes, locale, nonce = _NOTE.unpack(note)
        return Receipt(campaign, arm, placement, hour, closes, locale.rstrip(b"\0").decode("ascii"), nonce)


def closing_hour(hour: int, life_hours: int) -> int:
    """The hour at whose beginning a receipt issued in `hour` has lived for at least `life_hours`."""
    return hour + 1 + life_hours
