"""Runs of the real programs under the shim, and the ledger of what they acknowledged."""

from __future__ import annotations

import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.installation import ORIGIN, ROOT, installation, receipts, serving
from benchmarks.processes import living_family
from campaign.keyring import receipt_keys
from campaign.receipt import ReceiptOffice
from tests.power.ledger import Acknowledged, bits_of
from tests.power.recording import Recording
from tests.power.writer import ACKNOWLEDGED, ENTRY_BYTES

APPLICATION = "campaign.wsgi:application"
_OUTCOMES = ("exposed", "left", "continued", "help_self", "help_affected", "learn_more", "annoyed")
_HEADERS = {"Content-Type": "application/json", "Origin": ORIGIN}


@contextmanager
def installed(folder: Path) -> Iterator[dict[str, str]]:
    """The environment of an installation with the demo campaign, its data in `folder`/data."""
    with installation() as made:
        shutil.copytree(made["DATA_DIRECTORY"], folder / "data")
    yield {**made, "DATA_DIRECTORY": str(folder / "data")}


def copied(own: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The same installation once more, in a directory of its own."""
    shutil.copytree(own["DATA_DIRECTORY"], folder / "data")
    return {**own, "DATA_DIRECTORY": str(folder / "data")}


def send(link: http.client.HTTPConnection, path: str, value: object) -> tuple[int, object]:
    """One request on a connection that stays open: the status, and the JSON that came back."""
    link.request("POST", path, json.dumps(value), _HEADERS)
    reply = link.getresponse()
    return reply.status, json.loads(reply.read())


class Visitors:
    """Sends events for given receipts over several connections, and keeps the ledger of what was acknowledged."""

    def __init__(self, port: int, recording: Recording, *, seed: int = 1) -> None:
        self._port, self._recording, self._seed = port, recording, seed
        self._office = ReceiptOffice(receipt_keys(recording.directory / "keys"))
        self.ledger: list[Acknowledged] = []
        self.refused: list[int] = []

    def work(self, notes: Sequence[str], *, connections: int = 4) -> list[threading.Thread]:
        """Begin: each connection takes its share of the receipts, and ends with them or with the server."""
        threads = [
            threading.Thread(target=self._work, args=(notes[start::connections], self._seed + start))
            for start in range(connections)
        ]
        for thread in threads:
            thread.start()
        return threads

    def _work(self, notes: Sequence[str], seed: int) -> None:
        chance = random.Random(seed)
        link = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        mine = list(notes)
        with suppress(OSError, http.client.HTTPException):  # the server is gone: nothing more is acknowledged
            while mine:
                size = 1 if chance.random() < 0.7 else min(len(mine), chance.randint(2, 20))
                batch = [{"receipt": mine.pop(), "outcome": chance.choice(_OUTCOMES)} for _ in range(size)]
                self._send(link, batch)
        link.close()

    def _send(self, link: http.client.HTTPConnection, batch: list[dict[str, str]]) -> None:
        status, answer = send(link, "/api/v1/events", batch[0] if len(batch) == 1 else batch)
        position = self._recording.position()  # after the answer: its sync must stand before
        assert isinstance(answer, dict)
        rejected = {item["index"] for item in answer.get("rejected", [])}
        for index, event in enumerate(batch):
            if status in (200, 207) and index not in rejected:
                nonce = self._office.verify(event["receipt"], hour=0).nonce
                self.ledger.append(Acknowledged(nonce, bits_of(event["outcome"]), position))
            else:
                self.refused.append(status)


def server_killed_under_load(own: Mapping[str, str], *, acknowledged: int) -> tuple[Recording, list[Acknowledged]]:
    """The production server answers this many events, and is killed with -9 while more are on their way."""
    recording = Recording.of(Path(own["DATA_DIRECTORY"]))
    with serving(APPLICATION, {**own, **recording.variables()}) as served:
        visitors = Visitors(served.port, recording)
        threads = visitors.work(receipts(served.port, acknowledged * 4 + 200))
        while len(visitors.ledger) < acknowledged and any(thread.is_alive() for thread in threads):
            threads[0].join(0.005)
        for pid in living_family(min(served.processes)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for thread in threads:
            thread.join()
    return recording, visitors.ledger


def writer_under_load(own: Mapping[str, str], *, threads: int = 4, events: int) -> tuple[Recording, list[Acknowledged]]:
    """The writer thread alone with several callers; its acknowledgements stand in the operation log themselves."""
    recording = Recording.of(Path(own["DATA_DIRECTORY"]))
    environment = {"DJANGO_SETTINGS_MODULE": "campaign.settings", **own, **recording.variables()}
    command = [sys.executable, "-m", "tests.power.writer", str(threads), str(events)]
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
