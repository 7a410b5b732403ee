"""What invitations need of partners, which accounts may not import: campaign registers it when Django starts."""

from collections.abc import Callable

from django.contrib.auth.models import User

_choices: Callable[[], list[tuple[int, str]]]
_add_contact: Callable[[int, User], None]


def register(choices: Callable[[], list[tuple[int, str]]], add_contact: Callable[[int, User], None]) -> None:
    """Set these functions; safe to call again."""
    global _choices, _add_contact
    _choices, _add_contact = choices, add_contact


def partner_choices() -> list[tuple[int, str]]:
    """The number and the name of each partner, by name."""
    return _choices()


def add_contact(partner: int, user: User) -> None:
    """Let somebody who accepted an invitation see the placements of this partner."""
    _add_contact(partner, user)
