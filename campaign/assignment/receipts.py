"""The receipt: a signed, expiring note that goes out with a message and comes back with each outcome.

It names the arm that was shown, never a person. 103 characters, URL-safe base64 without padding, of

    key number      1 byte      which key of the ring signed it
    campaign        4 bytes     big-endian
    arm             4 bytes     big-endian
    placement       4 bytes     big-endian
    issue hour      4 bytes     whole hours since 1970-01-01 00:00 UTC: no finer time is stored anywhere
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

    KeyedHashes = tuple[_Hash, _Hash]

_CONTENT = struct.Struct(">BIIIII8s16s")
_IDS = struct.Struct(">III")
_CONTENT_WITH_IDS = struct.Struct(">B12sII8s16s")  # the same, with the ids already packed
_MAC_BYTES = 32
RECEIPT_LENGTH = -(-(_CONTENT.size + _MAC_BYTES) * 4 // 3)
SECONDS_PER_HOUR = 3600
_PADDING = b"=" * (-RECEIPT_LENGTH % 4)
# From the URL-safe alphabet to the standard one. The standard one's own two characters map to an invalid one.
_TO_STANDARD = bytes.maketrans(b"-_+/", b"+/!!")
_TO_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_HMAC_BLOCK = 64
_INNER, _OUTER = bytes(byte ^ 0x36 for byte in range(256)), bytes(byte ^ 0x5C for byte in range(256))


class ReceiptInvalid(Exception):
    """The receipt is malformed, forged, or signed by a key that this installation does not hold."""


class ReceiptExpired(Exception):
    """The receipt is genuine, and its window has closed."""


class Receipt(NamedTuple):
    """The content of a receipt: which arm was shown where, in which hour, under which random nonce."""

    campaign: int
    arm: int
    placement: int
    hour: int
    closes: int
    locale: str
    nonce: bytes


class ReceiptSigner:
    """Signs and verifies receipts under a set of keys; the highest key number signs by default.

    `on_unknown_key` is called before a receipt is refused because its key is unknown, and may replace the keys.
    """

    def __init__(
        self,
        keys: Mapping[int, bytes],
        *,
        signing_number: int | None = None,
        on_unknown_key: Callable[[int], None] = lambda number: None,
    ) -> None:
        self._on_unknown_key = on_unknown_key
        self.replace_keys(keys, signing_number=signing_number)

    def replace_keys(self, keys: Mapping[int, bytes], *, signing_number: int | None = None) -> None:
        """Use these keys from now on. Other threads may sign and verify meanwhile."""
        if not keys or not all(0 <= number <= 255 for number in keys):
            raise ValueError("at least one key is needed, numbered 0 to 255")
        hashes = {number: _keyed_hashes(key) for number, key in keys.items()}
        number = max(keys) if signing_number is None else signing_number
        self._hashes = hashes
        self._signing = (number, hashes[number])

    def issue(self, receipt: Receipt) -> str:
        """The signed receipt as text."""
        packed = pack_ids(campaign=receipt.campaign, arm=receipt.arm, placement=receipt.placement)
        return self.sign(packed, receipt.hour, receipt.closes, receipt.locale, receipt.nonce).decode("ascii")

    def sign(self, packed_ids: bytes, hour: int, closes: int, locale: str, nonce: bytes) -> bytes:
        """The signed receipt as ASCII bytes, from ids packed by `pack_ids`: serving signs one for each message."""
        number, keyed = self._signing
        content = _CONTENT_WITH_IDS.pack(number, packed_ids, hour, closes, locale.encode("ascii"), nonce)
        return b2a_base64(content + _mac(keyed, content), newline=False).translate(_TO_URL_SAFE, b"=")

    def verify(self, text: str, *, hour: int) -> Receipt:
        """The content of a receipt, or ReceiptInvalid, or ReceiptExpired once the closing hour has begun."""
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
        # Decoding ignores stray characters and unused bits, so only the canonical text is accepted.
        if len(raw) != _CONTENT.size + _MAC_BYTES or b2a_base64(raw, newline=False) != encoded:
            raise ReceiptInvalid
        content = raw[: _CONTENT.size]
        keyed = self._hashes.get(content[0])
        if keyed is None:
            self._on_unknown_key(content[0])
            keyed = self._hashes.get(content[0])
        if keyed is None or not hmac.compare_digest(_mac(keyed, content), raw[_CONTENT.size :]):
            raise ReceiptInvalid
        _, campaign, arm, placement, hour, closes, locale, nonce = _CONTENT.unpack(content)
        return Receipt(campaign, arm, placement, hour, closes, locale.rstrip(b"\0").decode("ascii"), nonce)


_nonces: list[bytes] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_nonces.clear)  # a child process must not use its parent's nonces


def fresh_nonce() -> bytes:
    """16 random bytes; safe to call from any thread.

    The system is asked for 256 nonces at a time, because each call takes a third of the time of signing.
    """
    while True:
        try:
            return _nonces.pop()
        except IndexError:
            data = os.urandom(256 * 16)
            _nonces.extend(data[start : start + 16] for start in range(0, len(data), 16))


def pack_ids(*, campaign: int, arm: int, placement: int) -> bytes:
    """The bytes that all receipts of one arm at one placement have in common."""
    return _IDS.pack(campaign, arm, placement)


def unpack_ids(packed: bytes) -> tuple[int, int, int]:
    """Campaign, arm and placement, as packed by `pack_ids`."""
    campaign, arm, placement = _IDS.unpack(packed)
    return campaign, arm, placement


def _keyed_hashes(key: bytes) -> KeyedHashes:
    """HMAC's two hashes with the key already added (RFC 2104): copying them is faster than adding the key again."""
    block = (hashlib.sha256(key).digest() if len(key) > _HMAC_BLOCK else key).ljust(_HMAC_BLOCK, b"\0")
    return hashlib.sha256(block.translate(_INNER)), hashlib.sha256(block.translate(_OUTER))


def _mac(keyed: KeyedHashes, content: bytes) -> bytes:
    inner, outer = keyed[0].copy(), keyed[1].copy()
    inner.update(content)
    outer.update(inner.digest())
    return outer.digest()


def closing_hour(hour: int, life_hours: int) -> int:
    """The hour at whose beginning a receipt issued in `hour` has lived for at least `life_hours`."""
    return hour + 1 + life_hours
