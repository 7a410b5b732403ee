"""The doctor at a live installation: nginx and the server as shipped, and the same with faults planted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from campaign.entrypoints import launcher
from tests.demo_installation import copy_demo_installation
from tests.deploy.proxy import NAME, proxy
from tests.deploy.test_nginx import STOCK_ACCESS_LOG, STOCK_ERROR_LOG
from tests.installation import ROOT, manage

pytestmark = pytest.mark.only_on("sqlite", reason="the same on both engines")


class Site(NamedTuple):
    """A running server with its worker's work done, and the environment of its commands."""

    port: int
    variables: dict[str, str]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("doctor")
    names = f"{NAME},localhost"
    variables = {**copy_demo_installation(folder), "LOCAL_HTTP": "0", "BEHIND_TLS_PROXY": "1", "ALLOWED_HOSTS": names}
    for path in [folder / "data", *(folder / "data").rglob("*")]:  # as UMask=0077 makes them
        path.chmod(0o700 if path.is_dir() else 0o600)
    manage("worker", "--once", environment=variables)
    with launcher.run_server(launcher.PRODUCTION_APPLICATION, environment=variables) as url:
        yield Site(int(url.rpartition(":")[2]), variables)


def doctor(site: Site, faults: Sequence[tuple[str, str]] = (), variables: Mapping[str, str] | None = None) -> set[str]:
    """What the doctor says leaks, by subject; its status says the same."""
    named = [("server_name thought.example.org;", "server_name localhost;"), *faults]
    with proxy([site.port, launcher.free_port()], faults=named) as at:
        command = [sys.executable, "manage.py", "doctor", "--url", f"https://localhost:{at.tls_port}", "--json"]
        command += ["--plain-url", f"http://localhost:{at.plain_port}", "--ca", str(at.certificate), "--wait", "0.2"]
        command += ["--nginx", str(at.directory), "--log", str(at.directory)]
        own = {**site.variables, **(variables or {})}
        done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    leaking = {line["subject"].replace(str(at.directory), "logs") for line in found if line["state"] == "leaks"}
    assert done.returncode == bool(leaking)
    return leaking - MACHINE


# What depends on the machine that the tests run on.
MACHINE = {"core dumps", "swap"}


def test_an_installation_as_shipped_leaks_nothing(site: Site) -> None:
    assert doctor(site) == set()


FAULTS: list[tuple[tuple[str, str], set[str]]] = [
    (STOCK_ACCESS_LOG, {"logs", "logs/access.log", "nginx access_log"}),
    (STOCK_ERROR_LOG, {"logs", "logs/error.log", "nginx error_log"}),
    (("server_tokens off;", ""), {"no version"}),
    (("add_header Strict", "add_header X-Request-ID $request_id always; add_header Strict"), {"no number"}),
    (("add_header Strict", "add_header Set-Cookie visitor=1; add_header Strict"), {"no cookie"}),
    (("add_header Strict", "# add_header Strict"), {"HSTS"}),
    (("gzip off;", "gzip on; gzip_types application/json;"), {"no compression"}),
    (("$server_name$path_alone", "$server_name$request_uri"), {"plain HTTP"}),
]
_RARE = [pytest.param(*fault, marks=pytest.mark.proof) for fault in FAULTS[1:]]


@pytest.mark.parametrize(("fault", "lines"), [FAULTS[0], *_RARE])
def test_a_planted_fault_is_named_and_nothing_else(site: Site, fault: tuple[str, str], lines: set[str]) -> None:
    assert doctor(site, [fault]) == lines


@pytest.mark.proof
@pytest.mark.parametrize(("setting", "line"), [("DEBUG", "DEBUG"), ("LOCAL_HTTP", "LOCAL_HTTP")])
def test_a_laptops_setting_is_named(site: Site, setting: str, line: str) -> None:
    assert doctor(site, variables={setting: "1"}) == {line}


def test_a_key_that_others_may_read_is_named(site: Site) -> None:
    key = Path(site.variables["DATA_DIRECTORY"]) / "keys" / "receipt-001.key"
    key.chmod(0o644)
    try:
        assert doctor(site) == {"keys"}
    finally:
        key.chmod(0o600)


@pytest.mark.proof
def test_what_the_application_writes_down_is_found(site: Site) -> None:
    """The page of an application with a fault: it keeps each user agent's hash in the data directory."""
    data = site.variables["DATA_DIRECTORY"]
    with launcher.run_server("tests.deploy.careless:application", environment=site.variables) as url:
        careless = Site(int(url.rpartition(":")[2]), site.variables)
        assert data in doctor(careless)
