"""What every staff response carries: a content security policy without a single `unsafe-`, and one language."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

STAFF_CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
GetResponse = Callable[[HttpRequest], HttpResponseBase]


def content_security_policy(get_response: GetResponse) -> GetResponse:
    """Middleware: sets the policy unless the view has set its own; keeps assigned and private pages out of caches."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", STAFF_CSP)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return respond


def staff_language(get_response: GetResponse) -> GetResponse:
    """Middleware: pages in the language that a person has chosen, or else the browser's; the API stays in English.

    Programs read the API, and a sentence in it must not change with the headers that a library happens to send.
    """
    chosen = LocaleMiddleware(get_response)

    def respond(request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith("/api/"):
            with translation.override(settings.LANGUAGE_CODE):
                return get_response(request)
        response = chosen(request)
        assert isinstance(response, HttpResponseBase)  # nothing here is asynchronous
        return response

    return respond
