import json
import sys
from argparse import ArgumentParser
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError
from django.utils import timezone
from rich.console import Console

from analytics.doctor.findings import Finding, FindingState, forgetting_finding
from analytics.doctor.log_search import NGINX_DIRECTORY
from analytics.doctor.scan import examine
from analytics.health import check_health
from analytics.ingest import open_views
from analytics.management.terminal import TextTable, as_text, terminal
from campaign.assignment.receipts import SECONDS_PER_HOUR

_MARKS = {
    FindingState.FINE: ("✓ fine", "green"),
    FindingState.LEAKS: ("✗ leaks", "red"),
    FindingState.UNKNOWN: ("? could not check", "yellow"),
}


class Command(BaseCommand):
    help = "Send marks to a live installation, search everything it wrote for them, and report what leaks."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", required=True, help="the public address, such as https://thought.example.org")
        parser.add_argument("--log", action="append", default=[], type=Path, help="another log file or directory")
        parser.add_argument("--plain-url", help="the address over plain HTTP, if it is not on port 80")
        parser.add_argument("--ca", help="the file of your own certificate authority")
        parser.add_argument("--nginx", type=Path, default=NGINX_DIRECTORY, help="the path of nginx's configuration")
        parser.add_argument("--wait", type=float, default=2.0, help="seconds to wait before reading the logs")
        parser.add_argument("--json", action="store_true", help="print JSON, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = examine(
            options["url"].rstrip("/"),
            forgetting=_forgetting(timezone.now()),
            logs=options["log"],
            plain_url=options["plain_url"],
            ca=options["ca"],
            wait=options["wait"],
            nginx=options["nginx"],
        )
        if options["json"]:
            self.stdout.write(json.dumps([asdict(finding) for finding in findings], indent=2))
        else:
            _show(findings, terminal())
        sys.exit(any(finding.state == FindingState.LEAKS for finding in findings))


def _forgetting(now: datetime) -> Finding:
    """Whether the worker forgets views in time. Only here is it said how far behind it is: that depends on visitors."""
    lag = None
    with suppress(DatabaseError):
        oldest = open_views.oldest_closed_hour(hour=(hour := int(now.timestamp()) // SECONDS_PER_HOUR))
        lag = 0 if oldest is None else hour - oldest
    return forgetting_finding(worker=check_health(now=now).worker, lag_hours=lag)


def _show(findings: list[Finding], console: Console) -> None:
    table = TextTable("", ["", "looked at", "found", "what to do"])
    for finding in findings:
        texts = map(as_text, (finding.subject, finding.said, finding.do))
        table.add_row(as_text(_MARKS[finding.state]), *texts)
    console.print(table)
    count = {state: sum(finding.state == state for finding in findings) for state in FindingState}
    console.print(
        f"{count[FindingState.FINE]} fine, {count[FindingState.LEAKS]} leaks, "
        f"{count[FindingState.UNKNOWN]} could not be checked."
        " The logs of firewalls, providers and delivery networks cannot be seen from here.",
        highlight=False,
    )
