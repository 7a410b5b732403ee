"""Middleware of the staff site: the content security policy, the language, and what no request may bring."""

from collections.abc import Callable, Iterator

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import (
    HttpRequest,
    HttpResponseBase,
    HttpResponseNotAllowed,
    JsonResponse,
    QueryDict,
    UnreadablePostError,
)
from django.middleware.locale import LocaleMiddleware
from django.shortcuts import render
from django.urls import Resolver404, resolve
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


def explain_wrong_method(get_response: GetResponse) -> GetResponse:
    """Answer a page in place of Django's empty 405: it leads to the page whose button was meant."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or request.path_info.startswith("/api/"):
            return response
        page = render(request, "405.html", {"page_above": _page_above(request.path_info)}, status=405)
        page.headers["Allow"] = response.headers["Allow"]
        return page

    return respond


def _page_above(path: str) -> str:
    """The nearest address above this one that some route answers."""
    above = path.rstrip("/").rpartition("/")[0] + "/"
    try:
        resolve(above)
    except Resolver404:
        return _page_above(above)
    return above


def refuse_null_characters(get_response: GetResponse) -> GetResponse:
    """Answer 400 to a null character in an address, a cookie or a form: PostgreSQL stores none, and nobody types one.

    The API reads JSON alone, and its fields refuse them.
    """

    def respond(request: HttpRequest) -> HttpResponseBase:
        if not any("\0" in text for text in _texts_of(request)):
            return get_response(request)
        if request.path_info.startswith("/api/"):
            error = {"code": "bad_request", "message": "The request holds a null character.", "fields": {}}
            return JsonResponse({"error": error}, status=400)
        raise BadRequest("A null character.")

    return respond


def _texts_of(request: HttpRequest) -> Iterator[str]:
    yield request.path_info
    yield from request.COOKIES.values()
    yield from _names_and_values(request.GET)
    if request.method == "POST" and not request.path_info.startswith("/api/"):
        try:
            yield from _names_and_values(request.POST)
        except UnreadablePostError:  # the browser is gone, which Django's check of the form notices
            return
        yield from (str(getattr(upload, "name", "")) for upload in request.FILES.values())


def _names_and_values(fields: QueryDict) -> Iterator[str]:
    for name, values in fields.lists():
        yield name
        yield from map(str, values)
