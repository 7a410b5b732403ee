"""What second factors are made of is encrypted, so that a copy of the database is not enough to answer for somebody.

The key is a file in the key directory, in no database and no backup of one. ChaCha20-Poly1305 under a key derived from
it by HKDF, both of the `cryptography` package, which is loaded when a secret is first sealed or opened: it takes 8 MB,
which a web process that serves messages alone has better uses for.
"""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

FORM = b"\x02"  # the first byte, signed with the rest; what an installation sealed before it, a migration seals anew
_NONCE = 12


def seal(text: str, *, key: bytes) -> str:
    """Encrypt and sign.

    >>> opened(seal("JBSWY3DPEHPK3PXP", key=b"k"), key=b"k")
    'JBSWY3DPEHPK3PXP'
    """
    nonce = secrets.token_bytes(_NONCE)
    return base64.b64encode(FORM + nonce + _cipher(key).encrypt(nonce, text.encode(), FORM)).decode("ascii")


def opened(sealed: str, *, key: bytes) -> str:
    """The text again; ValueError if it was changed, or sealed with another key."""
    from cryptography.exceptions import InvalidTag

    raw = base64.b64decode(sealed, validate=True)
    nonce, hidden = raw[1 : 1 + _NONCE], raw[1 + _NONCE :]
    try:
        if not raw.startswith(FORM):
            raise ValueError
        return _cipher(key).decrypt(nonce, hidden, FORM).decode()
    except (InvalidTag, ValueError):
        raise ValueError("This was not sealed with the present key.") from None


def _cipher(key: bytes) -> ChaCha20Poly1305:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return ChaCha20Poly1305(HKDF(SHA256(), length=32, salt=None, info=b"second factor").derive(key))


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]  # django-allauth has no types
    """django-allauth's, with its secrets sealed."""

    def encrypt(self, text: str) -> str:
        return seal(text, key=bytes(settings.SECOND_FACTOR_KEY))

    def decrypt(self, encrypted_text: str) -> str:
        return opened(encrypted_text, key=bytes(settings.SECOND_FACTOR_KEY))

    def get_totp_label(self, user: Any) -> str:
        return str(user.get_username())

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": "Second Thought"}


class NoSelfSignUp(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody makes an account for themselves, whatever page should be mounted one day."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
