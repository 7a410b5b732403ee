"""PURE  Marks that are sent to a server and then looked for, in all the forms that a log or a table may give them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Iterable, Iterator, Sequence

_DIGESTS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake2s", "sha3_256")


def token() -> str:
    """A fresh mark: letters and digits that stand nowhere else, and that no protocol changes."""
    return f"canary{secrets.token_hex(10)}"


def forms(token: str, *, keys: Sequence[bytes] = ()) -> dict[str, bytes]:
    """What to look for, by the name of the form: as it is, encoded, or hashed, alone or under any of these keys.

    >>> forms("canary")["hex"]
    b'63616e617279'
    >>> base64.b64encode(b"GET /canary HTTP/1.1").find(forms("canary")["base64, shifted by 2"])
    7
    """
    raw = token.encode()
    found = {
        "plain": raw,
        "capitals": token.upper().encode(),
        "backwards": raw[::-1],
        "two bytes a letter": token.encode("utf-16-le"),
        "url-encoded": "".join(f"%{byte:02X}" for byte in raw).encode(),
        "url-encoded in small letters": "".join(f"%{byte:02x}" for byte in raw).encode(),
        "base32": base64.b32encode(raw).rstrip(b"=")[: len(raw) * 8 // 5],
        **_base64(raw),
        **dict(_hexadecimal("hex", raw)),
        **dict(_hashed(raw, keys)),
        **dict(_address(token, keys)),
    }
    return {name: form for name, form in found.items() if name == "plain" or form != raw}


def hits(data: bytes, sought: Iterable[tuple[str, dict[str, bytes]]]) -> list[tuple[str, str]]:
    """Which of the named marks stand in these bytes, and in which form."""
    return [(name, form) for name, known in sought for form, pattern in known.items() if pattern in data]


def _base64(raw: bytes) -> dict[str, bytes]:
    """Base64 works on three bytes at a time: what a mark becomes depends on how many bytes stand before it."""
    found = {}
    for shift in range(3):
        whole = base64.b64encode(bytes(shift) + raw)
        own = whole[(shift * 8 + 5) // 6 : (shift + len(raw)) * 8 // 6]
        found[f"base64, shifted by {shift}"] = own
        if (safe := own.translate(bytes.maketrans(b"+/", b"-_"))) != own:
            found[f"base64 for URLs, shifted by {shift}"] = safe
    return found


def _hexadecimal(name: str, raw: bytes) -> Iterator[tuple[str, bytes]]:
    yield name, raw.hex().encode()
    yield f"{name} in capitals", raw.hex().upper().encode()


def _hashed(raw: bytes, keys: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    for digest in _DIGESTS:
        yield from _digest(digest, hashlib.new(digest, raw, usedforsecurity=False).digest())
    for number, key in enumerate(keys, start=1):
        yield from _digest(f"HMAC under key {number}", hmac.digest(key, raw, "sha256"))
        yield from _digest(f"sha256 salted with key {number}", hashlib.sha256(key + raw).digest())


def _digest(name: str, digest: bytes) -> Iterator[tuple[str, bytes]]:
    yield f"{name}, raw", digest
    yield from _hexadecimal(f"{name}, hex", digest)
    yield f"{name}, base64", base64.b64encode(digest).rstrip(b"=")
    yield f"{name}, base64 for URLs", base64.urlsafe_b64encode(digest).rstrip(b"=")


def _address(token: str, keys: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    """An address of the network can be written in more ways; its four raw bytes alone stand anywhere by chance."""
    try:
        address = ipaddress.ip_address(token)
    except ValueError:
        return
    yield "written out", address.exploded.encode()
    yield "as a number", str(int(address)).encode()
    yield from _hexadecimal("packed, hex", address.packed)
    if address.version == 6:
        yield "packed", address.packed
    for name, form in _hashed(address.packed, keys):
        yield f"packed, {name}", form
