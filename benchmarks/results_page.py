"""Size and time of the results page, with few visitors and with many, beside the sign-in page of the same server.

Both campaigns are watched at any time and have a look for each of many days. Then each state of the page in the data of
the browser tests: four messages, matched sets of texts, a message in use with a holdout, a broken split and more. The
time is what the server's thread is at work for one request, the median of several, and once more where this process has
rendered none of the page before; the weight is what a browser with an empty cache fetches.
"""

from __future__ import annotations

import tempfile
import time
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.process_runner import run
from benchmarks.ratio_table import Line
from benchmarks.staff_pages import weight
from campaign.entrypoints import launcher

KILOBYTES, MILLISECONDS = 150, 60
VISITORS = {"few": 16_000, "many": 16_000_000}
DAYS, ROUNDS = 40, 15
SIGN_IN, FIRST = "/sign-in/", " first"


def measure() -> list[Line]:
    """The page with few and with many visitors, and how many times the sign-in page it takes."""
    from tests.installation import new_installation

    with (
        tempfile.TemporaryDirectory(prefix="second-thought-bench-") as directory,
        new_installation(Path(directory), {"LOCAL_HTTP": "1"}) as own,
    ):
        cookies = run(own, "benchmarks.results_page:build")
        pages = {name: f"/campaigns/{name}-visitors/results/" for name in VISITORS}
        taken = run(own, "benchmarks.results_page:timed", addresses=[SIGN_IN, *pages.values()], cookies=cookies)
        with launcher.run_server(launcher.PRODUCTION_APPLICATION, environment=own) as url:
            heavy = {name: weight(url, address, cookies) / 1000 for name, address in pages.items()}
    lines = []
    for name, address in pages.items():
        what = f"results page, {VISITORS[name]:,} visitors and {DAYS} looks"
        ratio = taken[address] / taken[SIGN_IN]
        met = taken[address] < MILLISECONDS
        lines += [
            Line(f"{what}, ms", f"{taken[address]:.1f}", f"under {MILLISECONDS}", met),
            Line("  read for the first time, ms", f"{taken[address + FIRST]:.1f}"),
            Line(f"{what}, kB", f"{heavy[name]:.0f}", f"under {KILOBYTES}", heavy[name] < KILOBYTES),
            Line("  beside the sign-in page", f"{ratio:.1f} times its {taken[SIGN_IN]:.1f} ms"),
        ]
    return [*lines, *_states()]


def _states() -> list[Line]:
    """The heaviest and the slowest of the states that the browser tests look at."""
    from tests.installation import new_installation

    with (
        tempfile.TemporaryDirectory(prefix="second-thought-bench-") as directory,
        new_installation(Path(directory), {"LOCAL_HTTP": "1"}) as own,
    ):
        cookies = run(own, "tests.browser.cast:build")["cookies"]["manager"]
        pages = run(own, "benchmarks.results_page:addresses")
        taken = run(own, "benchmarks.results_page:timed", addresses=pages, cookies=cookies)
        with launcher.run_server(launcher.PRODUCTION_APPLICATION, environment=own) as url:
            heavy = {page: weight(url, page, cookies) / 1000 for page in pages}
    slow, first, large = (
        max(pages, key=of) for of in (taken.__getitem__, lambda page: taken[page + FIRST], heavy.__getitem__)
    )
    what = f"results page, the worst of {len(pages)} states"
    return [
        Line(f"{what}, ms", f"{taken[slow]:.1f} ({slow})", f"under {MILLISECONDS}", taken[slow] < MILLISECONDS),
        Line("  read for the first time, ms", f"{taken[first + FIRST]:.1f} ({first})"),
        Line(f"{what}, kB", f"{heavy[large]:.0f} ({large})", f"under {KILOBYTES}", heavy[large] < KILOBYTES),
    ]


def addresses() -> list[str]:
    """Runs inside an installation: the results page of each campaign that has a look."""
    from campaign.models import Campaign

    slugs = Campaign.objects.filter(analyses__isnull=False).order_by("slug").distinct().values_list("slug", flat=True)
    return [f"/campaigns/{slug}/results/" for slug in slugs]


def build() -> dict[str, str]:
    """Runs inside an installation: makes the campaigns, and returns the session of an analyst."""
    from django.test import Client
    from django.utils import timezone

    from analytics.looks.evaluate import evaluate
    from analytics.models import Tally
    from analytics.simulated_visits import demo
    from campaign.models import AnalysisPlan, Campaign, ServedCount
    from messages.library import starter_library
    from messages.models import HelpLink, Message
    from tests import world
    from tests.browser import cast

    now = timezone.now()
    starter_library.load(now=now)
    HelpLink.objects.update(verified_on=now.date())
    demo.create_accounts()  # whoever hears of harm has a confirmed address
    words = [Message.objects.get(key=key).revisions.order_by("number")[0] for _, _, key in demo.ARMS]
    for name, visitors in VISITORS.items():
        made = cast.draft(f"{name}-visitors", name, "Both harms help.", words, planned=visitors // 4)
        AnalysisPlan.objects.filter(campaign=made).update(monitoring="always-valid", looks=[0.2, 0.4, 0.6, 0.8, 1.0])
        made = Campaign.objects.get(pk=made.pk)
        cast.launch(made, now=now - timedelta(days=DAYS + 1))
        for day in range(DAYS):
            for arm in made.arms.all():
                seen = visitors // 4 // DAYS
                where = {"arm": arm, "placement": made.placements.get(), "locale": "en"}
                where["day"] = (now - timedelta(days=DAYS - day)).date()
                ServedCount.objects.create(**where, count=seen + seen // 10)
                shares = {"exposed": 1.0, "turned_back": 0.3 + 0.02 * arm.position, "help_self": 0.1, "annoyed": 0.1}
                Tally.objects.bulk_create(
                    Tally(**where, outcome=outcome, count=round(seen * share)) for outcome, share in shares.items()
                )
            evaluate(made, now=now - timedelta(days=DAYS - day - 1))
    client = Client()
    world.sign_in(client, world.person("ana", "analyst"))
    return {name: morsel.value for name, morsel in client.cookies.items()}


def timed(addresses: list[str], cookies: dict[str, str]) -> dict[str, float]:
    """Runs inside an installation: milliseconds of each page, the sign-in page as a stranger; also as read first."""
    from django.test import Client

    from analytics.results.rendered_parts import forget_parts

    found: dict[str, float] = {}
    for address in addresses:
        client: Any = Client(SERVER_NAME="localhost")
        if address != SIGN_IN:
            for name, value in cookies.items():
                client.cookies[name] = value
        for name in (address, address + FIRST):
            taken = []
            for _ in range(ROUNDS + 1):
                if name != address:
                    forget_parts()
                begun = time.thread_time()
                answer = client.get(address)
                taken.append(time.thread_time() - begun)
                if answer.status_code != 200:
                    raise RuntimeError(f"{address} answers {answer.status_code}")
            found[name] = median(taken[1:]) * 1000
    return found
