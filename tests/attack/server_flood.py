"""One flood on a new installation in DATA_DIRECTORY, by HTTP, in a process of its own."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import django

from benchmarks.installation import PLACEMENT, environment, serving
from tests.attack.words import words_of
from tests.installation import copy_migrated_databases


class HttpSite:
    """Servers that take turns behind a proxy that names each client."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._lines = cycle([http.client.HTTPConnection("127.0.0.1", port) for port in ports])

    def decide(self, address: str, *, unit: str = "", counted: bool = True) -> tuple[str, str | None]:
        """The words of the message, and its receipt."""
        fields = {"placement": PLACEMENT} | ({"unit": unit} if unit else {})
        answer = self._post("decide", fields, address, {} if counted else {"DNT": "1"})
        message = answer["message"]
        return words_of(message["headline"], message["body_html"]), answer["receipt"]

    def report(self, address: str, events: Sequence[dict[str, str]]) -> int:
        """How many of these events were accepted."""
        return int(self._post("events", list(events), address, {})["accepted"])

    def _post(self, path: str, value: object, address: str, headers: dict[str, str]) -> Any:
        line = next(self._lines)
        line.request("POST", f"/api/v1/{path}", json.dumps(value), {"X-Real-IP": address, **headers})
        return json.loads(line.getresponse().read())


def main() -> int:
    """Install, flood, print what came of it; 1 if one network did more than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", type=int, default=1)
    parser.add_argument("--servers", type=int, default=1)
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--selective", action="store_true")
    options = parser.parse_args()
    directory = Path(os.environ["DATA_DIRECTORY"])
    own = {name: value for name, value in environment(directory).items() if name != "NETWORK_SHARE"}
    os.environ.clear()
    os.environ.update(own, DJANGO_SETTINGS_MODULE="campaign.settings")
    copy_migrated_databases(directory)
    django.setup()
    from analytics.fold.fold import fold  # these need Django
    from analytics.simulated_visits import demo
    from messages.library import starter_library
    from tests.attack import flood

    now = datetime.now(UTC)
    launched = now - timedelta(days=flood.DAYS + 1)
    starter_library.load(now=launched)
    demo.create_accounts()
    campaign = demo.create_campaign(now=launched, origins=[], planned_per_arm=flood.PLANNED_PER_ARM)
    attack = flood.Attack(options.networks, fast=options.fast, selective=options.selective)
    with ExitStack() as servers:

        def open_site(day: int) -> HttpSite:
            servers.close()  # the day before is over
            shifted = {**os.environ, "REHEARSAL_HOURS_AGO": str(24 * (flood.DAYS - day))}
            ready = b"POST /api/v1/decide HTTP/1.1\r\nHost: x\r\nX-Real-IP: 127.0.0.1\r\nContent-Length: %d\r\n\r\n%s"
            body = json.dumps({"placement": PLACEMENT}).encode()
            request = ready % (len(body), body)
            return HttpSite(
                [
                    servers.enter_context(
                        serving("campaign.entrypoints.time_shifted:application", shifted, ready=request)
                    ).port
                    for _ in range(options.servers)
                ]
            )

        def count() -> None:
            servers.close()
            fold(hour=int(now.timestamp()) // 3600)

        outcome = flood.flood(campaign, attack, open_site=open_site, fold=count, now=now)
    sys.stdout.write(f"{outcome}\n")
    return 0 if outcome.holds else 1


if __name__ == "__main__":
    sys.exit(main())
