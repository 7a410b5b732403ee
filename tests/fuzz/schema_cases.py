"""Fuzz the audience surface from its OpenAPI description, with valid and invalid requests to each operation."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it comes without stubs
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.fuzz.request_filler import RequestFiller

Case = schemathesis.Case[Any]
PATIENCE = 5.0
# Percentage of cases by path: the two JSON endpoints get more than half.
SHARES = {"/api/v1/decide": 26, "/api/v1/events": 34}
_OTHER_SHARE = 8
_ROUND = 200
CHECKS = [status_code_conformance, content_type_conformance, response_headers_conformance, response_schema_conformance]


@dataclass
class FuzzReport:
    """Statuses and faults of a run, by operation."""

    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    hangs: int = 0
    slowest: float = 0.0
    events: Counter[str] = field(default_factory=Counter)

    @property
    def cases(self) -> int:
        return sum(sum(counts.values()) for counts in self.statuses.values()) + self.hangs

    @property
    def server_errors(self) -> int:
        return sum(n for counts in self.statuses.values() for status, n in counts.items() if status >= 500)

    @property
    def accepted_share(self) -> float:
        """The share of events that were accepted, single or in lists."""
        return self.events["accepted"] / max(1, self.events.total())


def drive(base: str, filler: RequestFiller, *, cases: int, first_seed: int = 1) -> FuzzReport:
    """Send generated cases, half of them valid, and check every reply against the description."""
    schema = schemathesis.openapi.from_url(f"{base}/api/schema/?format=json").include(tag="audience")
    report = FuzzReport()
    with requests.Session() as session:
        operations: Iterable[Any] = schema.get_all_operations()
        for operation in (found.ok() for found in operations):
            counts = report.statuses.setdefault(operation.label, Counter())
            share = ceil(cases * SHARES.get(operation.path, _OTHER_SHARE) / 100)
            fits = _body_validator(operation)
            for mode, size in ((GenerationMode.POSITIVE, share - share // 2), (GenerationMode.NEGATIVE, share // 2)):
                _generate(operation, mode, size, first_seed, _Sender(base, session, filler, report, counts, fits))
    return report


@dataclass
class _Sender:
    base: str
    session: requests.Session
    filler: RequestFiller
    report: FuzzReport
    counts: Counter[int]
    fits: Draft202012Validator | None
    left: int = 0

    def __call__(self, case: Case) -> None:
        if not self.left:
            return
        self.left -= 1
        headers = self.filler.fill_in(case)
        begun = time.monotonic()
        try:
            reply = case.call(base_url=self.base, session=self.session, headers=headers, timeout=PATIENCE)
        except requests.Timeout:
            self.report.hangs += 1
            self.report.faults.append(f"no answer: {case.as_curl_command()}")
            return
        self.report.slowest = max(self.report.slowest, time.monotonic() - begun)
        self.counts[reply.status_code] += 1
        for fault in self._faults(case, reply):
            self.report.faults.append(f"{fault}\n  {case.as_curl_command()}")

    def _faults(self, case: Case, reply: schemathesis.Response) -> Iterator[str]:
        if reply.status_code >= 500:
            yield f"status {reply.status_code}"
        try:
            case.validate_response(reply, checks=CHECKS)
        except FailureGroup as failures:  # each names the expected and the actual value
            yield from (f"{failure.title}: {failure.message}" for failure in failures.exceptions)
        if case.operation.path == "/api/v1/events":
            self._count_events(reply)
        if reply.status_code == 200 and self.fits and not self.fits.is_valid(case.body):
            yield "accepted what the description forbids"

    def _count_events(self, reply: schemathesis.Response) -> None:
        answer = reply.json()
        if "error" in answer:
            self.report.events[answer["error"]["code"]] += 1
        else:
            self.report.events["accepted"] += answer["accepted"]
            self.report.events.update(item["error"]["code"] for item in answer.get("rejected", []))


def _body_validator(operation: Any) -> Draft202012Validator | None:
    """A validator of the JSON body of an operation, or None if it has none."""
    content = operation.definition.raw.get("requestBody", {}).get("content", {}).get("application/json")
    if not content:
        return None
    return Draft202012Validator(content["schema"] | {"components": operation.schema.raw_schema["components"]})


def _generate(operation: Any, mode: GenerationMode, size: int, first_seed: int, send: _Sender) -> None:
    """Generate exactly `size` cases in rounds, because a round ends early when it runs out of distinct cases."""
    send.left = size
    strategy = operation.as_strategy(generation_mode=mode)
    for round_ in itertools.count():
        if not send.left:
            return

        @seed(first_seed * 100_000 + round_)
        @settings(
            max_examples=min(send.left, _ROUND),
            database=None,
            deadline=None,
            derandomize=False,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy)
        def one(case: Case) -> None:
            send(case)

        one()
