"""Keys of messages, help links and placements: the part of an address that names one of them."""

from collections.abc import Container
from itertools import count

RESERVED_MESSAGE_KEYS = frozenset({"new", "exchange"})  # pages below /messages/


def unused_key(stem: str, taken: Container[str]) -> str:
    """The stem, or the stem with the lowest number from 2 that is not taken.

    >>> unused_key("pause", {"pause", "pause-2"})
    'pause-3'
    """
    if stem not in taken:
        return stem
    return next(key for number in count(2) if (key := f"{stem}-{number}") not in taken)
