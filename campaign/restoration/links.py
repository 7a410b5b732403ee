"""End links that upper apps gave to people without an account: nobody knows which were withdrawn since the backup."""

from collections.abc import Callable

Ender = Callable[[], None]
_enders: list[Ender] = []


def register(ender: Ender) -> None:
    """Register what ends all links of one kind; safe to call again."""
    if ender not in _enders:
        _enders.append(ender)


def end_all() -> None:
    """End all links."""
    for ender in _enders:
        ender()
