"""Runs of the real programs under the shim, and the ledger of what they acknowledged."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.installation import ORIGIN, ROOT, receipts, serving
from benchmarks.processes import living_family
from campaign.assignment.receipts import ReceiptSigner
from campaign.entrypoints.launcher import PRODUCTION_APPLICATION
from campaign.keys.store import receipt_keys
from campaign.outcomes import RECORDED_OUTCOMES
from tests.power.ledger import Acknowledged, bits_of
from tests.power.recording import Recording
from tests.power.writer import ACKNOWLEDGED, ENTRY_BYTES

APPLICATION = PRODUCTION_APPLICATION
# An audience database that nobody answers for: events go to the spool.
AWAY = {"AUDIENCE_DATABASE_URL": "postgres://nobody@127.0.0.1:1/away?connect_timeout=1"}
Event = dict[str, str]
_HEADERS = {"Content-Type": "application/json", "Origin": ORIGIN}


def post(link: http.client.HTTPConnection, path: str, value: object) -> tuple[int, Any]:
    """One request on a connection that stays open: the status, and the JSON that came back."""
    link.request("POST", path, json.dumps(value), _HEADERS)
    reply = link.getresponse()
    return reply.status, json.loads(reply.read())


def events(notes: Iterable[str]) -> list[Event]:
    """One event for each receipt."""
    outcomes = itertools.cycle(key for key, outcome in RECORDED_OUTCOMES.items() if outcome.mask)
    return [{"receipt": note, "outcome": outcome} for note, outcome in zip(notes, outcomes, strict=False)]


class EventSenders:
    """Sends events for given receipts over several connections, and keeps the ledger of what was acknowledged."""

    def __init__(self, port: int, keys: Path, *, position: Callable[[], int] = int) -> None:
        """`position` is asked after each answer: its sync must stand before it."""
        self._port, self._position = port, position
        self._office = ReceiptSigner(receipt_keys(keys))
        self.ledger: list[Acknowledged] = []
        self.refused: list[tuple[Event, str]] = []  # each with its code

    def begin(self, events: Sequence[Event], *, connections: int = 4) -> list[threading.Thread]:
        """Each connection takes its share of the events, and ends with them or with the server."""
        threads = [
            threading.Thread(target=self._work, args=(events[start::connections], start))
            for start in range(connections)
        ]
        for thread in threads:
            thread.start()
        return threads

    def send(self, events: Sequence[Event]) -> None:
        """All of them, to the last answer."""
        for thread in self.begin(events):
            thread.join()

    def _work(self, events: Sequence[Event], seed: int) -> None:
        chance = random.Random(seed)
        link = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        mine = list(events)
        with suppress(OSError, http.client.HTTPException):  # the server is gone: nothing more is acknowledged
            while mine:
                size = 1 if chance.random() < 0.7 else min(len(mine), chance.randint(2, 20))
                self._send(link, [mine.pop() for _ in range(size)])
        link.close()

    def _send(self, link: http.client.HTTPConnection, batch: list[Event]) -> None:
        status, answer = post(link, "/api/v1/events", batch[0] if len(batch) == 1 else batch)
        position = self._position()
        codes = {item["index"]: item["error"]["code"] for item in answer.get("rejected", [])}
        if "error" in answer:
            codes = dict.fromkeys(range(len(batch)), answer["error"]["code"])
        for index, event in enumerate(batch):
            if index in codes:
                self.refused.append((event, codes[index]))
                continue
            assert status in (200, 207)
            nonce = self._office.verify(event["receipt"], hour=0).nonce
            self.ledger.append(Acknowledged(nonce, bits_of(event["outcome"]), position))


def server_killed_under_load(own: Mapping[str, str], *, acknowledged: int) -> tuple[Recording, list[Acknowledged]]:
    """The production server answers this many events, and is killed with -9 while more are on their way."""
    recording = Recording.of(Path(own["DATA_DIRECTORY"]))
    with serving(APPLICATION, {**own, **recording.variables()}) as served:
        visitors = EventSenders(served.port, recording.directory / "keys", position=recording.position)
        threads = visitors.begin(events(receipts(served.port, acknowledged * 4 + 200)))
        while len(visitors.ledger) < acknowledged and any(thread.is_alive() for thread in threads):
            threads[0].join(0.005)
        for pid in living_family(min(served.processes)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for thread in threads:
            thread.join()
    return recording, visitors.ledger


def writer_under_load(own: Mapping[str, str], *, threads: int = 4, each: int) -> tuple[Recording, list[Acknowledged]]:
    """The writer thread alone with several callers; its acknowledgements stand in the operation log themselves."""
    recording = Recording.of(Path(own["DATA_DIRECTORY"]))
    environment = {"DJANGO_SETTINGS_MODULE": "campaign.settings", **own, **recording.variables()}
    command = [sys.executable, "-m", "tests.power.writer", str(threads), str(each)]
    subprocess.run(command, check=True, cwd=ROOT, env=environment)
    return recording, _ledger_in_the_log(recording)


def _ledger_in_the_log(recording: Recording) -> list[Acknowledged]:
    entries, number = [], None
    for operation in recording.operations():
        if operation.kind == "C" and operation.path == f"/{ACKNOWLEDGED}":
            number = operation.number
        elif operation.kind == "W" and operation.number == number:
            for at in range(0, len(operation.data), ENTRY_BYTES):
                entry = operation.data[at : at + ENTRY_BYTES]
                entries.append(Acknowledged(entry[:16], int.from_bytes(entry[16:], "big"), operation.end))
    return entries
