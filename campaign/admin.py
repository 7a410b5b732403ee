"""The read-only admin for support: accounts without passwords, and no audience data."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest

from messages.roles import ADMINISTRATOR, has_role


@admin.register(User)
class Accounts(admin.ModelAdmin):  # type: ignore[type-arg]  # ModelAdmin is not generic at run time
    """Accounts with their roles."""

    list_display = ["username", "roles", "is_active", "last_login"]
    search_fields = ["username"]
    fields = ["username", "email", "roles", "is_active", "last_login", "date_joined"]
    readonly_fields = ["roles"]
    actions = None

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Refuse every filter: Django would let one guess the hash of a password letter by letter."""
        return False

    @admin.display(description="role")
    def roles(self, user: User) -> str:
        return ", ".join(sorted(group.name for group in user.groups.all()))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request.user, ADMINISTRATOR)

    has_module_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission
