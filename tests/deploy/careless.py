"""The real application with a planted fault: it writes down a hash of each user agent."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from campaign import wsgi

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    with (Path(os.environ["DATA_DIRECTORY"]) / "agents").open("a", encoding="ascii") as file:
        file.write(hashlib.sha256(environ.get("HTTP_USER_AGENT", "").encode()).hexdigest() + "\n")
    return wsgi.application(environ, start_response)
