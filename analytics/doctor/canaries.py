"""PURE  Canaries: random tokens that are sent to a server and then searched for in every encoding."""

import base64
import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

_DIGESTS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake2s", "sha3_256")
_FOR_URLS = bytes.maketrans(b"+/", b"-_")


def new_canary() -> str:
    """Generate a unique token of letters and digits, which no protocol alters."""
    return f"canary{secrets.token_hex(10)}"


def searchable_forms(token: str, *, keys: Sequence[bytes] = ()) -> dict[str, bytes]:
    """The byte patterns to search for, by name: plain, encoded, or hashed with and without these keys.

    >>> searchable_forms("canary")["hex"]
    b'63616e617279'
    >>> base64.b64encode(b"GET /canary HTTP/1.1").find(searchable_forms("canary")["base64, shifted by 2"])
    7
    """
    raw = token.encode()
    found = {
        **spellings(token),
        "backwards": raw[::-1],
        "base32": base64.b32encode(raw).rstrip(b"=")[: len(raw) * 8 // 5],
        **encodings(raw),
        **digests(raw, keys=keys),
        **dict(_address_forms(token, keys)),
    }
    return {name: form for name, form in found.items() if name == "plain" or form != raw}


def find_canaries(data: bytes, sought: Iterable[tuple[str, dict[str, bytes]]]) -> list[tuple[str, str]]:
    """The canaries found in these bytes, as (name, form) pairs."""
    return [(name, form) for name, known in sought for form, pattern in known.items() if pattern in data]


def spellings(text: str) -> dict[str, bytes]:
    """The character encodings and letter cases of a text, without duplicates."""
    raw = text.encode()
    found = {
        "small letters": text.lower().encode(),
        "capitals": text.upper().encode(),
        "two bytes a letter": text.encode("utf-16-le"),
        "escaped for a URL": quote(text, safe="").encode(),
        "url-encoded": "".join(f"%{byte:02X}" for byte in raw).encode(),
        "url-encoded in small letters": "".join(f"%{byte:02x}" for byte in raw).encode(),
    }
    return {"plain": raw} | {name: form for name, form in found.items() if form != raw}


def encodings(raw: bytes) -> dict[str, bytes]:
    """Hexadecimal and base64 forms of bytes, the latter at each of three offsets into a longer string."""
    found = dict(_hexadecimal("hex", raw))
    for shift in range(3):
        whole = base64.b64encode(bytes(shift) + raw)
        own = whole[(shift * 8 + 5) // 6 : (shift + len(raw)) * 8 // 6]
        found[f"base64, shifted by {shift}"] = own
        if (safe := own.translate(_FOR_URLS)) != own:
            found[f"base64 for URLs, shifted by {shift}"] = safe
    return found


def digests(
    raw: bytes, *, keys: Sequence[bytes] = (), algorithms: Sequence[str] = _DIGESTS, length: int | None = None
) -> dict[str, bytes]:
    """Hashes of bytes, with and without these keys, each cut to `length` bytes if given."""
    found = {kind: hashlib.new(kind, raw, usedforsecurity=False).digest() for kind in algorithms}
    for number, key in enumerate(keys, start=1):
        found[f"HMAC under key {number}"] = hmac.digest(key, raw, "sha256")
        found[f"sha256 salted with key {number}"] = hashlib.sha256(key + raw).digest()
    return {name: form for kind, digest in found.items() for name, form in _digest_forms(kind, digest[:length])}


def _hexadecimal(name: str, raw: bytes) -> Iterator[tuple[str, bytes]]:
    yield name, raw.hex().encode()
    yield f"{name} in capitals", raw.hex().upper().encode()


def _digest_forms(name: str, digest: bytes) -> Iterator[tuple[str, bytes]]:
    own = base64.b64encode(digest)[: len(digest) * 8 // 6]  # characters that the bytes after it cannot change
    yield f"{name}, raw", digest
    yield from _hexadecimal(f"{name}, hex", digest)
    yield f"{name}, base64", own
    yield f"{name}, base64 for URLs", own.translate(_FOR_URLS)


def _address_forms(token: str, keys: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    """More forms of an IP address. The four raw bytes of IPv4 are left out, because they occur by chance."""
    try:
        address = ipaddress.ip_address(token)
    except ValueError:
        return
    yield "written out", address.exploded.encode()
    yield "as a number", str(int(address)).encode()
    yield from _hexadecimal("packed, hex", address.packed)
    if address.version == 6:
        yield "packed", address.packed
    for name, form in digests(address.packed, keys=keys).items():
        yield f"packed, {name}", form
