"""Give back what somebody typed into a form that could not be accepted: signed out, an expired page, another person.

Nothing is stored: the page holds the words, and sends them again. Only what a page of this site sent is shown again: a
page of another site could otherwise have its words sent on as one's own, by one click.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.csrf import csrf_failure as django_csrf_failure

V = TypeVar("V", bound=Callable[..., Any])

TYPED_BY = "writer"  # the field with the name of the person to whom the form was shown
_NOT_TYPED = ("csrfmiddlewaretoken", TYPED_BY)
_SECRETS = ("password", "code", "secret", "token", "credential")  # parts of names of fields that are never shown again
_READ_AGAIN = ("name", "headline", "body", "hypothesis", "reason", "said", "text", "comment", "title")


class Why(StrEnum):
    """Why a form was not accepted."""

    SIGNED_OUT = "signed out"
    EXPIRED = "expired"
    SOMEBODY_ELSE = "somebody else"
    UNCONFIRMED = "unconfirmed"


_STATUS = {Why.SIGNED_OUT: 401, Why.EXPIRED: 403, Why.SOMEBODY_ELSE: 403, Why.UNCONFIRMED: 403}


def says_if_lost(sentence: Promise) -> Callable[[V], V]:
    """Decorator that says what did not happen where the form of a view comes back: “Nothing was stopped yet.”"""

    def decorate(view: V) -> V:
        view.if_lost = sentence  # type: ignore[attr-defined]  # read by return_form
        return view

    return decorate


def is_from_this_site(request: HttpRequest) -> bool:
    """Whether the browser says that a page of this site sent the request; old browsers say it by Origin alone."""
    sender = request.headers.get("Sec-Fetch-Site")
    if sender is not None:
        return sender == "same-origin"
    return request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"


def typed_fields(request: HttpRequest) -> list[tuple[str, str]]:
    """Return what was sent that a page can hold and show again; nothing if a secret or a file is part of it."""
    if request.method != "POST" or not is_from_this_site(request) or request.FILES:
        return []
    if any(part in name.lower() for name in request.POST if name not in _NOT_TYPED for part in _SECRETS):
        return []
    posted = [(name, str(value)) for name, values in request.POST.lists() for value in values]
    return [(name, value) for name, value in posted if name not in _NOT_TYPED]


def words_to_read(typed: list[tuple[str, str]]) -> list[str]:
    """Return what somebody wrote, without choices and what the page carries by itself."""
    return [value for name, value in typed if value.strip() and (name in _READ_AGAIN or " " in value.strip())]


def return_form(request: HttpRequest, why: Why) -> HttpResponse:
    """Show what was typed, whose words they are, and the button that sends them again."""
    typed, user = typed_fields(request), request.user
    me = user.get_username() if user.is_authenticated else ""
    typed_by = request.POST.get(TYPED_BY, "")
    view = request.resolver_match.func if request.resolver_match else None
    context = {
        "why": why,
        "typed": typed,
        "words": words_to_read(typed),
        "typed_by": typed_by,
        "is_somebody_else": bool(me and typed_by and typed_by != me),
        "if_lost": getattr(view, "if_lost", _("Nothing was saved yet.")),
        "sign_in": redirect_to_login(request.get_full_path()).url,
        "confirm": reverse("confirm"),
    }
    return render(request, "messages/accounts/form_recovery.html", context, status=_STATUS[why])


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is not valid: with what was typed, if a page of ours sent it to a view for staff."""
    view = request.resolver_match.func if request.resolver_match else None
    if getattr(view, "login_required", True) and typed_fields(request):
        is_in = request.user.is_authenticated
        return return_form(request, Why.EXPIRED if is_in else Why.SIGNED_OUT)
    if not is_from_this_site(request):
        return django_csrf_failure(request, reason)
    return render(request, "messages/accounts/page_expired.html", status=403)


class SignedInMiddleware(LoginRequiredMiddleware):
    """Ask everybody to sign in, and give what was typed back to who is signed out, or to somebody else by now."""

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., Any], view_args: Any, view_kwargs: Any
    ) -> Any:
        """Compare the person to whom the form was shown with who sends it."""
        user = request.user
        if user.is_authenticated and getattr(view_func, "login_required", True) and request.method == "POST":
            typed_by = request.POST.get(TYPED_BY, user.get_username())
            if typed_by != user.get_username() and typed_fields(request):
                return return_form(request, Why.SOMEBODY_ELSE)
        return super().process_view(request, view_func, view_args, view_kwargs)

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> Any:
        """Give the form back, or redirect to the sign-in page."""
        if typed_fields(request):
            return return_form(request, Why.SIGNED_OUT)
        return super().handle_no_permission(request, view_func)
