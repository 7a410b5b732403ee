"""PURE  Tell a message that was counted as served from one whose request was sent again.

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

    def __contains__(self, nonce: bytes) -> bool:
        start = int.from_bytes(nonce[:2], "big") * _BYTES
        return self._memory[start : start + _BYTES] == nonce[2 : 2 + _BYTES]

    def add(self, nonce: bytes) -> None:
        """Remember a nonce."""
        start = int.from_bytes(nonce[:2], "big") * _BYTES
        self._memory[start : start + _BYTES] = nonce[2 : 2 + _BYTES]
