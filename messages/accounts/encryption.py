"""Encrypt secrets of second factors and shared links, so that a copy of the database does not reveal them.

The key is a file in the key directory, outside the database and its backups. The cipher is ChaCha20-Poly1305 (RFC 8439)
of libsodium, under a key derived by HKDF (RFC 5869). PyNaCl, loaded on first use, takes 2 MB.
"""

import base64
import hmac
import secrets
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest

FORMAT_BYTE = b"\x02"  # authenticated with the rest; migration 0011 encrypts secrets of earlier formats again
_NONCE_BYTES = 12
_SECOND_FACTOR = "second factor"


def encrypt_secret(text: str, *, key: bytes, purpose: str = _SECOND_FACTOR) -> str:
    """Encrypt and authenticate a secret. What was encrypted for one purpose is not read for another.

    >>> decrypt_secret(encrypt_secret("JBSWY3DPEHPK3PXP", key=b"k"), key=b"k")
    'JBSWY3DPEHPK3PXP'
    """
    from nacl.bindings import crypto_aead_chacha20poly1305_ietf_encrypt as encrypt

    nonce = secrets.token_bytes(_NONCE_BYTES)
    ciphertext = encrypt(text.encode(), FORMAT_BYTE, nonce, _derive_key(key, purpose))
    return base64.b64encode(FORMAT_BYTE + nonce + ciphertext).decode("ascii")


def decrypt_secret(encrypted: str, *, key: bytes, purpose: str = _SECOND_FACTOR) -> str:
    """Decrypt a secret. Raises ValueError if it was changed, or encrypted with another key."""
    from nacl.bindings import crypto_aead_chacha20poly1305_ietf_decrypt as decrypt
    from nacl.exceptions import CryptoError

    raw = base64.b64decode(encrypted, validate=True)
    nonce, ciphertext = raw[1 : 1 + _NONCE_BYTES], raw[1 + _NONCE_BYTES :]
    try:
        if not raw.startswith(FORMAT_BYTE):
            raise ValueError
        return decrypt(ciphertext, FORMAT_BYTE, nonce, _derive_key(key, purpose)).decode()
    except (CryptoError, ValueError):
        raise ValueError("This was not encrypted with the current key.") from None


def _derive_key(key: bytes, purpose: str) -> bytes:
    """HKDF with SHA-256 and no salt; the 32 bytes of output are a single block."""
    extracted = hmac.digest(bytes(32), key, "sha256")
    return hmac.digest(extracted, purpose.encode() + b"\x01", "sha256")


class EncryptingMFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # django-allauth has no types
    """django-allauth's adapter with encrypted secrets."""

    def encrypt(self, text: str) -> str:
        return encrypt_secret(text, key=bytes(settings.SECOND_FACTOR_KEY))

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt_secret(encrypted_text, key=bytes(settings.SECOND_FACTOR_KEY))

    def get_totp_label(self, user: Any) -> str:
        return str(user.get_username())

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": "Second Thought"}


class NoSignupAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Refuse sign-up, even if a page of django-allauth that offers it is mounted."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
