"""A session that has expired, or a page grown old, throws nothing away that somebody typed into the editor."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt

from messages.accounts import sessions

_NOT_TYPED = {"csrfmiddlewaretoken"}


def preserve_form_input(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view is called with `stale=True` for a form whose token we did not give: it may show it, never act on it.

    Whoever is signed out gets their words back in a page of their own (401), to send again after signing in.
    """

    @csrf_exempt  # checked below, because Django's own refusal throws the form away
    @login_not_required  # asked below, because a redirect throws the form away
    @wraps(view)
    def respond(request: HttpRequest, **where: str) -> HttpResponse:
        if not (request.user.is_authenticated and sessions.has_passed_second_factor(request)):
            return _handed_back(request) if request.method == "POST" else _sent_on(request)
        return view(request, **where, stale=request.method == "POST" and _is_stale(request))

    return respond


def _sent_on(request: HttpRequest) -> HttpResponse:
    """To sign in; or, who did that with a password alone, to set up the second factor."""
    return redirect("account:set-up") if request.user.is_authenticated else redirect_to_login(request.get_full_path())


def _is_stale(request: HttpRequest) -> bool:
    check = CsrfViewMiddleware(lambda request: HttpResponse())
    check.process_request(request)
    return check.process_view(request, lambda request: HttpResponse(), (), {}) is not None


def _handed_back(request: HttpRequest) -> HttpResponse:
    typed = [(name, value) for name, values in request.POST.lists() for value in values if name not in _NOT_TYPED]
    to_read = [(name, value) for name, value in typed if name in ("headline", "body") and value.strip()]
    sign_in = redirect_to_login(request.get_full_path()).url
    context = {"typed": typed, "to_read": to_read, "sign_in": sign_in}
    return render(request, "messages/editor/session_recovery.html", context, status=401)
