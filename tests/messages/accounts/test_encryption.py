"""Secrets of second factors are encrypted and authenticated, and old ones can still be decrypted."""

from __future__ import annotations

import base64
from importlib import import_module

import pytest
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.apps import apps
from django.conf import settings
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from messages.accounts import encryption, second_factors
from tests import world

KEY = b"k" * 32
migration = import_module("messages.migrations.0011_sealed_anew")
# "JBSWY3DPEHPK3PXP" encrypted with KEY by the version before the current format.
OLD = "05yH54cJPtFDJgymc1/3HKdiDkCGeqJ7aqO/H9N6vLyuEUQy+4Y051RHm65RHifDMlYFIGHzW0sPIaBPkd3ogA=="


@given(st.text(), st.binary(min_size=1, max_size=64))
def test_what_was_sealed_opens_again_and_never_looks_the_same_twice(text: str, key: bytes) -> None:
    once, again = encryption.encrypt_secret(text, key=key), encryption.encrypt_secret(text, key=key)
    assert once != again
    assert encryption.decrypt_secret(once, key=key) == encryption.decrypt_secret(again, key=key) == text


def test_another_key_opens_nothing() -> None:
    with pytest.raises(ValueError, match="not encrypted with the current key"):
        encryption.decrypt_secret(encryption.encrypt_secret(world.SECRET, key=KEY), key=b"another" + KEY)


def test_no_bit_of_it_can_be_changed() -> None:
    raw = base64.b64decode(encryption.encrypt_secret(world.SECRET, key=KEY))
    for at in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[at // 8] ^= 1 << at % 8
        with pytest.raises(ValueError):
            encryption.decrypt_secret(base64.b64encode(changed).decode(), key=KEY)


@pytest.mark.parametrize("rubbish", ["", "A", "not base64 at all", "AAAA", "é", OLD])
def test_what_is_no_sealed_secret_is_refused(rubbish: str) -> None:
    with pytest.raises(ValueError):
        encryption.decrypt_secret(rubbish, key=KEY)


class TestFromTheOldForm:
    def test_its_secrets_open_as_before(self) -> None:
        assert migration.open_old(OLD, key=KEY) == "JBSWY3DPEHPK3PXP"
        assert encryption.decrypt_secret(migration.anew(OLD, key=KEY), key=KEY) == "JBSWY3DPEHPK3PXP"

    def test_whatever_is_no_secret_or_of_a_lost_key_stays(self) -> None:
        data = {
            "counter": 7,
            "name": "Phone",
            "used_mask": 3,
            "seed": encryption.encrypt_secret("s", key=KEY),
            "n": [None, OLD],
        }
        assert migration.anew(data, key=b"another") == data

    @pytest.mark.django_db
    def test_an_installation_keeps_its_factors(self) -> None:
        user = world.person("mara", "manager")
        world.second_factor(user)
        code = second_factors.replace_recovery_codes(user)[0]
        held = Authenticator.objects.get(user=user, type=second_factors.APP)
        held.data = {"secret": _sealed_then(world.SECRET, bytes(settings.SECOND_FACTOR_KEY))}
        held.save()
        assert not second_factors.check_code(user, world.code())
        migration.seal_anew(apps, connection.schema_editor())
        assert second_factors.check_code(user, world.code())
        assert second_factors.check_code(user, code)


def _sealed_then(text: str, key: bytes) -> str:
    """Encrypt like the old code, for a text of up to 32 bytes."""
    nonce = bytes(range(16))
    hidden = nonce + bytes(
        a ^ b for a, b in zip(text.encode(), migration._prf(key, b"hide", nonce + bytes(4)), strict=False)
    )
    return base64.b64encode(hidden + migration._prf(key, b"sign", hidden)).decode()


def test_another_library_opens_what_was_sealed() -> None:
    """Encrypt with HKDF and ChaCha20-Poly1305 of the cryptography package."""
    raw = base64.b64decode(encryption.encrypt_secret("JBSWY3DPEHPK3PXP", key=KEY))
    derived = HKDF(SHA256(), length=32, salt=None, info=b"second factor").derive(KEY)
    assert ChaCha20Poly1305(derived).decrypt(raw[1:13], raw[13:], raw[:1]) == b"JBSWY3DPEHPK3PXP"
