"""Middleware of the staff site: the content security policy and the language."""

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
    """Set the content security policy and forbid caching, unless the view has set its own headers."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", STAFF_CSP)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return respond


def staff_language(get_response: GetResponse) -> GetResponse:
    """Activate the chosen language, or else the browser's. The API, which programs read, stays in English."""
    localized = LocaleMiddleware(get_response)

    def respond(request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith("/api/"):
            with translation.override(settings.LANGUAGE_CODE):
                return get_response(request)
        response = localized(request)
        assert isinstance(response, HttpResponseBase)  # all middleware is synchronous
        return response

    return respond
