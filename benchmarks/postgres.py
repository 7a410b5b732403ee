"""A PostgreSQL of one's own for as long as a benchmark needs one: a new cluster in a temporary directory.

It wants Debian's `postgresql` package. PostgreSQL refuses to run as root, so then it runs as the user `postgres`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from campaign.server import free_port


class NoPostgres(Exception):
    """PostgreSQL is not installed here."""


def binaries(root: Path = Path("/usr/lib/postgresql")) -> Path:
    """Where the newest installed PostgreSQL keeps its programs."""
    found = sorted((path.parent for path in root.glob("*/bin/initdb")), key=lambda path: float(path.parent.name))
    if found:
        return found[-1]
    anywhere = shutil.which("initdb")
    if anywhere is None:
        raise NoPostgres("PostgreSQL is not installed (Debian: postgresql)")
    return Path(anywhere).parent


@contextmanager
def postgres(database: str) -> Iterator[int]:
    """The port of a new PostgreSQL on 127.0.0.1 that holds one empty database of the user `postgres`, no password."""
    programs, port = binaries(), free_port()
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="second-thought-postgres-", dir="/tmp") as directory:
        if user:
            owner = pwd.getpwnam(user)
            os.chown(directory, owner.pw_uid, owner.pw_gid)
        data = f"{directory}/data"

        def call(program: str, *arguments: str) -> None:
            subprocess.run(
                [str(programs / program), *arguments],
                check=True,
                user=user,
                group=user,
                extra_groups=[] if user else None,
                cwd=directory,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
                stdout=subprocess.DEVNULL,
            )

        call("initdb", "--pgdata", data, "--username", "postgres", "--auth", "trust", "--encoding", "UTF8")
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={directory}"
        call("pg_ctl", "--pgdata", data, "--wait", "--log", f"{directory}/log", "--options", options, "start")
        try:
            call("createdb", "--host", "127.0.0.1", "--port", str(port), "--username", "postgres", database)
            yield port
        finally:
            call("pg_ctl", "--pgdata", data, "--wait", "--mode", "immediate", "stop")
