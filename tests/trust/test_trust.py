"""Run each row on little data, and the faults that it must detect; `make trust` runs everything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.trust import planted
from tests.trust.bench import Bench
from tests.trust.faults import FAULTS, PROMISES
from tests.trust.promises import check
from tests.trust.result import FaultRow, PromiseRow, faults_table, table, write
from tests.trust.sandbox import can_sandbox

pytestmark = [
    pytest.mark.skipif(not can_sandbox(), reason="needs Linux namespaces, as root or by unshare --map-root-user"),
    pytest.mark.only_on("sqlite", reason="`make trust` runs its rows on PostgreSQL, on a server of its own"),
]
_QUICK = ("fields",)
_LONG = ("identifying", "coarse", "forget", "shredding", "choice", "silence", "cells", "related", "sizes", "flood")
_CHEAP = (
    "access-log",
    "new-column",
    "fold-without-vacuum",
    "secret-in-the-database",
    "choice-ignored",
    "every-message-counts",
    "calls-home",
    "a-header-for-one-arm",
    "primary-only-suppression",
    "outcomes-attacked-one-by-one",
    "withdrawals-not-attacked",
)


@pytest.mark.parametrize("row", [*_QUICK, *(pytest.param(row, marks=pytest.mark.proof) for row in _LONG)])
def test_a_promise_is_kept(row: str) -> None:
    result = check(row, Bench(fast=True))
    assert result.broken == ()


@pytest.mark.proof
@pytest.mark.minutes  # all of them together
@pytest.mark.parametrize("name", _CHEAP)
def test_a_planted_fault_turns_its_row_red_for_the_right_reason(name: str) -> None:
    fault = next(fault for fault in FAULTS if fault.name == name)
    result = check(fault.row, Bench(fast=True, fault=fault))
    assert any(fault.expected_word in line for line in result.broken)


def test_every_promise_has_a_fault_and_every_fault_in_a_process_has_a_row() -> None:
    assert {fault.row for fault in FAULTS} == set(PROMISES)
    assert set(planted.names()) <= {fault.name for fault in FAULTS}
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 15


def test_the_table_and_the_report_say_what_is_broken_and_what_was_missed(tmp_path: Path) -> None:
    line = PromiseRow("forget", "fold and forget", "sqlite", "600 views", "found 1", False, "a nonce in a file", 2.0)
    missed = FaultRow("access-log", "identifying", "sqlite", False, "hits 0", 3.0)
    assert "BROKEN" in table([line])
    assert "a nonce in a file" in table([line])
    assert "MISSED" in faults_table([missed])
    write([line], [missed], tmp_path / "report.json")
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["rows"][0]["kept"] is False
    assert report["faults"][0]["found"] is False
    assert {"date", "commit", "versions"} <= set(report)
