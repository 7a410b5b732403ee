"""Forms that make something: the same form, sent twice by Back or a second press, makes one thing."""

import secrets

from django.http import HttpRequest

FIELD = "once"  # the form carries it, also where it comes back after signing in again
_SESSION_KEY, _FORMS_KEPT = "made_by_forms", 20


def form_key(request: HttpRequest) -> str:
    """Return the key of the form that was sent, or a new one for the form that is shown."""
    return request.POST.get(FIELD, "") or secrets.token_urlsafe(8)


def made_by(request: HttpRequest, once: str) -> int | None:
    """Return the primary key of what this very form made already in this session."""
    return dict(request.session.get(_SESSION_KEY, [])).get(once)


def remember(request: HttpRequest, once: str, made: int) -> None:
    """Note what a form made."""
    request.session[_SESSION_KEY] = [*request.session.get(_SESSION_KEY, []), [once, made]][-_FORMS_KEPT:]
