"""Fuzz a real server with some generated cases and every malformed request; `make fuzz` sends many more."""

from __future__ import annotations

import base64
import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.campaign.api.test_schema import description
from tests.fuzz import forge, wire
from tests.fuzz.marks import MarkFactory
from tests.fuzz.request_filler import RequestFiller
from tests.fuzz.site import start_fuzzed_site


@pytest.mark.parametrize("cases", [30, pytest.param(200, marks=pytest.mark.proof)])
def test_whatever_is_sent_gets_a_described_answer_and_leaves_no_mark(tmp_path: Path, cases: int) -> None:
    from tests.fuzz import schema_cases  # imports much that no other test needs

    with start_fuzzed_site(tmp_path) as site:
        report = schema_cases.drive(site.base, site.filler, cases=cases)
        outcomes = wire.drive(
            site.port, wire.MalformedRequests(site.marks, site.filler.receipts[0]), alive=site.is_serving
        )
        kept = site.find_stored_marks()
    assert report.faults == []
    assert [(outcome.fault, outcome.sent.name) for outcome in outcomes if outcome.fault] == []
    assert kept == []
    assert report.cases >= cases
    assert report.accepted_share > (0.15 if cases >= 200 else 0)  # few cases give a noisy share
    assert site.marks.made > 10 * cases


# The fuzzer detects planted faults


@contextmanager
def faulty_server(kept: Path) -> Iterator[str]:
    """A server with undocumented replies and errors that stores everything it is sent."""

    class Faulty(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, json.dumps(description()).encode() if self.path.startswith("/api/schema/") else b"{}")

        def do_POST(self) -> None:
            with kept.open("ab") as file:
                file.write(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            self._answer(500 if self.path.startswith("/m/") else 200, b'{"accepted": 1, "message": {}}')

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Faulty) as server:
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_server_that_breaks_its_promises_is_found_out(tmp_path: Path) -> None:
    from tests.fuzz import schema_cases  # imports much that no other test needs

    wardrobe = RequestFiller(("quiet-page",), ("A" * 112,), "token", MarkFactory(), random.Random(1))
    with faulty_server(tmp_path / "kept") as base:
        report = schema_cases.drive(base, wardrobe, cases=60)
    assert report.server_errors > 0
    said = "\n".join(report.faults)
    for fault in ("status 500", "Undocumented status code", "Undocumented Content-Type", "violates schema"):
        assert fault in said
    assert "accepted what the description forbids" in said
    assert wardrobe.marks.find_in([tmp_path]) == ["kept: plain"]


@pytest.mark.parametrize("shift", range(6))
def test_a_mark_is_found_in_every_form(tmp_path: Path, shift: int) -> None:
    marks = MarkFactory()
    mark = (b"_" * shift + marks.new().encode() + b"_rest").decode()
    forms = {
        "plain": mark.encode(),
        "small letters": mark.lower().encode(),
        "capitals": mark.upper().encode(),
        "two bytes a letter": mark.encode("utf-16"),
        "hex": mark.encode().hex().encode(),
        f"base64, shifted by {shift % 3}": base64.b64encode(mark.encode()),
    }
    for form, content in forms.items():
        (tmp_path / "file").write_bytes(b"some bytes" + content + b"more bytes")
        assert f"file: {form}" in marks.find_in([tmp_path])


def test_no_forged_receipt_is_accepted_and_none_raises_anything_but_a_refusal() -> None:
    verdict = forge.try_forgeries(4_000)
    assert (verdict.accepted, verdict.crashed) == ([], [])
    assert verdict.tried.total() == 4_000
    assert min(verdict.tried.values()) > 100


def test_a_forger_who_has_the_key_is_accepted() -> None:
    forger = forge.Forger(random.Random(1))
    note, _ = forger._parts()
    assert forger.signer.verify(
        forge.encode_receipt(note + forge.signature(forger.keys[note[0]], note)), hour=forge.NOW
    )
