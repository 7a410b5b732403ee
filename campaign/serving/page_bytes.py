"""A page as bytes on the wire: the styles in it, compressed, and as long as each other page of its place.

The styles stand in the page, so that its words are on screen after one answer, on a slow line too. It is compressed,
although a compressed length tells what is compressed: spaces that are stored as they are fill it up afterwards. So is
the receipt, the one thing that is new in each page, and nothing of the request stands in a page.
"""

import base64
import gzip
import re
import zlib
from functools import lru_cache
from hashlib import sha256

from campaign.serving.assets import read_asset

_STYLES = ("tokens.css", "message.css")
_LINKS = "\n".join(f'<link rel="stylesheet" href="/static/campaign/{name}">' for name in _STYLES).encode()
_SCRIPT = b'<script src="/static/campaign/kept.js"></script>'
# What a page has compressed, beside its styles, is so much of its own length and so much more: always enough.
_SHARE, _MORE = 5 / 16, 1500
_HEADER = gzip.compress(b"", mtime=0)[:10]
_STORED, _LAST = b"\x00", b"\x01"


@lru_cache(maxsize=1)
def _styles() -> str:
    """The style sheets without comments and needless spaces."""
    text = "".join(read_asset(name).decode() for name in _STYLES)
    return re.sub(" ?([{};]) ?", r"\1", " ".join(re.sub(r"/[*].*?[*]/", "", text, flags=re.DOTALL).split()))


@lru_cache(maxsize=1)
def _page_script() -> str:
    return read_asset("kept.js").decode()


@lru_cache(maxsize=1)
def inline_sources() -> str:
    """Directives of the content security policy that allow what stands in the page, and scripts and styles of ours."""
    style, script = (base64.b64encode(sha256(text.encode()).digest()).decode() for text in (_styles(), _page_script()))
    return f"style-src 'self' 'sha256-{style}'; script-src 'self' 'sha256-{script}'"


def with_styles(page: bytes) -> bytes:
    """The page with its styles, and the script that runs before the first paint, in the place of their addresses."""
    page = page.replace(_LINKS, f"<style>{_styles()}</style>".encode(), 1)
    return page.replace(_SCRIPT, f"<script>{_page_script()}</script>".encode(), 1)


@lru_cache(maxsize=1)
def _styles_length() -> int:
    return len(zlib.compress(_styles().encode(), 9))


def compress_page(page: bytes, receipt: bytes, length: int) -> bytes | None:
    """A page with styles as gzip: one length for all that are this long without styles. None if it does not fit."""
    parts = page.split(receipt) if receipt else [page]
    body = _HEADER + _stored_block(receipt, _STORED).join(map(_deflate, parts))
    spaces = int(length * _SHARE) + _MORE + _styles_length() - len(body)
    if spaces < 0:
        return None
    whole = page + b" " * spaces
    end = (zlib.crc32(whole) & 0xFFFFFFFF).to_bytes(4, "little") + len(whole).to_bytes(4, "little")
    return body + _stored_block(b" " * spaces, _LAST) + end


def _stored_block(data: bytes, mark: bytes) -> bytes:
    """A block of deflate that holds these bytes as they are (RFC 1951, 3.2.4)."""
    return mark + len(data).to_bytes(2, "little") + (len(data) ^ 0xFFFF).to_bytes(2, "little") + data


@lru_cache(maxsize=256)  # all that is shown of one campaign but for the receipts, several times
def _deflate(part: bytes) -> bytes:
    """Blocks of deflate, up to a whole byte, that refer to nothing before them."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeeze.compress(part) + squeeze.flush(zlib.Z_FULL_FLUSH)
