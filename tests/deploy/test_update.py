"""The files of the program are updated under a running server and worker, which stay what they were."""

from __future__ import annotations

import http.client
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from campaign.entrypoints import launcher
from campaign.entrypoints.program_copy import PROGRAM
from tests import route_matrix
from tests.browser import inventory
from tests.browser.inventory import Page
from tests.browser.shared_cast import copy_cast
from tests.installation import ROOT, manage, new_installation
from tests.waiting import wait_until

pytestmark = pytest.mark.only_on("sqlite", reason="the same on both engines")
ASK = """
from django.contrib.auth.models import User
from django.utils import timezone
from analytics.models import Rehearsal
from campaign.models import Campaign
who = User.objects.get(username="mara")
Rehearsal.objects.create(campaign=Campaign.objects.get(slug="waiting"), asked_by=who, asked_at=timezone.now())
"""
STATE = "from analytics.models import Rehearsal; print(Rehearsal.objects.get(campaign__slug='waiting').state)"
CUT_OFF = 599
LAST = ("/sign-out/", "/account/sessions/", "/account/password/")  # they end the session


@contextmanager
def started(command: list[str], environment: Mapping[str, str], program: Path) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(command, cwd=program, env=dict(environment), stdout=subprocess.PIPE, text=True)
    try:
        yield child
    finally:
        child.terminate()
        child.communicate(timeout=60)


def install(program: Path) -> None:
    """Put the program there, as a checkout does."""
    program.mkdir()
    for name in PROGRAM:
        source = ROOT / name
        shutil.copytree(source, program / name) if source.is_dir() else shutil.copy(source, program)


def update(program: Path) -> None:
    """Replace every file by one that the running processes cannot use, and remove the rest."""
    for path in [path for path in program.rglob("*") if path.is_file()]:
        path.unlink()
        if path.suffix == ".py":
            path.write_text("raise ImportError('new code in an old process')\n", encoding="utf-8")
        elif path.suffix in (".html", ".txt", ".css", ".js", ".mo", ".toml"):
            path.write_text("{% new_tag_that_old_code_does_not_know %}", encoding="utf-8")


class Visitor:
    """Asks the server as the people of the cast."""

    def __init__(self, port: int, cookies: Mapping[str, Mapping[str, str]]) -> None:
        self._port, self._cookies = port, cookies

    def status(self, method: str, path: str, role: str) -> int:
        cookies = {"csrftoken": "a" * 32, **self._cookies.get(role, {})}
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        headers |= {"X-CSRFToken": cookies["csrftoken"], "Content-Type": "application/json"}
        if not path.startswith("/api/"):
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)) as connection:
            connection.request(method, path, b"{}" if path.startswith("/api/") else b"", headers)
            reply = connection.getresponse()
            try:
                reply.read()
            except http.client.IncompleteRead:  # a style sheet that is shorter than it was at the start
                return CUT_OFF
            return reply.status


def addresses(cast: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Method, path and role for each page in each state, and for each other request that an administrator may make."""
    asked = [("GET", inventory.address(page, cast), page.role) for page in inventory.pages() if not page.made]
    cells = route_matrix.expected_outcomes()
    for route in sorted({route for route, _, _ in cells}, key=lambda route: (route.startswith(LAST), route)):
        path = inventory.address(Page(route, "administrator"), cast)
        asked += [
            (method, path, "administrator")
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
            if cells[route, method, "administrator"] == "allowed"
        ]
    files = ["/static/campaign/staff.css", "/static/admin/css/base.css"]
    audience = ["/m/quiet-page/", "/health/ready", "/metrics", *files]
    return asked + [("GET", path, "stranger") for path in audience] + [("POST", "/api/v1/decide", "stranger")]


def failures(visitor: Visitor, cast: Mapping[str, Any]) -> list[str]:
    answers = {
        f"{method} {path} as {role}": visitor.status(method, path, role) for method, path, role in addresses(cast)
    }
    assert len(answers) > 150
    return [name for name, status in answers.items() if status >= 500]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    install(tmp_path / "program")
    return tmp_path / "program"


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    (tmp_path / "temporary").mkdir()
    own = {"LOCAL_HTTP": "1", "METRICS_TOKEN": "t", "TMPDIR": str(tmp_path / "temporary")}
    with new_installation(tmp_path / "data", own) as environment:
        yield environment


def failures_after_update(command: list[str], port: int, program: Path, environment: Mapping[str, str]) -> list[str]:
    cast = copy_cast(Path(environment["DATA_DIRECTORY"]))
    with started(command, environment, program) as server:
        launcher._wait_until_listening(port, server)  # type: ignore[arg-type]  # it reads no output
        update(program)
        return failures(Visitor(port, cast["cookies"]), cast)


@pytest.mark.proof  # that a server runs from a copy: tests/campaign/entrypoints/test_program_copy.py
def test_after_an_update_of_the_files_every_route_still_answers(program: Path, environment: Mapping[str, str]) -> None:
    port = launcher.free_port()
    command = [sys.executable, "manage.py", "serve", "--port", str(port)]
    assert failures_after_update(command, port, program, environment) == []


@pytest.mark.proof
@pytest.mark.minutes
def test_a_server_that_runs_from_the_files_themselves_fails(program: Path, environment: Mapping[str, str]) -> None:
    port = launcher.free_port()
    found = failures_after_update(launcher.server_command(port=port), port, program, environment)
    assert len(found) > 100


@pytest.mark.proof
@pytest.mark.minutes
def test_after_an_update_of_the_files_the_worker_still_rehearses(program: Path, environment: Mapping[str, str]) -> None:
    """A rehearsal is a process of its own, which the worker starts late."""
    copy_cast(Path(environment["DATA_DIRECTORY"]))
    with started([sys.executable, "manage.py", "worker"], environment, program) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "Working.\n"
        update(program)
        manage("shell", "--no-imports", "-c", ASK, environment=environment)
        wait_until(
            lambda: manage("shell", "--no-imports", "-c", STATE, environment=environment).strip() in ("done", "failed"),
            seconds=300,
        )
        assert manage("shell", "--no-imports", "-c", STATE, environment=environment).strip() == "done"
