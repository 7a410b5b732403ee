"""What second factors are made of was encrypted by code of our own; libsodium does that from here on.

What opens the old form stands here alone. A secret that the present key does not open stays as it is: it opened before
as little.
"""

import base64
import hmac
from hashlib import sha256

from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from messages.accounts.encryption import encrypt_secret

_NONCE, _TAG = 16, 32


def open_old(sealed: str, *, key: bytes) -> str:
    """HMAC-SHA256 in counter mode, then signed; ValueError if it is something else."""
    raw = base64.b64decode(sealed, validate=True)
    hidden, tag = raw[:-_TAG], raw[-_TAG:]
    if len(raw) < _NONCE + _TAG or not hmac.compare_digest(tag, _prf(key, b"sign", hidden)):
        raise ValueError("This was not sealed in the old form with the present key.")
    nonce, data = hidden[:_NONCE], hidden[_NONCE:]
    blocks = range(-(-len(data) // sha256().digest_size))
    stream = b"".join(_prf(key, b"hide", nonce + block.to_bytes(4, "big")) for block in blocks)
    return bytes(a ^ b for a, b in zip(data, stream, strict=False)).decode()


def _prf(key: bytes, purpose: bytes, data: bytes) -> bytes:
    return hmac.digest(hmac.digest(key, b"second factor " + purpose, sha256), data, sha256)


def anew(data: object, *, key: bytes) -> object:
    """A factor's data, with each value in the old form sealed in the present one."""
    if isinstance(data, dict):
        return {name: anew(value, key=key) for name, value in data.items()}
    if isinstance(data, list):
        return [anew(value, key=key) for value in data]
    if not isinstance(data, str):
        return data
    try:
        return encrypt_secret(open_old(data, key=key), key=key)
    except ValueError:
        return data


def seal_anew(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.alias != "default":
        return
    for held in apps.get_model("mfa", "Authenticator").objects.exclude(type="webauthn"):
        held.data = anew(held.data, key=bytes(settings.SECOND_FACTOR_KEY))
        held.save(update_fields=["data"])


class Migration(migrations.Migration):
    dependencies = [("messaging", "0010_stopped"), ("mfa", "0003_authenticator_type_uniq")]
    operations = [migrations.RunPython(seal_anew, migrations.RunPython.noop)]
