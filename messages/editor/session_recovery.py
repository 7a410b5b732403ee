"""Show the editor again with what was typed, when the CSRF token has expired or somebody else has signed in.

Who is signed out gets the words back as from every other form (`messages.accounts.form_recovery`).
"""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt

from messages.accounts import sessions
from messages.accounts.form_recovery import TYPED_BY, Why, is_from_this_site, return_form, typed_fields


def preserve_form_input(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """Decorator that calls the view with `stale=True` to show the form without saving.

    The form is stale if its CSRF token is invalid, or if it was shown to somebody else.
    """

    @csrf_exempt  # checked below, because the editor is shown again with its checks and preview
    @login_not_required  # checked below, because a redirect discards the form
    @wraps(view)
    def wrapper(request: HttpRequest, **url_arguments: str) -> HttpResponseBase:
        is_post = request.method == "POST"
        if not (request.user.is_authenticated and sessions.has_passed_second_factor(request)):
            return return_form(request, Why.SIGNED_OUT) if typed_fields(request) else _redirect(request)
        rejection = _csrf_rejection(request) if is_post else None
        if rejection is not None and not is_from_this_site(request):
            return rejection
        typed_by = request.POST.get(TYPED_BY, request.user.get_username())
        stale = is_post and (rejection is not None or typed_by != request.user.get_username())
        return view(request, **url_arguments, stale=stale)

    return wrapper


def _redirect(request: HttpRequest) -> HttpResponse:
    """Redirect to the sign-in page, or, after signing in without a second factor, to setting one up."""
    return redirect("account:set-up") if request.user.is_authenticated else redirect_to_login(request.get_full_path())


def _csrf_rejection(request: HttpRequest) -> HttpResponseBase | None:
    check = CsrfViewMiddleware(lambda request: HttpResponse())
    check.process_request(request)
    return check.process_view(request, lambda request: HttpResponse(), (), {})
