"""Keep what was typed into the editor when the session or the CSRF token has expired, or somebody else signed in.

Only what our own page sent is shown again: a page of another site could otherwise have its words saved as one's own, by
one click.
"""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt

from messages.accounts import sessions

WRITER = "writer"  # the field with the name of the person to whom the form was shown
_NOT_TYPED = ("csrfmiddlewaretoken", WRITER)


def preserve_form_input(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """Decorator that calls the view with `stale=True` to show the form without saving.

    The form is stale if its CSRF token is invalid, or if it was shown to somebody else. A person who is signed out gets
    the typed text back on a page with status 401, to send again after signing in.
    """

    @csrf_exempt  # checked below, because Django's failure page discards the form
    @login_not_required  # checked below, because a redirect discards the form
    @wraps(view)
    def wrapper(request: HttpRequest, **url_arguments: str) -> HttpResponseBase:
        is_post = request.method == "POST"
        if not (request.user.is_authenticated and sessions.has_passed_second_factor(request)):
            return _return_form(request) if is_post and _is_from_this_site(request) else _redirect(request)
        rejection = _csrf_rejection(request) if is_post else None
        if rejection is not None and not _is_from_this_site(request):
            return rejection
        writer = request.POST.get(WRITER, request.user.get_username())
        stale = is_post and (rejection is not None or writer != request.user.get_username())
        return view(request, **url_arguments, stale=stale)

    return wrapper


def _is_from_this_site(request: HttpRequest) -> bool:
    """Whether the browser says that a page of this site sent the request; old browsers say it by Origin alone."""
    sender = request.headers.get("Sec-Fetch-Site")
    if sender is not None:
        return sender == "same-origin"
    return request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"


def _redirect(request: HttpRequest) -> HttpResponse:
    """Redirect to the sign-in page, or, after signing in without a second factor, to setting one up."""
    return redirect("account:set-up") if request.user.is_authenticated else redirect_to_login(request.get_full_path())


def _csrf_rejection(request: HttpRequest) -> HttpResponseBase | None:
    check = CsrfViewMiddleware(lambda request: HttpResponse())
    check.process_request(request)
    return check.process_view(request, lambda request: HttpResponse(), (), {})


def _return_form(request: HttpRequest) -> HttpResponse:
    posted = [(name, value) for name, values in request.POST.lists() for value in values]
    typed = [(name, value) for name, value in posted if name not in _NOT_TYPED]
    readable = [(name, value) for name, value in typed if name in ("headline", "body") and value.strip()]
    context = {
        "typed": typed,
        "to_read": readable,
        "writer": request.POST.get(WRITER, ""),
        "sign_in": redirect_to_login(request.get_full_path()).url,
    }
    return render(request, "messages/editor/session_recovery.html", context, status=401)
