"""The WSGI application: the audience surface before Django. Production uses campaign.rsgi, which is faster."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from django.core.wsgi import get_wsgi_application

from campaign.header_limits import limit_headers, start_reply
from campaign.serving.http import Reply, Request, incomplete_body_refusal, parse_content_length
from campaign.serving.routing import PendingReply, Route

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from campaign.serving.application import AudienceApplication

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "campaign.settings")
django_application = limit_headers(get_wsgi_application())


class WsgiApplication:
    """Answers requests of the audience in the caller's thread and passes all others to `downstream`."""

    def __init__(self, downstream: WSGIApplication, audience: AudienceApplication) -> None:
        self._downstream, self._audience = downstream, audience

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        route = self._audience.find_route(environ.get("PATH_INFO", ""))
        if route is None:
            return self._downstream(environ, start_response)
        return start_reply(self._reply(environ, route), environ, start_response)

    def _reply(self, environ: WSGIEnvironment, route: Route) -> Reply:
        audience = self._audience
        try:
            answer = audience.handle(route, _request(environ, route.max_body_bytes))
            if isinstance(answer, PendingReply):
                return audience.complete(answer, audience.recorder.submit(answer.events, clock=audience.clock))
            return answer
        except Exception as error:
            return audience.error_reply(error)


def _request(environ: WSGIEnvironment, limit: int) -> Request:
    return Request(
        environ["REQUEST_METHOD"],
        environ["PATH_INFO"],
        environ.get("QUERY_STRING", ""),
        _headers(environ),
        lambda: environ.get("REMOTE_ADDR", ""),
        _body(environ, limit),
    )


def _headers(environ: WSGIEnvironment) -> Callable[[str], str | None]:
    return lambda name: environ.get(f"HTTP_{name.upper().replace('-', '_')}")


def _body(environ: WSGIEnvironment, limit: int) -> bytes | None:
    length = parse_content_length(environ.get("CONTENT_LENGTH"))
    if length is not None and length > limit:
        return None
    body: bytes = environ["wsgi.input"].read(limit + 1 if length is None else length)
    if length is not None and len(body) < length:
        raise incomplete_body_refusal()
    return body if len(body) <= limit else None


def __getattr__(name: str) -> WSGIApplication:
    """Create `application` on first access: importing this module starts no threads."""
    if name != "application":
        raise AttributeError(name)
    from campaign.serving.application import create_audience_application

    application = globals()["application"] = WsgiApplication(django_application, create_audience_application())
    return application
