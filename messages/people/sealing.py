"""What second factors are made of is encrypted, so that a copy of the database is not enough to answer for somebody.

The key is a file in the key directory, in no database and no backup of one. A secret is mixed with a keystream of
HMAC-SHA256 under a fresh nonce and then signed (encrypt, then MAC), both from the standard library: a cryptography
package would cost each web process several megabytes.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from hashlib import sha256
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest

_NONCE, _TAG = 16, 32


def seal(text: str, *, key: bytes) -> str:
    """Encrypt and sign.

    >>> opened(seal("JBSWY3DPEHPK3PXP", key=b"k"), key=b"k")
    'JBSWY3DPEHPK3PXP'
    """
    nonce = secrets.token_bytes(_NONCE)
    hidden = nonce + _mixed(text.encode(), nonce, key)
    return base64.b64encode(hidden + _signature(hidden, key)).decode("ascii")


def opened(sealed: str, *, key: bytes) -> str:
    """The text again; ValueError if it was changed, or sealed with another key."""
    raw = base64.b64decode(sealed, validate=True)
    hidden, tag = raw[:-_TAG], raw[-_TAG:]
    if len(raw) < _NONCE + _TAG or not hmac.compare_digest(tag, _signature(hidden, key)):
        raise ValueError("This was not sealed with the present key.")
    return _mixed(hidden[_NONCE:], hidden[:_NONCE], key).decode()


def _mixed(data: bytes, nonce: bytes, key: bytes) -> bytes:
    blocks = range(-(-len(data) // sha256().digest_size))
    stream = b"".join(_prf(key, b"hide", nonce + block.to_bytes(4, "big")) for block in blocks)
    return bytes(a ^ b for a, b in zip(data, stream, strict=False))


def _signature(hidden: bytes, key: bytes) -> bytes:
    return _prf(key, b"sign", hidden)


def _prf(key: bytes, purpose: bytes, data: bytes) -> bytes:
    own = hmac.digest(key, b"second factor " + purpose, sha256)
    return hmac.digest(own, data, sha256)


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
