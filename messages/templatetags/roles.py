"""Roles in templates: a link is shown to those whom its page lets in."""

from django import template
from django.contrib.auth.models import AbstractUser, AnonymousUser

from messages.roles import ADMINISTRATOR, EVERY_ROLE, roles_of

register = template.Library()


@register.filter
def is_a(user: AbstractUser | AnonymousUser, role: str) -> bool:
    """{% if user|is_a:"manager" %}; asked of the database once for a page."""
    known: dict[str, bool] = user.__dict__.setdefault("roles_on_this_page", {})
    if not known:
        held = roles_of(user)
        known.update({name: name in held or ADMINISTRATOR in held for name in EVERY_ROLE})
    return known[role]
