"""Cross-origin access: which sites may read a reply of the audience surface."""

from functools import lru_cache, wraps

from campaign.serving.http import Headers, Refusal, Reply, Request, refusal_reply
from campaign.serving.routing import Handler, PendingReply, ServingContext


def cors_headers(request: Request, origin: str | None, allowed: frozenset[str]) -> Headers | None:
    """The headers that let this request's origin read the reply; None if it may not use this placement.

    No Origin header means a server or a plain navigation. This installation's own host is always allowed.
    """
    if origin is None:
        return []
    if origin in allowed:
        return _allow_origin(origin)
    if origin.split("://", 1)[-1] == request.header("host"):
        return []
    return None


@lru_cache(maxsize=256)
def _allow_origin(origin: str) -> Headers:
    return [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]


def _preflight_reply(methods: str) -> Reply:
    """The answer to OPTIONS: any site may ask; the placement's list decides at the request itself."""
    return Reply(
        204,
        [
            ("Access-Control-Allow-Origin", "*"),
            ("Access-Control-Allow-Methods", methods),
            ("Access-Control-Allow-Headers", "Content-Type"),
            ("Access-Control-Max-Age", "600"),
        ],
        b"",
    )


def _only(methods: tuple[str, ...], handler: Handler) -> Handler:
    """Answer OPTIONS for this handler, and refuse every method but these."""
    named = " and ".join(methods)

    @wraps(handler)
    def handle(request: Request, context: ServingContext) -> Reply | PendingReply:
        if request.method in methods:
            return handler(request, context)
        if request.method == "OPTIONS":
            return _preflight_reply(methods[0])
        refusal = Refusal(405, "method_not_allowed", f"This address answers {named}.")
        return refusal_reply(refusal, [("Allow", ", ".join((*methods, "OPTIONS")))])

    return handle


def cross_origin_post(handler: Handler) -> Handler:
    """Answer OPTIONS for this handler, and refuse every method but POST."""
    return _only(("POST",), handler)


def cross_origin_get(handler: Handler) -> Handler:
    """Answer OPTIONS for this handler, and refuse every method but GET and HEAD."""
    return _only(("GET", "HEAD"), handler)
