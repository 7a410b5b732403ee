"""The present embed under a name of its content, for a tag that pins it."""

import base64
from functools import lru_cache
from hashlib import sha256, sha384
from pathlib import Path
from typing import NamedTuple

STATIC = Path(__file__).parent.parent / "static" / "campaign"


class PinnedEmbed(NamedTuple):
    """A file name, and the value of `integrity`."""

    name: str
    integrity: str


def pinned_name(content: bytes) -> str:
    """The name of a version of the embed."""
    return f"embed-{sha256(content).hexdigest()[:16]}.js"


@lru_cache(maxsize=1)
def pinned_embed() -> PinnedEmbed:
    """The present version."""
    content = (STATIC / "embed.js").read_bytes()
    return PinnedEmbed(pinned_name(content), f"sha384-{base64.b64encode(sha384(content).digest()).decode()}")
