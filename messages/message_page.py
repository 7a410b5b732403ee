"""The page of one message: its revisions, and the ways on from each."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from messages.models import Message
from messages.roles import MANAGER, ROLES, has_role


@require_safe
def message(request: HttpRequest, key: str) -> HttpResponse:
    """Its revisions, newest first."""
    if not has_role(request.user, *ROLES):
        raise PermissionDenied
    found = get_object_or_404(Message.objects.select_related("theme"), key=key)
    revisions = found.revisions.prefetch_related("renditions").order_by("-number")
    context = {"message": found, "revisions": revisions, "may_write": has_role(request.user, MANAGER)}
    return render(request, "messages/message.html", context)
