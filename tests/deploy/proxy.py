"""nginx with the file that is shipped, on free ports and in a directory of its own."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from campaign.entrypoints.launcher import free_port
from tests.installation import ROOT

NAME = "thought.example.org"
SHIPPED = ROOT / "deploy" / "nginx.conf"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running nginx: its ports, the directory that holds all it may write, and whom a client has to trust."""

    tls_port: int
    plain_port: int
    directory: Path
    certificate: Path

    def trust(self) -> ssl.SSLContext:
        """What a client needs to know that this is the server."""
        return ssl.create_default_context(cafile=str(self.certificate))


def program() -> str:
    """The path of nginx; a test that needs it is skipped where there is none."""
    found = shutil.which(os.environ.get("NGINX", "nginx"), path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        pytest.skip("nginx is not installed: run `sh tests/deploy/nginx.sh`")
    return found


def ported(text: str, directory: Path, *, tls: int, plain: int, servers: Sequence[int]) -> str:
    """The shipped file with other ports and paths, and nothing else changed: each is there as often as expected."""
    changes = [
        ("listen [::]:443 ", "listen [::1]:TLS ", 2),
        ("listen [::]:80", "listen [::1]:PLAIN", 2),
        ("listen 443 ", "listen 127.0.0.1:TLS ", 2),
        ("listen 80", "listen 127.0.0.1:PLAIN", 2),
        ("TLS ", f"{tls} ", 4),
        ("PLAIN", str(plain), 4),
        ("/run/", f"{directory}/run/", 3),
        ("/etc/nginx/tls/", f"{directory}/tls/", 2),
        ("127.0.0.1:8000", f"127.0.0.1:{servers[0]}", 2),
        ("127.0.0.1:8001", f"127.0.0.1:{servers[1]}", 2),
    ]
    code, comments = _without_comments(text)
    assert comments
    for old, new, times in changes:
        assert code.count(old) == times, f"{old!r} stands there {code.count(old)} times"
        code = code.replace(old, new)
    own = [f"{kind}_temp_path {directory}/run/{kind};" for kind in ("fastcgi", "uwsgi", "scgi")]  # Debian's are root's
    return code.replace("http {", "\n    ".join(["http {", *own]), 1)


@contextmanager
def proxy(servers: Sequence[int], *, faults: Sequence[tuple[str, str]] = ()) -> Iterator[Proxy]:
    """nginx in front of servers on these ports; `faults` replace lines of the shipped file."""
    directory = Path(tempfile.mkdtemp(prefix="second-thought-nginx-"))
    child: subprocess.Popen[bytes] | None = None
    try:
        directory.chmod(0o755)  # its workers are another user if it is started by root
        for name in ("run", "tls"):
            (directory / name).mkdir()
        _certificate(directory / "tls")
        for attempt in range(5):
            made = Proxy(free_port(), free_port(), directory, directory / "tls" / "fullchain.pem")
            child = _started(made, servers, faults)
            if child is not None:
                break
            assert attempt < 4, (directory / "stderr").read_text("utf-8")  # or somebody else was given the port
        yield made
    finally:
        if child is not None:
            child.terminate()
            child.wait(timeout=20)
        shutil.rmtree(directory)


def _started(made: Proxy, servers: Sequence[int], faults: Sequence[tuple[str, str]]) -> subprocess.Popen[bytes] | None:
    """The running nginx; None if it ended at once."""
    directory = made.directory
    text = ported(SHIPPED.read_text("utf-8"), directory, tls=made.tls_port, plain=made.plain_port, servers=servers)
    for old, new in faults:
        assert old in text, f"{old!r} is not in the shipped file"
        text = text.replace(old, new.replace("DIRECTORY", str(directory)))
    file, log, pid = directory / "nginx.conf", directory / "start.log", directory / "run" / "nginx.pid"
    file.write_text(text, encoding="utf-8")
    with (directory / "stderr").open("wb") as stderr:
        command = [program(), "-c", str(file), "-p", str(directory), "-e", str(log), "-g", "daemon off;"]
        child = subprocess.Popen(command, stderr=stderr, stdout=stderr)
    end = time.monotonic() + 20
    while time.monotonic() < end and child.poll() is None:
        with suppress(FileNotFoundError):
            if pid.read_text("ascii").strip():
                return child
        time.sleep(0.02)
    child.kill()
    child.wait()
    return None


def _without_comments(text: str) -> tuple[str, list[str]]:
    lines = [line.partition("#") for line in text.splitlines()]
    return "\n".join(code for code, _, _ in lines), [comment for _, _, comment in lines if comment]


def _certificate(directory: Path) -> None:
    names = f"subjectAltName=DNS:{NAME},DNS:localhost,IP:127.0.0.1"
    key, certificate = directory / "privkey.pem", directory / "fullchain.pem"
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    command = ["openssl", "req", "-x509", *kind, "-subj", f"/CN={NAME}", "-addext", names]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
