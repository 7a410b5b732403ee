"""A mark is found again in whatever form a log or a table keeps it, and nowhere else."""

from __future__ import annotations

import base64
import doctest
import gzip
import hashlib
import hmac
import ipaddress
import os
import urllib.parse

import pytest

from analytics.doctor import canaries
from analytics.doctor.canaries import find_canaries, searchable_forms

MARK = "canary0123456789abcdef01"
ADDRESS = "2001:db8::5ec0:7d1"


def found(data: bytes, mark: str = MARK, *keys: bytes) -> list[str]:
    return [form for _, form in find_canaries(data, [(mark, searchable_forms(mark, keys=keys))])]


def test_the_examples_are_true() -> None:
    assert doctest.testmod(canaries).failed == 0


@pytest.mark.parametrize("before", range(7))
def test_base64_is_found_wherever_the_mark_begins(before: int) -> None:
    line = b"x" * before + MARK.encode() + b"?tail=1"
    assert any(form.startswith("base64") for form in found(base64.b64encode(line)))
    assert any(form.startswith("base64") for form in found(base64.urlsafe_b64encode(line)))


@pytest.mark.parametrize(
    "kept",
    [
        f"GET /{MARK}?q=1 HTTP/1.1".encode(),
        f"get /{MARK}".upper().encode(),
        MARK.encode("utf-16"),
        MARK.encode().hex().encode(),
        "".join(f"%{byte:02x}" for byte in MARK.encode()).encode(),
        base64.b32encode(MARK.encode()),
        *(hashlib.new(name, MARK.encode()).hexdigest().encode() for name in ("md5", "sha1", "sha256", "blake2b")),
        hashlib.sha256(MARK.encode()).digest(),
        base64.b64encode(hashlib.sha256(MARK.encode()).digest()),
    ],
)
def test_each_form_is_found(kept: bytes) -> None:
    assert found(b"before " + kept + b" after")


def test_an_address_is_found_however_it_is_written() -> None:
    packed = ipaddress.ip_address(ADDRESS)
    kept = [packed.exploded.encode(), packed.packed, str(int(packed)).encode(), hashlib.sha1(packed.packed).digest()]
    assert all(found(form, ADDRESS) for form in kept)
    assert found(ipaddress.ip_address("198.51.100.7").packed.hex().encode(), "198.51.100.7")


def test_a_hash_under_a_key_is_found_by_who_holds_the_key() -> None:
    kept = hmac.digest(b"secret", MARK.encode(), "sha256").hex().encode()
    assert found(kept, MARK, b"secret")
    assert not found(kept)


def test_nothing_is_found_where_nothing_is() -> None:
    other = canaries.new_canary()
    assert other != canaries.new_canary()
    assert not found(os.urandom(1_000_000) + other.encode() + urllib.parse.quote(other).encode())
    assert not found(gzip.compress(MARK.encode()))  # what is packed has to be unpacked before it is searched
