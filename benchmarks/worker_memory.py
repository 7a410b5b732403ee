"""The memory of one worker after it has served every kind of page; it must not contain scipy.

The worker has what production has: packages that `requirements/base.txt` does not name are hidden from it, because
some libraries load whatever else they find (Django REST framework takes `requests`, if a test tool brought it along).
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import packages_distributions
from itertools import islice, repeat
from pathlib import Path

from benchmarks.events import requests
from benchmarks.installation import DECIDE, PLACEMENT, ROOT, installation, receipts, side_by_side
from benchmarks.load import CONNECTIONS, drive, get
from benchmarks.process_runner import run
from benchmarks.processes import mapped, resident_mib
from benchmarks.ratio_table import Line

FORBIDDEN = ("scipy", "numpy")
GOAL = 80e6 / 2**20  # 80 MB, in MiB
CONCURRENT = 64  # the proxy opens a connection for each request; at 2,000 a second about 20 are in flight
PUBLIC = (f"/m/{PLACEMENT}/", "/sign-in/", "/api/schema/", "/api/docs/", "/static/campaign/embed.js")
STAFF = (
    "/",
    "/campaigns/autumn-pilot/",
    "/campaigns/autumn-pilot/results/",
    "/messages/",
    "/admin/",
    "/admin/auth/user/",
    "/people/",
    "/people/invite/",
    "/account/",
    "/account/second-factor/",
    "/account/second-factor/app/",
    "/account/confirm/",
    "/api/v1/campaigns/",
    "/api/v1/campaigns/autumn-pilot/",
    "/api/v1/campaigns/autumn-pilot/analyses/",
)


def measure() -> list[Line]:
    """The worker's memory, and that of a worker with the constant after the same number of requests."""
    with (
        installation() as own,
        _as_in_production() as hiding,
        side_by_side({**own, **hiding}, constant_bytes=1024) as (real, constant),
    ):
        fresh = resident_mib(real.worker)
        for served in (real, constant):
            drive(served.port, repeat(DECIDE, 10_000), seconds=30, connections=CONCURRENT)
            drive(served.port, (get(page) for page in PUBLIC), seconds=30, connections=1)
        cookie = run(own, "benchmarks.worker_memory:signed_in")
        drive(real.port, (get(page, cookie=cookie) for page in STAFF), seconds=30, connections=1)
        told = requests(receipts(real.port, 2_000, connections=CONCURRENT), batch=1)
        drive(real.port, islice(told, 1_000), seconds=30, connections=CONCURRENT)
        ours, yardstick = resident_mib(real.worker), resident_mib(constant.worker)
        drive(real.port, told, seconds=30)
        crowded = resident_mib(real.worker)
        found = [name for name in FORBIDDEN if mapped(real.worker, name)]
    return [
        Line("start: a worker's memory after load, MiB", f"{ours:.1f}", f"under {GOAL:.1f}", ours < GOAL),
        Line("  just started, and a worker's with a constant after load", f"{fresh:.1f}, {yardstick:.1f}"),
        Line(f"  and ours once {CONNECTIONS} requests were under way at once", f"{crowded:.1f}"),
        Line("start: statistics libraries in a worker", ", ".join(found) or "none", "none", not found),
    ]


def not_in_production(locked: str, packages: Mapping[str, Sequence[str]]) -> list[str]:
    """The top-level modules of distributions that are not in the lock file."""
    kept = {_plain(line.partition("==")[0]) for line in locked.splitlines() if "==" in line}
    return sorted(module for module, owners in packages.items() if kept.isdisjoint(map(_plain, owners)))


def _plain(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution.strip()).lower()


@contextmanager
def _as_in_production() -> Iterator[dict[str, str]]:
    """The environment variable that hides the development packages from a Python process."""
    hidden = not_in_production((ROOT / "requirements" / "base.txt").read_text("utf-8"), packages_distributions())
    with tempfile.TemporaryDirectory(prefix="second-thought-bench-") as directory:
        program = f"import sys\nsys.modules.update(dict.fromkeys({hidden!r}))\n"
        Path(directory, "sitecustomize.py").write_text(program, "utf-8")
        yield {"PYTHONPATH": directory}


def signed_in() -> str:
    """Runs inside an installation: record a look, and return the session cookie of an administrator."""
    from datetime import UTC, datetime
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.models import Group, User

    from analytics.looks.evaluate import evaluate
    from campaign.models import Campaign
    from messages.accounts import sessions
    from messages.accounts.step_up import CONFIRMED_AT_KEY
    from messages.roles import ADMINISTRATOR

    evaluate(Campaign.objects.get(), now=datetime.now(UTC))
    person = User.objects.create_user("everything")
    person.groups.set([Group.objects.get(name=ADMINISTRATOR)])
    hour = int(time.time()) // 3600
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.update(
        {sessions.FACTOR: True, sessions.SEEN: hour, sessions.STARTED: hour, CONFIRMED_AT_KEY: int(time.time())}
    )
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
