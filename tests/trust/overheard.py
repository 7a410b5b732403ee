"""The audience surface with someone who listens: the one place that knows how the server hands over a request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

Headers = list[tuple[str, str]]


class Seen(NamedTuple):
    """What a request tells of who sent it."""

    address: str
    agent: str
    path: str
    query: str
    request_id: str


Hear = Callable[[Seen], None]
Answer = Callable[[Seen, int, Headers], Headers]


def overheard(application: WSGIApplication, hear: Hear, answer: Answer) -> WSGIApplication:
    """The application; `hear` is told of each request, and `answer` may change the headers of its reply."""

    def listening(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        seen = Seen(
            environ.get("REMOTE_ADDR", ""),
            environ.get("HTTP_USER_AGENT", ""),
            environ["PATH_INFO"],
            environ.get("QUERY_STRING", ""),
            environ.get("HTTP_X_REQUEST_ID", ""),
        )
        hear(seen)

        def start(status: str, headers: Headers, exc_info: None = None) -> Callable[[bytes], object]:
            return start_response(status, answer(seen, int(status.split()[0]), headers))

        return application(environ, start)  # type: ignore[arg-type]  # `start` is called with what the server gives

    return listening


def silent(seen: Seen) -> None:
    """Nobody listens."""


def unchanged(seen: Seen, status: int, headers: Headers) -> Headers:
    """The reply as it is."""
    return headers
