"""What second factors are made of is encrypted, so that a copy of the database is not enough to answer for somebody.

The key is a file in the key directory, in no database and no backup of one. ChaCha20-Poly1305 (RFC 8439) of libsodium,
by PyNaCl, under a key derived by HKDF (RFC 5869). It is loaded when a secret is first sealed or opened and takes 2 MB,
where the `cryptography` package would take 8.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest

FORMAT_BYTE = (
    b"\x02"  # the first byte, signed with the rest; what an installation sealed before it, a migration seals anew
)
_NONCE = 12


def encrypt_secret(text: str, *, key: bytes) -> str:
    """Encrypt and sign.

    >>> opened(seal("JBSWY3DPEHPK3PXP", key=b"k"), key=b"k")
    'JBSWY3DPEHPK3PXP'
    """
    from nacl.bindings import crypto_aead_chacha20poly1305_ietf_encrypt as encrypt

    nonce = secrets.token_bytes(_NONCE)
    return base64.b64encode(FORMAT_BYTE + nonce + encrypt(text.encode(), FORMAT_BYTE, nonce, _derived(key))).decode(
        "ascii"
    )


def decrypt_secret(sealed: str, *, key: bytes) -> str:
    """The text again; ValueError if it was changed, or sealed with another key."""
    from nacl.bindings import crypto_aead_chacha20poly1305_ietf_decrypt as decrypt
    from nacl.exceptions import CryptoError

    raw = base64.b64decode(sealed, validate=True)
    nonce, hidden = raw[1 : 1 + _NONCE], raw[1 + _NONCE :]
    try:
        if not raw.startswith(FORMAT_BYTE):
            raise ValueError
        return decrypt(hidden, FORMAT_BYTE, nonce, _derived(key)).decode()
    except (CryptoError, ValueError):
        raise ValueError("This was not sealed with the present key.") from None


def _derived(key: bytes) -> bytes:
    """HKDF with SHA-256, without salt, for "second factor": its 32 bytes are one block."""
    extracted = hmac.digest(bytes(32), key, "sha256")
    return hmac.digest(extracted, b"second factor\x01", "sha256")


class EncryptingMFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # django-allauth has no types
    """django-allauth's, with its secrets sealed."""

    def encrypt(self, text: str) -> str:
        return encrypt_secret(text, key=bytes(settings.SECOND_FACTOR_KEY))

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt_secret(encrypted_text, key=bytes(settings.SECOND_FACTOR_KEY))

    def get_totp_label(self, user: Any) -> str:
        return str(user.get_username())

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": "Second Thought"}


class NoSignupAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody makes an account for themselves, whatever page should be mounted one day."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
