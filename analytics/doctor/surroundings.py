"""Run all checks: probes, searches, settings, keys, processes, swap and databases. findings.py judges them."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core import checks
from django.db import DatabaseError, connections

from analytics.doctor import canaries, findings, places
from analytics.doctor.findings import Finding, fine, leaks, unknown
from analytics.doctor.visit import ProbeReport, RequestCanaries, send_probes
from campaign.checks import check_databases_are_separate, check_postgresql_durability
from campaign.keys.store import receipt_keys
from campaign.models import Placement

_COMMAND_LINES = (b"campaign.wsgi", b"campaign.rsgi", b"campaign.entrypoints.launcher", b"manage.py\0worker")
_PROC = Path("/proc")


def examine(
    url: str,
    *,
    logs: Sequence[Path] = (),
    plain_url: str | None = None,
    ca: str | None = None,
    wait: float = 2.0,
    nginx: Path = places.NGINX_DIRECTORY,
) -> list[Finding]:
    """Probe the installation at `url`, search everywhere for canaries, and report the findings."""
    marks, began = RequestCanaries(), time.time()
    configuration = places.read_nginx_configuration(nginx)
    named = [*logs, *places.nginx_log_paths(configuration)]
    usual = [path for path in places.USUAL_LOGS if path.exists() and not any(path in other.parents for other in named)]
    noted = places.record_sizes(dict.fromkeys([*named, *usual]))
    noted += places.record_sizes(_data_directories(), from_start=True)
    visited = send_probes(url, marks, placement=_placement_key(), plain_url=plain_url, ca=ca)
    time.sleep(wait)  # some logs are written with a delay
    sought, tls = _canary_forms(marks, visited), url.startswith("https:")
    transport = findings.transport_findings(
        tls=tls,
        certificate_problem=visited.certificate_problem,
        plain_http_reply=visited.plain_http_reply,
        token=marks.by_carrier["query"],
    )
    return [
        *transport,
        *findings.reply_findings(visited.replies, tls=tls),
        *(places.search_target(place, sought) for place in noted),
        places.search_journal(began, sought),
        *findings.nginx_findings(configuration),
        *_application_findings(),
        *_database_findings(),
        *_machine_findings(),
        findings.readiness_finding(visited.readiness),
    ]


def _canary_forms(marks: RequestCanaries, visited: ProbeReport) -> places.CanaryForms:
    """All forms of every canary, also hashed with our own keys, and of the address that the probes came from."""
    keys = []
    with suppress(OSError):
        keys = [*receipt_keys(settings.KEY_DIRECTORY).values(), settings.SECRET_KEY.encode()]
    named = marks.all_tokens()
    if visited.source_address not in ("", "::1"):  # occurs by chance
        named["address"] = visited.source_address
    return [(name, canaries.searchable_forms(mark, keys=keys)) for name, mark in named.items()]


def _data_directories() -> list[Path]:
    """The directories that the application writes to; spool and keys may be outside the data directory."""
    found = [Path(settings.DATA_DIRECTORY), Path(settings.SPOOL_DIRECTORY), Path(settings.KEY_DIRECTORY)]
    return [path for path in found if path.exists() and not any(other in path.parents for other in found)]


def _placement_key() -> str | None:
    """The key of a placement, so that valid requests are among the probes."""
    with suppress(DatabaseError):
        return Placement.objects.order_by("pk").values_list("key", flat=True).first()
    return None


def _application_findings() -> list[Finding]:
    behind_proxy = getattr(settings, "SECURE_PROXY_SSL_HEADER", None) is not None
    keys = Path(settings.KEY_DIRECTORY)
    return [
        *findings.settings_findings(debug=settings.DEBUG, local_http=settings.LOCAL_HTTP, behind_proxy=behind_proxy),
        findings.permission_finding("keys", places.file_modes([keys])),
        findings.permission_finding("data directory", places.file_modes([Path(settings.DATA_DIRECTORY)])),
    ]


def _database_findings() -> list[Finding]:
    """The findings of `manage.py check` on both databases."""
    found = [*check_databases_are_separate(None), *check_postgresql_durability(None, databases=list(connections))]
    subject = "PostgreSQL" if connections["audience"].vendor == "postgresql" else "databases"
    if not found:
        return [fine(subject, "The two stand apart, and nothing of the audience is logged or kept.")]
    return [_check_finding(subject, message) for message in found]


def _check_finding(subject: str, message: checks.CheckMessage) -> Finding:
    say = unknown if message.id == "campaign.E002" else leaks
    return say(subject, str(message.msg), str(message.hint or "Start it, or run this as the server's user."))


def _machine_findings() -> list[Finding]:
    processes = list(_server_pids())
    limits = {str(pid): limit for pid in processes if (limit := _core_limit(pid)) is not None}
    return findings.machine_findings(core_limits=limits, swaps=_swaps(), swap_forbidden=_is_swap_forbidden(processes))


def _server_pids() -> Iterator[int]:
    """The process ids of running servers and workers on this machine."""
    for path in _PROC.glob("[0-9]*"):
        with suppress(OSError):
            line = (path / "cmdline").read_bytes()
            if any(ours in line for ours in _COMMAND_LINES):
                yield int(path.name)


def _core_limit(pid: int) -> int | None:
    """The maximum size of its core dump in bytes; -1 for unlimited, None if it cannot be read."""
    with suppress(OSError):
        for line in (_PROC / str(pid) / "limits").read_text("ascii").splitlines():
            if line.startswith("Max core file size"):
                soft = line.split()[4]
                return -1 if soft == "unlimited" else int(soft)
    return None


def _swaps() -> list[str]:
    try:
        return [line.split()[0] for line in (_PROC / "swaps").read_text("utf-8").splitlines()[1:]]
    except OSError:
        return []


def _is_swap_forbidden(processes: Iterable[int]) -> bool | None:
    """Whether all of them are in a control group without swap; None if that cannot be read."""
    limits = []
    for pid in processes:
        try:
            group = (_PROC / str(pid) / "cgroup").read_text("utf-8").strip().rpartition("::")[2]
            limits.append(Path(f"/sys/fs/cgroup{group}/memory.swap.max").read_text("ascii").strip())
        except OSError:
            return None
    return all(limit == "0" for limit in limits) if limits else None
