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
import os
import struct
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from hashlib import _Hash

    Keyed = tuple[_Hash, _Hash]

_NOTE = struct.Struct(">BIIIII8s16s")
_FACTS = struct.Struct(">III")
_BEGUN = struct.Struct(">B12sII8s16s")  # the same, with the facts that are packed already
_MAC_BYTES = 32
RECEIPT_LENGTH = -(-(_NOTE.size + _MAC_BYTES) * 4 // 3)
SECONDS_PER_HOUR = 3600
_PADDING = b"=" * (-RECEIPT_LENGTH % 4)
# From the URL-safe alphabet to the standard one, whose own two characters become what is in neither.
_TO_STANDARD = bytes.maketrans(b"-_+/", b"+/!!")
_TO_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_BLOCK = 64
_INNER, _OUTER = bytes(byte ^ 0x36 for byte in range(256)), bytes(byte ^ 0x5C for byte in range(256))


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


class ReceiptSigner:
    """Signs and verifies receipts under a ring of keys; unless told which, the highest key number signs.

    `look_again` is called before a receipt is refused because its key is not on the ring, and may renew the ring.
    """

    def __init__(
        self,
        keys: Mapping[int, bytes],
        *,
        signing_number: int | None = None,
        on_unknown_key: Callable[[int], None] = lambda number: None,
    ) -> None:
        self._look_again = on_unknown_key
        self.replace_keys(keys, signing_number=signing_number)

    def replace_keys(self, keys: Mapping[int, bytes], *, signing_number: int | None = None) -> None:
        """From here on this is the ring. Other threads may sign and verify meanwhile."""
        if not keys or not all(0 <= number <= 255 for number in keys):
            raise ValueError("a key ring holds at least one key, numbered 0 to 255")
        keyed = {number: _keyed(key) for number, key in keys.items()}
        number = max(keys) if signing_number is None else signing_number
        self._keyed = keyed
        self._signing = (number, keyed[number])

    def issue(self, receipt: Receipt) -> str:
        """The signed note for one shown message."""
        packed = pack_ids(campaign=receipt.campaign, arm=receipt.arm, placement=receipt.placement)
        return self.sign(packed, receipt.hour, receipt.closes, receipt.locale, receipt.nonce).decode("ascii")

    def sign(self, facts: bytes, hour: int, closes: int, locale: str, nonce: bytes) -> bytes:
        """The same, as ASCII, from what `facts` packed and the rest: serving makes one for each message, without a
        Receipt."""
        number, keyed = self._signing
        note = _BEGUN.pack(number, facts, hour, closes, locale.encode("ascii"), nonce)
        return b2a_base64(note + _mac(keyed, note), newline=False).translate(_TO_URL_SAFE, b"=")

    def verify(self, text: str, *, hour: int) -> Receipt:
        """What the note says, or ReceiptInvalid, or ReceiptExpired once the closing hour has begun."""
        receipt = self._open(text)
        if hour >= receipt.closes:
            raise ReceiptExpired
        return receipt

    def _open(self, text: str) -> Receipt:
        if len(text) != RECEIPT_LENGTH:
            raise ReceiptInvalid
        try:
            encoded = text.encode("ascii").translate(_TO_STANDARD) + _PADDING
            raw = a2b_base64(encoded)
        except (Base64Error, ValueError):
            raise ReceiptInvalid from None
        # Decoding forgives stray characters and unused bits; only the one canonical text is genuine.
        if len(raw) != _NOTE.size + _MAC_BYTES or b2a_base64(raw, newline=False) != encoded:
            raise ReceiptInvalid
        note = raw[: _NOTE.size]
        keyed = self._keyed.get(note[0])
        if keyed is None:
            self._look_again(note[0])
            keyed = self._keyed.get(note[0])
        if keyed is None or not hmac.compare_digest(_mac(keyed, note), raw[_NOTE.size :]):
            raise ReceiptInvalid
        _, campaign, arm, placement, hour, closes, locale, nonce = _NOTE.unpack(note)
        return Receipt(campaign, arm, placement, hour, closes, locale.rstrip(b"\0").decode("ascii"), nonce)


_ready: list[bytes] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_ready.clear)  # a child must not sign what its parent signs


def fresh_nonce() -> bytes:
    """16 random bytes that were never used: the system is asked for 256 at a time, as each question costs a third of
    what signing does. Any thread may ask."""
    while True:
        try:
            return _ready.pop()
        except IndexError:
            drawn = os.urandom(256 * 16)
            _ready.extend(drawn[start : start + 16] for start in range(0, len(drawn), 16))


def pack_ids(*, campaign: int, arm: int, placement: int) -> bytes:
    """What all receipts of one arm at one placement have in common, as their bytes."""
    return _FACTS.pack(campaign, arm, placement)


def unpack_ids(packed: bytes) -> tuple[int, int, int]:
    """Campaign, arm and placement, of what `facts` packed."""
    campaign, arm, placement = _FACTS.unpack(packed)
    return campaign, arm, placement


def _keyed(key: bytes) -> Keyed:
    """HMAC's two hashes with the key already in (RFC 2104): copied for each receipt, since keying costs more."""
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    return hashlib.sha256(block.translate(_INNER)), hashlib.sha256(block.translate(_OUTER))


def _mac(keyed: Keyed, note: bytes) -> bytes:
    inner, outer = keyed[0].copy(), keyed[1].copy()
    inner.update(note)
    outer.update(inner.digest())
    return outer.digest()


def closing_hour(hour: int, life_hours: int) -> int:
    """The hour at whose beginning a receipt issued in `hour` has lived for at least `life_hours`."""
    return hour + 1 + life_hours
