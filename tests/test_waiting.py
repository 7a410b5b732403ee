"""No test waits for a fixed time or takes a port by number: both pass on a quiet machine and fail on a busy one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import waiting

TESTS = Path(__file__).parent
WAITS = re.compile(r"(?<![\w.])(?:time\.)?sleep\(|\.wait_for_timeout\(")
PORTS = re.compile(r"""(?:bind\(|create_server\(|HTTPServer\()\(\(?["'][^"']*["'], [1-9]""")
# Who waits by a clock, and why.
MAY_WAIT = {
    "waiting.py": "the place to wait",
    "test_waiting.py": "names what it looks for",
    "postgres.py": "asks again until its server answers",
    "deploy/proxy.py": "asks again until nginx has started",
    "trust/site.py": "asks again until its processes answer",
    "trust/promises/device.py": "a message must stand for a second to count as seen",
    "crash/site.py": "asks again, and waits by a clock of its own that runs faster",
    "crash/faults.py": "is slow on purpose",
    "crash/kills.py": "kills at random moments",
    "crash/outage.py": "an outage lasts",
    "crash/rotation.py": "goes by a clock of its own that runs faster",
    "crash/visitors.py": "visitors take their time",
}


def found(pattern: re.Pattern[str]) -> set[str]:
    return {
        str(path.relative_to(TESTS)) for path in TESTS.rglob("*.py") if pattern.search(path.read_text(encoding="utf-8"))
    }


def test_only_a_listed_few_wait_by_a_clock() -> None:
    assert found(WAITS) == set(MAY_WAIT), "use tests/waiting.py, or say here why not"


def test_no_port_is_taken_by_its_number() -> None:
    assert found(PORTS) - {"test_waiting.py"} == set(), "bind port 0 and read it back, or ask launcher.free_port()"


@pytest.mark.parametrize("line", ["time.sleep(1)", "    sleep(0.1)", "page.wait_for_timeout(600)"])
def test_a_fixed_wait_is_found(line: str) -> None:
    assert WAITS.search(line)


@pytest.mark.parametrize("line", ["HTTPServer(('', 8000), X)", 'socket.bind(("127.0.0.1", 8000))'])
def test_a_fixed_port_is_found(line: str) -> None:
    assert PORTS.search(line)


def test_waiting_ends_when_it_is_so_and_fails_when_it_never_is() -> None:
    answers = iter([False, False, True])
    waiting.wait_until(lambda: next(answers))
    with pytest.raises(AssertionError, match=r"after 0\.05 seconds the end is still not so"):
        waiting.wait_until(lambda: False, seconds=0.05, what="the end")
