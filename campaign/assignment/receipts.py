"""The receipt: a signed, expiring note that goes out with a message and comes back with each outcome.

It tells the server which arm was shown and whether the view counts, and its holder neither. It never names a person.
112 characters, URL-safe base64 without padding, of

    key number      1 byte      which key of the ring signed it
    campaign        4 bytes     big-endian
    placement       4 bytes     big-endian
    issue hour      4 bytes     whole hours since 1970-01-01 00:00 UTC: no finer time is stored anywhere
    closing hour    4 bytes     the receipt is valid until this hour begins
    locale          8 bytes     ASCII, padded with zero bytes; a tag of 9 to 12 characters as a number (pack_locale)
    nonce          16 bytes     random, or it follows from the request's key (decide_keys); the replay key
    salt            6 bytes     random: the nonce of a partner's subject is the same for a day
    hidden          5 bytes     the arm (4 bytes), then its text times 2, plus 1 if the view is left out; under a mask
    HMAC-SHA-256   32 bytes     over everything before it

The mask is the first 5 bytes of SHA-256 over a block that holds the masking key, the nonce and the salt. The masking
key is HMAC-SHA-256 of "receipt mask" under the signing key.

Receipts of before had 103 characters, with the arm in the open after the campaign and neither salt nor hidden bytes.
They are still accepted until they close, because browsers hold some while an installation is updated.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from hashlib import _Hash

_CONTENT = struct.Struct(">BIIII8s16s6s5s")
_CONTENT_BEFORE = struct.Struct(">BIIIII8s16s")
_IDS = struct.Struct(">II")
_CONTENT_WITH_IDS = struct.Struct(">B8sII8s16s6s5s")  # with the ids already packed
_MAC_BYTES = 32
RECEIPT_LENGTH = (_CONTENT.size + _MAC_BYTES) * 4 // 3  # 84 bytes, so that no padding is needed
_LENGTH_BEFORE = -(-(_CONTENT_BEFORE.size + _MAC_BYTES) * 4 // 3)
_PADDING = {RECEIPT_LENGTH: b"", _LENGTH_BEFORE: b"="}
_TAG_CHARACTERS = "-0123456789abcdefghijklmnopqrstuvwxyz"
_LONG_TAG = 1 << 63  # a bit that no ASCII text has; 12 characters of 37 need 62.6
SALT_BYTES, _HIDDEN_BYTES, _NONCE_BYTES = 6, 5, 16
SECONDS_PER_HOUR = 3600
# From the URL-safe alphabet to the standard one. The standard one's own two characters map to an invalid one.
_TO_STANDARD = bytes.maketrans(b"-_+/", b"+/!!")
_TO_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_HMAC_BLOCK = 64
_INNER, _OUTER = bytes(byte ^ 0x36 for byte in range(256)), bytes(byte ^ 0x5C for byte in range(256))


class ReceiptInvalid(Exception):
    """The receipt is malformed, forged, or signed by a key that this installation does not hold."""


class ReceiptExpired(Exception):
    """The receipt is genuine, and its window has closed."""


class _KeyedHashes(NamedTuple):
    """Hashes with their key already added: copying them is faster than adding the key again."""

    inner: _Hash
    outer: _Hash
    mask: _Hash
    nonce_key: bytes


class Receipt(NamedTuple):
    """The content of a receipt: which arm was shown where, in which hour, under which random nonce.

    The outcomes of a view that is `left_out` are put on disk like all others, and dropped when views are counted.
    """

    campaign: int
    arm: int
    placement: int
    hour: int
    closes: int
    locale: str
    nonce: bytes
    left_out: bool = False
    text: int = 0  # of those of the arm


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

    def issue(self, receipt: Receipt, *, salt: bytes = bytes(SALT_BYTES)) -> str:
        """The signed receipt as text."""
        campaign, arm, placement, hour, closes, locale, nonce, left_out, text = receipt
        packed = pack_ids(campaign=campaign, placement=placement)
        signed = self.sign(packed, arm, hour, closes, locale, nonce, salt, left_out=left_out, text=text)
        return signed.decode("ascii")

    def sign(
        self,
        packed_ids: bytes,
        arm: int,
        hour: int,
        closes: int,
        locale: str,
        nonce: bytes,
        salt: bytes,
        *,
        left_out: bool,
        text: int = 0,
    ) -> bytes:
        """The signed receipt as ASCII bytes, from ids packed by `pack_ids`: serving signs one for each message."""
        number, keyed = self._signing
        hidden = (arm << 8 | text << 1 | left_out) ^ _mask(keyed, nonce, salt)
        content = _CONTENT_WITH_IDS.pack(
            number, packed_ids, hour, closes, pack_locale(locale), nonce, salt, hidden.to_bytes(_HIDDEN_BYTES, "big")
        )
        return b2a_base64(content + _mac(keyed, content), newline=False).translate(_TO_URL_SAFE)

    def keyed_nonce(self, content: bytes) -> bytes:
        """A nonce that follows from this content, under the key that signs now."""
        return hmac.digest(self._signing[1].nonce_key, content, "sha256")[:_NONCE_BYTES]

    def verify(self, text: str, *, hour: int) -> Receipt:
        """The content of a receipt, or ReceiptInvalid, or ReceiptExpired once the closing hour has begun."""
        receipt = self._open(text)
        if hour >= receipt.closes:
            raise ReceiptExpired
        return receipt

    def _open(self, text: str) -> Receipt:
        padding = _PADDING.get(len(text))
        if padding is None:
            raise ReceiptInvalid
        try:
            encoded = text.encode("ascii").translate(_TO_STANDARD) + padding
            raw = a2b_base64(encoded)
        except (Base64Error, ValueError):
            raise ReceiptInvalid from None
        # Decoding ignores stray characters and unused bits, so only the canonical text is accepted.
        if b2a_base64(raw, newline=False) != encoded:
            raise ReceiptInvalid
        content = raw[:-_MAC_BYTES]
        keyed = self._hashes.get(content[0])
        if keyed is None:
            self._on_unknown_key(content[0])
            keyed = self._hashes.get(content[0])
        if keyed is None or not hmac.compare_digest(_mac(keyed, content), raw[-_MAC_BYTES:]):
            raise ReceiptInvalid
        flags = 0
        if len(content) == _CONTENT.size:
            _, campaign, placement, hour, closes, locale, nonce, salt, hidden = _CONTENT.unpack(content)
            arm, flags = divmod(int.from_bytes(hidden, "big") ^ _mask(keyed, nonce, salt), 256)
        else:
            _, campaign, arm, placement, hour, closes, locale, nonce = _CONTENT_BEFORE.unpack(content)
        tag = _unpack_locale(locale)
        return Receipt(campaign, arm, placement, hour, closes, tag, nonce, bool(flags & 1), flags >> 1)


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


def fresh_salt() -> bytes:
    """6 random bytes that make receipts differ which have all else in common."""
    return fresh_nonce()[:SALT_BYTES]


def pack_ids(*, campaign: int, placement: int) -> bytes:
    """The bytes that all receipts of one campaign at one placement have in common."""
    return _IDS.pack(campaign, placement)


@lru_cache(maxsize=256)
def pack_locale(tag: str) -> bytes:
    """The 8 bytes of a language tag. One of 9 to 12 characters is a number to the base of 37, with the first bit set.

    So language, script and region always fit.

    >>> _unpack_locale(pack_locale("zh-hant-tw"))
    'zh-hant-tw'
    """
    if len(tag) <= 8:
        return tag.encode("ascii")
    number = 0
    for character in tag:
        number = number * len(_TAG_CHARACTERS) + _TAG_CHARACTERS.index(character)
    return (_LONG_TAG | number).to_bytes(8, "big")


def _unpack_locale(packed: bytes) -> str:
    number = int.from_bytes(packed, "big") ^ _LONG_TAG
    if number >= _LONG_TAG:
        return packed.rstrip(b"\0").decode("ascii")
    tag = ""
    while number:
        number, place = divmod(number, len(_TAG_CHARACTERS))
        tag = _TAG_CHARACTERS[place] + tag
    return tag


def _keyed_hashes(key: bytes) -> _KeyedHashes:
    """HMAC's two hashes (RFC 2104), the hash that masks the arm, and the key of nonces that follow from a request."""
    block = (hashlib.sha256(key).digest() if len(key) > _HMAC_BLOCK else key).ljust(_HMAC_BLOCK, b"\0")
    masking_key = hmac.digest(key, b"receipt mask", "sha256")
    return _KeyedHashes(
        hashlib.sha256(block.translate(_INNER)),
        hashlib.sha256(block.translate(_OUTER)),
        hashlib.sha256(masking_key.ljust(_HMAC_BLOCK, b"\0")),
        hmac.digest(key, b"decide key", "sha256"),
    )


def _mask(keyed: _KeyedHashes, nonce: bytes, salt: bytes) -> int:
    mask = keyed.mask.copy()
    mask.update(nonce + salt)  # always 22 bytes, so that a keyed hash needs no outer one
    return int.from_bytes(mask.digest()[:_HIDDEN_BYTES], "big")


def _mac(keyed: _KeyedHashes, content: bytes) -> bytes:
    inner, outer = keyed.inner.copy(), keyed.outer.copy()
    inner.update(content)
    outer.update(inner.digest())
    return outer.digest()


def closing_hour(hour: int, life_hours: int) -> int:
    """The hour at whose beginning a receipt issued in `hour` has lived for at least `life_hours`."""
    return hour + 1 + life_hours
