"""Start the production server as a child process: granian, one worker by default, no access log."""

import errno
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

PRODUCTION_APPLICATION = "campaign.rsgi:application"
SERVER = f"{__package__}.server"

# One arena for each allocator: otherwise each thread keeps freed memory, 13 MB in all. Granian's allocator returns
# freed memory after 20 ms; if it did so at once, each request would allocate from the system again.
MEMORY_ENVIRONMENT = {
    "_RJEM_MALLOC_CONF": "narenas:1,lg_tcache_max:12,dirty_decay_ms:20,muzzy_decay_ms:0",  # granian's own allocator
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_TRIM_THRESHOLD_": "1048576",
    "PYTHONNODEBUGRANGES": "1",  # no column numbers in tracebacks: saves 1 to 3 MB
}


def free_port() -> int:
    """A port that nobody listens on. On Linux nobody else is given it while this process lives.

    A socket stays bound to it without listening. A server that sets SO_REUSEADDR, as all do, can still listen on it,
    but the system gives it to no other that asks for any free port, and to no outgoing connection.
    """
    probe = socket.socket()
    probe.bind(("127.0.0.1", 0))
    port: int = probe.getsockname()[1]
    if sys.platform == "linux":
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        probe.detach()
    else:
        probe.close()
    return port


def is_taken(port: int, *, host: str = "127.0.0.1") -> bool:
    """Whether another program listens there. The server would share the port with it, and each answer some requests."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a connection that just ended holds no port
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
            raise
    return False


def server_command(
    application: str = PRODUCTION_APPLICATION, *, port: int, host: str = "127.0.0.1", workers: int = 1
) -> list[str]:
    """The server's command line, for `manage.py serve`, the demo, tests and benchmarks alike."""
    options = ["--interface", "rsgi", "--loop", "uvloop", "--workers", str(workers), "--no-ws"]
    options += ["--respawn-failed-workers", "--respawn-interval", "0.5", "--workers-kill-timeout", "10"]
    options += ["--host", host, "--port", str(port), "--log-level", "error", application]
    return [sys.executable, "-m", SERVER, *options]


def server_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The server's environment: these variables, and defaults that keep its memory small."""
    return {**MEMORY_ENVIRONMENT, **variables}


def disable_core_dumps() -> None:
    """Disable core dumps of this process and its children, since their memory holds requests."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@contextmanager
def run_server(
    application: str, *, port: int | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run the server and yield its base URL; stop it at the end."""
    port = port or free_port()
    variables = server_environment({**os.environ, **(environment or {})})
    child = subprocess.Popen(server_command(application, port=port), env=variables)
    try:
        _wait_until_listening(port, child)
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        try:
            child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait_until_listening(port: int, child: subprocess.Popen[bytes], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if child.poll() is not None:
            raise RuntimeError(f"the server ended with status {child.returncode} before it answered")
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError("the server did not start in time")
