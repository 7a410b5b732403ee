"""Middleware that ends idle sessions, requires a second factor, and keeps everybody out of an older database.

It also lets nobody act whose account is not as the audit record says.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import messages as flash
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from messages.accounts import second_factors, sessions
from messages.accounts.recorded_accounts import AccountNotOnRecord, require_recorded
from messages.audit import continuity
from messages.roles import read_roles

View = TypeVar("View", bound=Callable[..., HttpResponse])
ENDED_IDLE_KEY = "ended_idle"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")


def allow_without_second_factor(view: View) -> View:
    """Decorator for views that are open while the account has no second factor."""
    view.allow_without_second_factor = True  # type: ignore[attr-defined]  # read by SecondFactorMiddleware
    return view


class OlderDatabaseMiddleware:
    """Answer 503 while the database is a restored backup, in which ended sessions and closed accounts live again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            is_open = not continuity.is_older_database()
        except DatabaseError:  # what needs it fails by itself
            is_open = True
        if is_open:
            return self.get_response(request)
        if request.path_info.startswith("/api/"):
            error = {
                "code": "older_database",
                "message": "A backup was restored. The operator runs manage.py restored.",
            }
            return JsonResponse({"error": error}, status=503)
        return render(request, "messages/accounts/older_database.html", status=503)


class SessionIdleMiddleware:
    """End sessions that were idle for too long, and store the hour in which a session is used."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated:
            if sessions.is_idle(request):
                logout(request)
                request.session[ENDED_IDLE_KEY] = True  # for the sign-in page to explain
            elif "Watching" not in request.headers:  # requests that a page makes by itself are no activity
                sessions.mark_seen(request)
        if isinstance(request.user, User):
            read_roles(request.user)
        return self.get_response(request)


class RecordedAccountMiddleware:
    """Refuse what an account that is not as the record says asks to change. The API checks those of tokens itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        user = request.user
        if request.method not in SAFE_METHODS and isinstance(user, User) and not _is_signing_out(request):
            try:
                require_recorded(user)
            except AccountNotOnRecord as refused:
                return _refuse(request, refused)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a sign-in that was refused."""
        return _refuse(request, exception) if isinstance(exception, AccountNotOnRecord) else None


def _is_signing_out(request: HttpRequest) -> bool:
    return request.path_info == reverse("logout")


def _refuse(request: HttpRequest, refused: AccountNotOnRecord) -> HttpResponse:
    if request.path_info.startswith("/api/"):
        return JsonResponse({"error": {"code": "account_not_on_record", "message": str(refused)}}, status=403)
    return render(request, "messages/accounts/not_on_record.html", {"sentence": refused}, status=403)


class SecondFactorMiddleware:
    """Redirect users without a second factor to the page that sets one up. The API has its own check.

    A session that passed none, of an account that has one by now, ends.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        open_to_all = not getattr(view, "login_required", True)  # set by login_not_required
        user = request.user
        if open_to_all or not isinstance(user, User) or sessions.has_passed_second_factor(request):
            return None
        if second_factors.has_factor(user):
            return ask_to_sign_in_again(request)
        if getattr(view, "allow_without_second_factor", False):
            return None
        return HttpResponseRedirect(reverse("account:set-up"))


def ask_to_sign_in_again(request: HttpRequest) -> HttpResponse:
    """End a session that passed no second factor, once the account has one."""
    logout(request)
    flash.info(request, _("This account now has a second factor. Sign in with it."))
    return HttpResponseRedirect(reverse("login"))
