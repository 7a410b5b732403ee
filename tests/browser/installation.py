"""An installation with the demo's campaign and a running server, and a partner's page on another origin."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from campaign.entrypoints import launcher
from campaign.outcomes import OUTCOMES
from tests.installation import copy_migrated_databases
from tests.power.ledger import in_audience

PREPARE = """
from datetime import timedelta
from django.utils import timezone
from analytics.simulated_visits import demo
from messages.library import starter_library
now = timezone.now()
starter_library.load(now=now)
for person in demo.create_accounts():
    print(person.name, person.password)
demo.create_campaign(now=now - timedelta(days=2), origins={origins}, planned_per_arm=100)
"""


@dataclass
class Installation:
    """An installation: data directory, server, and a partner's page on another origin."""

    directory: Path
    url: str
    partner: str
    passwords: dict[str, str]

    def manage(self, *arguments: str) -> str:
        return manage(self.directory, *arguments)

    def open_outcomes(self) -> dict[str, int]:
        """Return how many open views have each of these outcomes."""
        views = in_audience(self.directory).values()
        told = ("exposed", "left", "continued", "help_self", "help_affected")
        return {outcome: sum(bool(bits & OUTCOMES[outcome].mask) for bits in views) for outcome in told}

    def folded_count(self, outcome: str) -> int:
        """Return how many folded views had this outcome, over all arms."""
        with closing(sqlite3.connect(self.directory / "default.sqlite3")) as database:
            asked = database.execute("SELECT COALESCE(SUM(count), 0) FROM analytics_tally WHERE outcome = ?", [outcome])
            return int(asked.fetchone()[0])


def environment(directory: Path) -> dict[str, str]:
    return {**os.environ, "DATA_DIRECTORY": str(directory), "LOCAL_HTTP": "1", "SKIP_SECOND_FACTOR": "1"}


def manage(directory: Path, *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, env=environment(directory), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def running_installation(directory: Path, *, more_origins: Sequence[str] = ()) -> Iterator[Installation]:
    """Run the server a day in the past, so that views are closed when the test folds."""
    # Here, as pictures and measurements use this folder without Django's settings.
    from analytics.management.commands.demo import PARTNER_PAGE, make_partner_server

    copy_migrated_databases(directory)
    port = launcher.free_port()
    told = manage(
        directory, "shell", "--no-imports", "-c", PREPARE.format(origins=[f"http://localhost:{port}", *more_origins])
    )
    passwords = dict(line.split() for line in told.splitlines())
    clock = environment(directory) | {"REHEARSAL_HOURS_AGO": "24", "SERVED_FLUSH_SECONDS": "0.1"}
    with launcher.run_server("campaign.entrypoints.time_shifted:application", environment=clock) as url:
        html = PARTNER_PAGE.read_text(encoding="utf-8").replace("{{ORIGIN}}", url)
        partner = make_partner_server(html.replace("{{PLACEMENT}}", "partner-page"), port)
        threading.Thread(target=partner.serve_forever, args=[0.02], daemon=True).start()
        yield Installation(directory, url, f"http://localhost:{port}/", passwords)
        partner.shutdown()
        partner.server_close()
