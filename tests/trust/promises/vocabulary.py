"""Closed vocabulary: no body, valid or invalid by the API description, leaves a trace.

Unknown fields are refused, not ignored, and so are subject keys that name a person.
"""

from __future__ import annotations

import json
import random

from benchmarks.installation import ORIGIN, receipts
from tests.fuzz import wire
from tests.fuzz.marks import MarkFactory
from tests.fuzz.request_filler import RequestFiller
from tests.trust.bench import Bench
from tests.trust.needles import Search, needles_of_marks
from tests.trust.result import Result
from tests.trust.site import EMBEDDED, FIRST, HOSTED, receipt_keys_of
from tests.trust.visitors import DECIDE, EVENTS, Visit, VisitorGroup

PERSONS = (
    "ana@example.org",
    "ANA.MARIA+tag@sub.example.co.uk",
    "mailto:ana@example.org",
    "ana@localhost",
    "@ana",
    "+49 151 23456789",
    "+4915123456789",
    "0151 23456789",
    "(0151) 234-56789",
    "0151/23456789",
    "+1 (555) 010-9999",
    "555-010-9999",
    "555.010.9999",
    "00491512345678",
    "5550109999",
)
OPAQUE = ("7f3a9c52e1d04b6a", "u-20261124-17", "Zq3x_9-Lm2", "550e8400-e29b-41d4-a716-446655440000")


def check(bench: Bench) -> Result:
    """Send requests, and search for what was sent."""
    from tests.fuzz import schema_cases  # imports much that no other test needs

    with bench.site({"LOCAL_HTTP": "1"}) as made:
        made.start()
        marks = MarkFactory()
        real = receipts(made.port, 100)
        wardrobe = RequestFiller((HOSTED, EMBEDDED), real, "no-token", marks, random.Random(1))
        report = schema_cases.drive(f"http://127.0.0.1:{made.port}", wardrobe, cases=bench.scaled(1_500, 60))
        outcomes = wire.drive(made.port, wire.MalformedRequests(marks, real[0]), alive=made.is_serving)
        group = VisitorGroup.of(1, port=made.port, keys=receipt_keys_of(made))
        told: list[str] = []
        group.run_each(lambda visit: told.extend(_send_known_cases(visit, marks, real[1])))
        search = Search(dict(needles_of_marks(marks)))
        kept = search.search_files(made.written_paths())
    errors = report.server_errors + sum((outcome.status or 0) >= 500 for outcome in outcomes)
    sent = report.cases + len(outcomes) + len(group.replies)
    broken = [*map(str, kept), *told, *(fault.splitlines()[0] for fault in report.faults)]
    broken += [f"{outcome.fault}: {outcome.sent.name}" for outcome in outcomes if outcome.fault]
    return Result(
        n=f"{sent:,} bodies and requests, {marks.made:,} marks, {len(PERSONS)} keys that name a person",
        figure=f"stored {len(kept)}, 5xx {errors}, accepted against the rules {len(told) + len(report.faults)}",
        broken=tuple(dict.fromkeys(broken)),
    )


def _send_known_cases(visit: Visit, marks: MarkFactory, receipt: str) -> list[str]:
    """Requests that were wrongly accepted or refused."""
    wrong = []
    event = {"receipt": receipt, "outcome": "exposed"}
    for path, body in ((DECIDE, {"placement": EMBEDDED}), (EVENTS, event)):
        for field in (marks.new(), "comment", "email", "ip", "user_agent", "url", "Placement", "__proto__", ""):
            reply = visit.request("POST", path, {**body, field: marks.new()}, Origin=ORIGIN)
            if (reply.status, _code(reply.body)) != (400, "unknown_field"):
                wrong.append(f"{path} accepted the field {field!r}")
    for key in PERSONS:
        for placement in (EMBEDDED, FIRST):
            if visit.request("POST", DECIDE, {"placement": placement, "unit": key}, Origin=ORIGIN).status != 400:
                wrong.append(f"a key that names a person: {key}")
    for key in OPAQUE:
        if visit.request("POST", DECIDE, {"placement": FIRST, "unit": key}, Origin=ORIGIN).status != 200:
            wrong.append(f"an opaque key was refused: {key}")
    return wrong


def _code(body: bytes) -> str:
    code: str = json.loads(body).get("error", {}).get("code", "")
    return code
