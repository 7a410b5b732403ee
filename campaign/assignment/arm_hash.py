"""Which arm a unit is in, and which text of it is shown: documented hashes, so that anybody can check an assignment.

    position = first 8 bytes, big-endian, of SHA-256(salt + ":" + unit), both as UTF-8
    ticket   = position * total_weight // 2**64          (0 <= ticket < total_weight)
    arm      = the first arm whose cumulative weight exceeds the ticket

The same unit under the same salt always gets the same arm; another campaign has another salt, so arms of
different campaigns are independent. The text, of an arm with several, is drawn for each shown message:

    text     = (first 8 bytes of SHA-256(salt + ":text:" + nonce in hex)) * texts // 2**64

where `texts` counts those that are not stopped, in their order. Test vectors are published in `docs/assignment.md` and
tested.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import accumulate


def arm_for(unit: str, salt: str, weights: Sequence[int]) -> int:
    """The index of the unit's arm.

    >>> arm_for("visitor-1", "demo-salt", [1, 1, 1, 1])
    3
    """
    return arm_at(sha256(f"{salt}:{unit}".encode()).digest()[:8], weights)


def arm_at(position: bytes, weights: Sequence[int]) -> int:
    """The index of the arm at a position, an evenly distributed number of 8 bytes, big-endian."""
    totals = cumulative_weights(tuple(weights))
    return bisect_right(totals, int.from_bytes(position) * totals[-1] >> 64)


def text_for(nonce: bytes, salt: str, texts: int) -> int:
    """The index of the text that the message with this nonce shows, out of as many as are shown.

    >>> text_for(bytes(16), "demo-salt", 4)
    1
    """
    position = int.from_bytes(sha256(f"{salt}:text:{nonce.hex()}".encode()).digest()[:8])
    return position * texts >> 64


@lru_cache(maxsize=1024)
def cumulative_weights(weights: tuple[int, ...]) -> tuple[int, ...]:
    """Running totals of the arm weights; ValueError unless they are whole, not negative, and not all zero."""
    if any(isinstance(w, bool) or not isinstance(w, int) or w < 0 for w in weights):
        raise ValueError("weights must be whole numbers, zero or more")
    totals = tuple(accumulate(weights))
    if not totals or totals[-1] == 0:
        raise ValueError("at least one arm needs a weight above zero")
    return totals
