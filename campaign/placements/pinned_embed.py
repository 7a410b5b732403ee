"""The present embed and its module under names of their content, for whoever pins them."""

import base64
from functools import lru_cache
from hashlib import sha256, sha384
from pathlib import Path
from typing import NamedTuple

STATIC = Path(__file__).parent.parent / "static" / "campaign"
PINNED = ("embed.js", "embed.mjs")


class PinnedEmbed(NamedTuple):
    """A file name, and the value of `integrity`."""

    name: str
    integrity: str


def pinned_name(name: str, content: bytes) -> str:
    """The name of one version of a file."""
    path = Path(name)
    return f"{path.stem}-{sha256(content).hexdigest()[:16]}{path.suffix}"


@lru_cache(maxsize=len(PINNED))
def pinned_embed(name: str = "embed.js") -> PinnedEmbed:
    """The present version of a file."""
    content = (STATIC / name).read_bytes()
    return PinnedEmbed(pinned_name(name, content), f"sha384-{base64.b64encode(sha384(content).digest()).decode()}")
