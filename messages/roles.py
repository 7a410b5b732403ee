"""The roles of staff; each is a group of the same name."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.models import AbstractUser, AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

MANAGER, REVIEWER, ANALYST = "manager", "reviewer", "analyst"
PARTNER_CONTACT, OUTSIDE_REVIEWER, ADMINISTRATOR = "partner contact", "outside reviewer", "administrator"
STAFF_ROLES = (MANAGER, REVIEWER, ANALYST)  # roles that may read everything that staff may read
ALL_ROLES = (*STAFF_ROLES, PARTNER_CONTACT, OUTSIDE_REVIEWER, ADMINISTRATOR)
ROLE_NAMES = {
    MANAGER: _("Manager"),
    REVIEWER: _("Reviewer"),
    ANALYST: _("Analyst"),
    PARTNER_CONTACT: _("Partner contact"),
    OUTSIDE_REVIEWER: _("Outside reviewer"),
    ADMINISTRATOR: _("Administrator"),
}
ROLE_DESCRIPTIONS = {
    MANAGER: _("Plans, launches, pauses and closes campaigns, and reads the audit record."),
    REVIEWER: _("Approves texts and campaigns made by others."),
    ANALYST: _("Reads campaigns, messages and results."),
    PARTNER_CONTACT: _("Works for a partner. Sees only that partner’s placements."),
    OUTSIDE_REVIEWER: _("Comes from outside. Reads and approves only the campaigns they are asked to review."),
    ADMINISTRATOR: _("Manages people and can do everything the other roles can, except approve their own work."),
}


def current_user(request: HttpRequest) -> User:
    """Return the signed-in user of a staff request; the login middleware has already turned away anybody else."""
    assert isinstance(request.user, User)
    return request.user


def read_roles(user: AbstractUser) -> None:
    """Read the roles of a user once, for all that asks for them while this request lasts."""
    prefetch_related_objects([user], "groups")


def has_role(user: AbstractUser | AnonymousUser, *roles: str) -> bool:
    """Whether an active user holds one of the roles; administrators hold all of them."""
    if not user.is_authenticated or not user.is_active:
        return False
    return user.is_superuser or any(group.name in (*roles, ADMINISTRATOR) for group in user.groups.all())


def users_with_role(*roles: str) -> QuerySet[User]:
    """All users for whom `has_role` holds."""
    held = Q(is_superuser=True) | Q(groups__name__in=(*roles, ADMINISTRATOR))
    return User.objects.filter(held, is_active=True).distinct()


def require_role(user: AbstractUser | AnonymousUser, *roles: str) -> None:
    """Raise PermissionDenied unless the user holds one of the roles."""
    if not has_role(user, *roles):
        raise PermissionDenied


def role_required(*roles: str) -> Callable[[View[P]], View[P]]:
    """Decorator that raises PermissionDenied unless the user holds one of the roles, before anything else is asked."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def wrapper(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            require_role(request.user, *roles)
            return view(request, *args, **kwargs)

        return wrapper

    return decorate


def roles_held(user: AbstractUser | AnonymousUser) -> frozenset[str]:
    """Every role that `has_role` accepts, in one query."""
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    names = frozenset(group.name for group in user.groups.all())
    return frozenset(ALL_ROLES) if user.is_superuser or ADMINISTRATOR in names else names


def main_role(user: AbstractUser) -> str:
    """The role that is shown for a user; empty if they have none."""
    names = {ADMINISTRATOR} if user.is_superuser else {group.name for group in user.groups.all()}
    return next((role for role in (ADMINISTRATOR, *ALL_ROLES) if role in names), "")
