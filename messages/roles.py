"""The roles that people hold on an installation; each is a group of the same name."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser, AnonymousUser

MANAGER, REVIEWER, ANALYST = "manager", "reviewer", "analyst"
ROLES = (MANAGER, REVIEWER, ANALYST)


def has_role(user: AbstractUser | AnonymousUser, *roles: str) -> bool:
    """Whether a signed-in person holds one of the roles; a superuser holds them all."""
    if not user.is_authenticated or not user.is_active:
        return False
    return user.is_superuser or user.groups.filter(name__in=roles).exists()
