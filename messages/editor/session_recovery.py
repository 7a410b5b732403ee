"""Keep what was typed into the editor when the session or the CSRF token has expired."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt

from messages.accounts import sessions


def preserve_form_input(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorator that calls the view with `stale=True` if the CSRF token is invalid, to show the form without saving.

    A person who is signed out gets the typed text back on a page with status 401, to send again after signing in.
    """

    @csrf_exempt  # checked below, because Django's failure page discards the form
    @login_not_required  # checked below, because a redirect discards the form
    @wraps(view)
    def wrapper(request: HttpRequest, **url_arguments: str) -> HttpResponse:
        if not (request.user.is_authenticated and sessions.has_passed_second_factor(request)):
            return _return_form(request) if request.method == "POST" else _redirect(request)
        return view(request, **url_arguments, stale=request.method == "POST" and _is_stale(request))

    return wrapper


def _redirect(request: HttpRequest) -> HttpResponse:
    """Redirect to the sign-in page, or, after signing in without a second factor, to setting one up."""
    return redirect("account:set-up") if request.user.is_authenticated else redirect_to_login(request.get_full_path())


def _is_stale(request: HttpRequest) -> bool:
    check = CsrfViewMiddleware(lambda request: HttpResponse())
    check.process_request(request)
    return check.process_view(request, lambda request: HttpResponse(), (), {}) is not None


def _return_form(request: HttpRequest) -> HttpResponse:
    posted = [(name, value) for name, values in request.POST.lists() for value in values]
    typed = [(name, value) for name, value in posted if name != "csrfmiddlewaretoken"]
    readable = [(name, value) for name, value in typed if name in ("headline", "body") and value.strip()]
    sign_in = redirect_to_login(request.get_full_path()).url
    context = {"typed": typed, "to_read": readable, "sign_in": sign_in}
    return render(request, "messages/editor/session_recovery.html", context, status=401)
