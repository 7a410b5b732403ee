"""The real application with a planted fault: it writes down a hash of each user agent."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.rsgi import RsgiApplication
from campaign.rsgi import application as proper

if TYPE_CHECKING:
    from granian.rsgi import HTTPProtocol, Scope


class LeakyApplication(RsgiApplication):
    """Looks too closely at who comes."""

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        with (Path(os.environ["DATA_DIRECTORY"]) / "agents").open("a", encoding="ascii") as file:
            file.write(hashlib.sha256((scope.headers.get("user-agent") or "").encode()).hexdigest() + "\n")
        await super().__rsgi__(scope, protocol)


application = LeakyApplication.__new__(LeakyApplication)
application.__dict__.update(proper.__dict__)
