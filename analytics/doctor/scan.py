"""Examine an installation: send probes, search what it wrote, and check its host."""

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError

from analytics.doctor import canaries, findings, host_checks, log_search
from analytics.doctor.findings import Finding
from analytics.doctor.probes import ProbeReport, RequestCanaries, send_probes
from campaign.keys.store import receipt_keys
from campaign.models import Placement


def examine(
    url: str,
    *,
    forgetting: Finding,
    logs: Sequence[Path] = (),
    plain_url: str | None = None,
    ca: str | None = None,
    wait: float = 2.0,
    nginx: Path = log_search.NGINX_DIRECTORY,
) -> list[Finding]:
    """Probe the installation at `url`, search everywhere for canaries, and report the findings."""
    marks, began = RequestCanaries(), time.time()
    configuration = log_search.read_nginx_configuration(nginx)
    named = [*logs, *log_search.nginx_log_paths(configuration)]
    usual = [
        path for path in log_search.USUAL_LOGS if path.exists() and not any(path in other.parents for other in named)
    ]
    targets = log_search.record_sizes(dict.fromkeys([*named, *usual]))
    targets += log_search.record_sizes(_data_directories(), from_start=True)
    report = send_probes(url, marks, placement=_placement_key(), plain_url=plain_url, ca=ca)
    time.sleep(wait)  # some logs are written with a delay
    canary_forms, tls = _canary_forms(marks, report), url.startswith("https:")
    transport = findings.transport_findings(
        tls=tls,
        certificate_problem=report.certificate_problem,
        plain_http_reply=report.plain_http_reply,
        token=marks.by_carrier["query"],
    )
    return [
        *transport,
        *findings.reply_findings(report.replies, tls=tls),
        *(log_search.search_target(target, canary_forms) for target in targets),
        log_search.search_journal(began, canary_forms),
        *findings.nginx_findings(configuration),
        *host_checks.application_findings(),
        *host_checks.database_findings(),
        host_checks.unused_database_finding(),
        *host_checks.record_findings(),
        *host_checks.machine_findings(),
        forgetting,
    ]


def _canary_forms(marks: RequestCanaries, report: ProbeReport) -> log_search.CanaryForms:
    """All forms of every canary, also hashed with our own keys, and of the address that the probes came from."""
    keys = []
    with suppress(OSError):
        keys = [*receipt_keys(settings.KEY_DIRECTORY).values(), settings.SECRET_KEY.encode()]
    named = marks.all_tokens()
    if report.source_address not in ("", "::1"):  # occurs by chance
        named["address"] = report.source_address
    return [(name, canaries.searchable_forms(mark, keys=keys)) for name, mark in named.items()]


def _data_directories() -> list[Path]:
    """The directories that the application writes to; spool and keys may be outside the data directory."""
    paths = [Path(settings.DATA_DIRECTORY), Path(settings.SPOOL_DIRECTORY), Path(settings.KEY_DIRECTORY)]
    return [path for path in paths if path.exists() and not any(other in path.parents for other in paths)]


def _placement_key() -> str | None:
    """The key of a placement, so that valid requests are among the probes."""
    with suppress(DatabaseError):
        return Placement.objects.order_by("pk").values_list("key", flat=True).first()
    return None
