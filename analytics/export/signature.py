"""Sign the checksums of a bundle with the installation's own key, and check such a signature (Ed25519, RFC 8032).

The same key and the same text give the same signature. PyNaCl is loaded on first use.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from messages.secret_files import read_or_create_secret

KEY_NAME = "results.key"
_ALGORITHM = "Ed25519"
_PUBLIC_BYTES, _SIGNATURE_BYTES = 32, 64


class BadSignature(Exception):
    """Raised where a signature is missing, malformed, or not that of the text."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature with the public key that it is checked with."""

    public_key: bytes
    value: bytes

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.public_key)


def fingerprint_of(public_key: bytes) -> str:
    """Return the SHA-256 of a public key in groups of four, as people compare it."""
    digits = hashlib.sha256(public_key).hexdigest()
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def sign(text: bytes, *, directory: Path) -> Signature:
    """Sign a text with the key in the key directory, which is created on first use."""
    from nacl.bindings import crypto_sign, crypto_sign_seed_keypair

    public, secret = crypto_sign_seed_keypair(read_or_create_secret(directory, KEY_NAME))
    return Signature(public, crypto_sign(text, secret)[:_SIGNATURE_BYTES])


def check(text: bytes, signature: Signature) -> None:
    """Raise BadSignature unless the signature is that of the text under its public key."""
    from nacl.bindings import crypto_sign_open
    from nacl.exceptions import CryptoError

    try:
        crypto_sign_open(signature.value + text, signature.public_key)
    except (CryptoError, ValueError):
        raise BadSignature("The checksums are not those that were signed.") from None


def to_json(signature: Signature) -> bytes:
    """Write a signature as it lies in a bundle."""
    values = {
        "algorithm": _ALGORITHM,
        "fingerprint": signature.fingerprint,
        "public_key": signature.public_key.hex(),
        "signature": signature.value.hex(),
    }
    return (json.dumps(values, indent=2) + "\n").encode()


def from_json(content: bytes) -> Signature:
    """Read a signature strictly. Its fingerprint is computed: what the file says of it proves nothing."""
    try:
        values: Any = json.loads(content)
        signature = Signature(bytes.fromhex(values["public_key"]), bytes.fromhex(values["signature"]))
        is_whole = (len(signature.public_key), len(signature.value)) == (_PUBLIC_BYTES, _SIGNATURE_BYTES)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise BadSignature("The signature cannot be read.") from None
    if not is_whole or values.get("algorithm") != _ALGORITHM:
        raise BadSignature("The signature is of another kind.")
    return signature
