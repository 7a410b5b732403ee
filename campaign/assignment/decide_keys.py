"""PURE  The key that makes a request for a message safe to send again: the same key, the same draw.

A key names the hour in which it was made, then random characters: `494123-3f9c…`. The nonce of the receipt follows from
the key and the placement under a secret of the server, and the draw from the nonce. So nothing has to be remembered,
and nobody can choose a key by the message that it draws. A key is refused once a receipt of its hour would be closed:
what it drew has been counted by then. When the signing key changes, so do the draws; a request that is sent again in
that very second is another view.
"""

import re

from campaign.assignment.receipts import ReceiptSigner, closing_hour

FORM = r"([0-9]{5,7})-[A-Za-z0-9_-]{16,64}"
_KEY = re.compile(FORM)


class KeyInvalid(ValueError):
    """The key has another form."""


class KeyClosed(ValueError):
    """The hour of the key is over by more than a receipt's life, or has not begun."""


def has_key_form(text: str) -> bool:
    """Whether a text could be a key, of an open hour or another."""
    return _KEY.fullmatch(text) is not None


def issue_hour(key: str, *, now_hour: int, life_hours: int) -> int:
    """The hour that a key was made in, which its receipt holds too.

    >>> issue_hour("494123-0123456789abcdef", now_hour=494_124, life_hours=2)
    494123
    """
    match = _KEY.fullmatch(key)
    if match is None:
        raise KeyInvalid
    hour = int(match[1])
    if not hour <= now_hour < closing_hour(hour, life_hours):
        raise KeyClosed
    return hour


def nonce(key: str, placement: int, signer: ReceiptSigner) -> bytes:
    """The nonce of what this key draws at this placement."""
    return signer.keyed_nonce(f"{placement}:{key}".encode())
