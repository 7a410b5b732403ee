"""PURE  Tell a message that was counted, as served or as left out, from one whose request was sent again.

A table in memory that the processes of one server share holds four bytes of each nonce that came of a key, at the place
that two more bytes name; the next one of that place replaces it. It is never on a disk, and it names nobody: a nonce is
random to whoever does not hold the server's secret. Another server has its own table: nginx as shipped sends a key to
one of them, the same each time. Only if that one fails, the other answers, and may count it once more. It is one view
all the same, by its nonce.
"""

import mmap

_PLACES, _BYTES = 1 << 16, 4
_inherited: list[mmap.mmap] = []


def share_memory_with_children() -> None:
    """Make the table that processes forked from now on share."""
    _inherited[:] = [mmap.mmap(-1, _PLACES * _BYTES)]


class RecentlyServed:
    """The nonces that were counted as served a short while ago."""

    def __init__(self) -> None:
        self._memory = _inherited[0] if _inherited else mmap.mmap(-1, _PLACES * _BYTES)

    def left_out(self, nonce: bytes) -> bool | None:
        """Whether the message of this nonce was left out when it was counted; None if it was not counted here."""
        start = int.from_bytes(nonce[:2], "big") * _BYTES
        *kept, last = self._memory[start : start + _BYTES]
        if bytes(kept) != nonce[2:5] or (last ^ nonce[5]) > 1:
            return None
        return bool(last & 1)

    def add(self, nonce: bytes, *, left_out: bool) -> None:
        """Remember a nonce, and in its last bit whether it was left out."""
        start = int.from_bytes(nonce[:2], "big") * _BYTES
        self._memory[start : start + _BYTES] = nonce[2:5] + bytes([nonce[5] & 0xFE | left_out])
