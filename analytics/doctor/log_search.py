"""Search the places where a server may have written: log files, the journal, the data directory."""

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from analytics.doctor import canaries
from analytics.doctor.findings import Finding, search_finding, unknown

USUAL_LOGS = (Path("/var/log/nginx"), Path("/var/log/postgresql"), Path("/var/log/syslog"), Path("/var/log/messages"))
NGINX_DIRECTORY = Path("/etc/nginx")
_JOURNALS = (Path("/run/log/journal"), Path("/var/log/journal"))
_CHUNK_BYTES = 1 << 22
_LOG_PATH = re.compile(r"^[ \t]*(?:access_log|error_log)\s+(/[^\s;]+)", re.M)

CanaryForms = Sequence[tuple[str, dict[str, bytes]]]


@dataclass(frozen=True, slots=True)
class SearchTarget:
    """A file or directory, with the sizes of its files before the probes. `from_start` searches whole files."""

    path: Path
    initial_states: dict[Path, tuple[int, int]]
    from_start: bool = False


def record_sizes(paths: Iterable[Path], *, from_start: bool = False) -> list[SearchTarget]:
    """Record the size of every file below these paths."""
    return [SearchTarget(path, {file: _file_state(file) for file in _walk_files(path)}, from_start) for path in paths]


def search_target(target: SearchTarget, canary_forms: CanaryForms) -> Finding:
    """Search what was added to a target, or all of it."""
    name = str(target.path)
    if not target.path.exists():
        return unknown(name, "There is no such file or directory.", "If the logs are elsewhere, name them with --log.")
    hits: list[tuple[str, str]] = []
    unreadable: list[str] = []
    searched = 0
    try:
        os.listdir(target.path) if target.path.is_dir() else None
    except PermissionError:
        unreadable.append(name)
    for file in _walk_files(target.path):
        inode, size = target.initial_states.get(file, (0, 0))
        now = _file_state(file)
        start = 0 if target.from_start or now[0] != inode or now[1] < size else size
        try:
            hits += _search_file(file, start, canary_forms)
            searched += 1
        except FileNotFoundError:
            continue
        except OSError:
            unreadable.append(str(file))
    if hits or not unreadable:
        return search_finding(name, hits)
    problem = f"{len(unreadable)} of {len(unreadable) + searched} files may not be read: {unreadable[0]}."
    return unknown(name, problem, "Run it with the group adm: sudo second-thought doctor …, or as root.")


def search_journal(since: float, canary_forms: CanaryForms) -> Finding:
    """Search the entries of the system journal since then."""
    if not any(path.exists() for path in _JOURNALS):
        return unknown(
            "journal", "This machine keeps no such logs.", "If it keeps logs elsewhere, name them with --log."
        )
    try:
        command = ["journalctl", f"--since=@{int(since)}", "--output=cat", "--no-pager", "--all"]
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        do = "If the machine keeps logs elsewhere, name them with --log."
        return unknown("journal", "journalctl could not be run.", do)
    if done.returncode or b"not seeing messages" in done.stderr or b"No journal files" in done.stderr:
        return unknown(
            "journal", "It does not exist or cannot be read.", "Run it with the group adm or systemd-journal."
        )
    return search_finding("journal", canaries.find_canaries(done.stdout, canary_forms))


def read_nginx_configuration(root: Path = NGINX_DIRECTORY) -> dict[str, str] | None:
    """Read the active configuration files of nginx in Debian's layout; None if there are none."""
    paths = [root / "nginx.conf", *sorted(root.glob("conf.d/*.conf")), *sorted(root.glob("sites-enabled/*"))]
    files = {}
    for path in paths:
        with suppress(OSError, UnicodeDecodeError):
            files[str(path)] = path.read_text("utf-8")
    return files or None


def nginx_log_paths(files: Mapping[str, str] | None) -> list[Path]:
    """The log files that the configuration names."""
    named = {path for text in (files or {}).values() for path in _LOG_PATH.findall(re.sub(r"#.*", "", text))}
    return [Path(path) for path in sorted(named) if path != "/dev/null"]


def _walk_files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, _, names in os.walk(path):
        yield from (file for name in names if (file := Path(folder) / name).is_file())


def _file_state(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return status.st_ino, status.st_size


def _search_file(path: Path, start: int, canary_forms: CanaryForms) -> list[tuple[str, str]]:
    """Search a file in chunks, which overlap by more than the longest pattern."""
    hits: list[tuple[str, str]] = []
    with path.open("rb") as stream:
        stream.seek(start)
        tail = b""
        while piece := stream.read(_CHUNK_BYTES):
            hits += canaries.find_canaries(tail + piece, canary_forms)
            tail = piece[-1024:]
    return hits
