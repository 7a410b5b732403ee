"""The style sheets and scripts of the audience surface, from memory: the same bytes for everybody.

They go out compressed to whoever takes that, as pages do (page_bytes.py); answers of the API do not: their length would
tell what they say (docs/threat-model.md). Any site may read them, so that a partner's tag can hold `integrity`.

The embed and its module have a second address that names their content, `embed-<digest>.js`, for a tag that pins it.
What such a tag loads never changes, so each version that was released is kept in `copies` (`make embed RELEASE=1`).
"""

import gzip
from functools import lru_cache
from pathlib import Path

from campaign.placements.pinned_embed import PINNED, STATIC, pinned_embed
from campaign.serving.http import Refusal, Reply, Request
from campaign.serving.routing import Route, ServingContext

PREFIX = "/static/campaign/"
ASSETS = ("tokens.css", "message.css", "kept.js", "page.js", "embed.js", "embed.mjs", "embed.d.mts", "frame.js")
COPIES = STATIC / "copies"
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
_TYPES[".mjs"] = _TYPES[".js"]
_TYPES[".mts"] = "text/plain; charset=utf-8"
_AN_HOUR, _FOR_EVER = "public, max-age=3600", "public, max-age=31536000, immutable"


@lru_cache(maxsize=1)
def _paths() -> dict[str, tuple[Path, str]]:
    """Where each asset lies, by its name, and how long a cache may hold it."""
    paths = {path.name: (path, _FOR_EVER) for path in COPIES.glob("embed-*")}
    paths |= {pinned_embed(name).name: (STATIC / name, _FOR_EVER) for name in PINNED}
    return paths | {name: (STATIC / name, _AN_HOUR) for name in ASSETS}


def is_asset(path: str) -> bool:
    """Whether this is the path of an asset."""
    return path.startswith(PREFIX) and path[len(PREFIX) :] in _paths()


def handle_asset(request: Request, context: ServingContext) -> Reply:
    """An asset without any validator, which could identify a device."""
    if request.method not in ("GET", "HEAD"):
        raise Refusal(405, "method_not_allowed", "This address answers GET.")
    name = request.path[len(PREFIX) :]
    path, caching = _paths()[name]
    plain, compressed = _contents(name)
    headers = [
        ("Content-Type", _TYPES[path.suffix]),
        ("Cache-Control", caching),
        ("Vary", "Accept-Encoding"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cross-Origin-Resource-Policy", "cross-origin"),
        ("Access-Control-Allow-Origin", "*"),
    ]
    if not takes_gzip(request):
        return Reply(200, headers, plain)
    return Reply(200, [*headers, ("Content-Encoding", "gzip")], compressed)


def read_asset(name: str) -> bytes:
    """The bytes of an asset."""
    return _contents(name)[0]


def takes_gzip(request: Request) -> bool:
    """Whether the client names gzip, other than to refuse it."""
    accepted = request.header("accept-encoding") or ""
    codings = [coding.replace(" ", "").lower() for coding in accepted.split(",")]
    return any(
        coding == "gzip" or (coding.startswith("gzip;q=") and coding.strip("0.") != "gzip;q=") for coding in codings
    )


@lru_cache(maxsize=64)
def _contents(name: str) -> tuple[bytes, bytes]:
    """The bytes of an asset, plain and compressed."""
    plain = _paths()[name][0].read_bytes()
    return plain, gzip.compress(plain, compresslevel=9, mtime=0)


ASSET_ROUTE = Route(handle_asset)
