"""PURE  Which of 100 slots a unit falls in, where campaigns share a place: a documented hash, the same at every place.

    position = first 8 bytes, big-endian, of SHA-256("slot:" + unit), in UTF-8
    slot     = 1 + position * 100 // 2**64          (1 <= slot <= 100)

The unit is the one that assigns the arm: a partner's key, or else the nonce in hex. A campaign has the slots that its
plan names. The slot hangs neither on the place nor on a campaign, so a partner's subject has one slot everywhere, and
falls to one of two campaigns that share several places. Arms are drawn under the salt or the secret of a campaign, so
they are independent of the slot. Test vectors are published in `docs/assignment.md` and tested.
"""

from hashlib import sha256

SLOTS = 100


def slot_of(unit: str) -> int:
    """The slot of a unit, from 1 to 100.

    >>> slot_of("visitor-1")
    13
    """
    return 1 + (int.from_bytes(sha256(f"slot:{unit}".encode()).digest()[:8]) * SLOTS >> 64)
