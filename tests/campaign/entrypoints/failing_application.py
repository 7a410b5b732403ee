"""An application behind the door whose answers come piece by piece, one of which fails half-way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.http import StreamingHttpResponse

if TYPE_CHECKING:
    from campaign.rsgi import RsgiApplication


def half_an_answer() -> Iterator[bytes]:
    """One piece, then a fault that holds something of someone's."""
    yield b"one half, "
    raise RuntimeError("canary")


def _whole_answer() -> Iterator[bytes]:
    yield b"one half, "
    yield b"the other"


def _downstream(environ: dict[str, Any], start_response: Any) -> StreamingHttpResponse:
    response = StreamingHttpResponse(_whole_answer() if environ["PATH_INFO"] == "/whole" else half_an_answer())
    start_response("200 OK", list(response.items()))
    return response


def __getattr__(name: str) -> RsgiApplication:
    """`application`, mounted when the server asks for it."""
    if name != "application":
        raise AttributeError(name)
    from campaign.rsgi import RsgiApplication
    from campaign.serving.application import create_audience_application
    from campaign.wsgi import django_application

    assert django_application  # Django is set up by it
    return RsgiApplication(_downstream, create_audience_application())
