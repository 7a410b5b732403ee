"""Size and time of each staff page with much data: 200 campaigns and placements, 2,000 revisions in three languages.

Which pages there are comes from the matrix of routes, as for the browser tests. The weight is all that a browser
fetches that was never here: the page, its styles, its scripts and whatever these name. The time is what the server's
thread is at work for one request, from the first middleware to the last; the median of several. The sign-in page is
asked in turns with each page: how many times as long a page takes says more than milliseconds on a busy machine.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urljoin
from urllib.request import Request, urlopen

from benchmarks.process_runner import run
from benchmarks.ratio_table import Line
from campaign.entrypoints import launcher

CAMPAIGNS, REVISIONS = 200, 2_000
KILOBYTES, MILLISECONDS, RESULTS_MILLISECONDS = 150, 50, 60
RESULTS, SIGN_IN = "/campaigns/<slug:slug>/results/", "/sign-in/"
ROUNDS = 9
# Arm -> seen, turned back, asked for help, annoyed.
COUNTS = {
    "neutral": (1400, 490, 40, 20),
    "victim": (1400, 520, 44, 22),
    "user": (1400, 505, 41, 25),
    "both": (1400, 560, 60, 21),
}
_NAMED = re.compile(rb"""<(?:link|script|img|source|iframe)\b[^>]*?\b(?:href|src)="([^"]+)"|url\(["']?([^"')]+)""")
_OTHERS = {
    "es": ("Todavía puedes parar.", "La persona de la imagen no dijo que sí.\n\nPuedes cerrar esta página ahora."),
    "ar": ("يمكنك التوقف هنا.", "لم يوافق الشخص في الصورة على ذلك.\n\nيمكنك إغلاق هذه الصفحة الآن."),
}


def measure() -> list[Line]:
    """The largest and the slowest page with their goals, and the figures of every page."""
    from tests.installation import new_installation

    with (
        tempfile.TemporaryDirectory(prefix="second-thought-bench-") as directory,
        new_installation(Path(directory), {"LOCAL_HTTP": "1"}) as own,
    ):
        cast = run(own, "tests.browser.cast:build")
        made = run(own, "benchmarks.staff_pages:crowd", campaigns=CAMPAIGNS, revisions=REVISIONS)
        pages = run(own, "benchmarks.staff_pages:timed", cast=cast, rounds=ROUNDS)
        with launcher.run_server(launcher.PRODUCTION_APPLICATION, environment=own) as url:
            for page in pages:
                page["kilobytes"] = weight(url, page["address"], cast["cookies"].get(page["role"], {})) / 1000
    return lines(pages, made)


def lines(pages: list[dict[str, Any]], made: dict[str, int]) -> list[Line]:
    """Size, time and number of queries of each page."""
    worlds = f"{made['campaigns']} campaigns, {made['placements']} placements, {made['revisions']:,} revisions"
    results, others = [p for p in pages if _is_results(p)], [p for p in pages if not _is_results(p)]
    return [
        _heaviest(pages, worlds),
        _slowest("staff: the slowest page, ms", others, MILLISECONDS),
        _slowest("staff: the slowest page of results, ms", results, RESULTS_MILLISECONDS),
        Line("staff: the sign-in page in turns with them, ms", f"{median(p['sign_in'] for p in pages):.1f}"),
        *_over_their_goals(pages),
        *(
            Line(
                f"  {p['name']}",
                f"{p['kilobytes']:.0f} kB, {p['milliseconds']:.1f} ms, {p['milliseconds'] / p['sign_in']:.1f} times "
                f"the sign-in page, {p['queries']} queries",
            )
            for p in sorted(pages, key=lambda p: -p["milliseconds"])
        ),
    ]


def _is_results(page: dict[str, Any]) -> bool:
    return str(page["name"]).split()[0] == RESULTS


def _over_their_goals(pages: list[dict[str, Any]]) -> Iterator[Line]:
    """A line for each page that misses a goal, so that whoever reads the end of a run knows which to mend."""
    for page in pages:
        goal = RESULTS_MILLISECONDS if _is_results(page) else MILLISECONDS
        if page["kilobytes"] >= KILOBYTES or page["milliseconds"] >= goal:
            figure = f"{page['kilobytes']:.0f} kB, {page['milliseconds']:.1f} ms"
            yield Line(f"staff: over its goal: {page['name']}", figure, f"{KILOBYTES} kB, {goal} ms", met=False)


def _heaviest(pages: list[dict[str, Any]], worlds: str) -> Line:
    most = max(p["kilobytes"] for p in pages)
    return Line(f"staff: the heaviest page, kB ({worlds})", f"{most:.0f}", f"under {KILOBYTES}", most < KILOBYTES)


def _slowest(name: str, pages: list[dict[str, Any]], goal: int) -> Line:
    page = max(pages, key=lambda p: p["milliseconds"])
    figure = f"{page['milliseconds']:.1f}, {page['milliseconds'] / page['sign_in']:.1f} times the sign-in page"
    return Line(name, figure, f"under {goal}", page["milliseconds"] < goal)


def weight(url: str, address: str, cookies: dict[str, str]) -> int:
    """The bytes of a page and its resources, as sent to a browser with an empty cache."""
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    total, waiting, seen = 0, [urljoin(url, address)], set[str]()
    while waiting:
        asked = waiting.pop()
        if asked in seen or not asked.startswith(url):
            continue
        seen.add(asked)
        with urlopen(Request(asked, headers={"Cookie": cookie, "Accept-Encoding": "gzip, br"})) as answer:
            body = answer.read()
        total += len(body)
        if asked == urljoin(url, address) or asked.endswith(".css"):
            waiting += [urljoin(asked, (a or b).decode()) for a, b in _NAMED.findall(body)]
    return total


def timed(cast: dict[str, Any], rounds: int) -> list[dict[str, Any]]:
    """Runs inside an installation: time and queries of each page, for the role that sees the most."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from tests.browser import inventory

    found, stranger = [], Client(SERVER_NAME="localhost")
    for page in inventory.pages():
        if not page.route or page.send:
            continue
        address, client = inventory.address(page, cast), Client(SERVER_NAME="localhost")
        for name, value in cast["cookies"].get(page.role, {}).items():
            client.cookies[name] = value
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address)
            asked = len(queries)
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answers {answer.status_code} to {page.role}: {inventory.ADVICE}")
        taken = list(islice(zip(_times(client, address), _times(stranger, SIGN_IN), strict=True), rounds))
        ours, yardstick = (median(times) * 1000 for times in zip(*taken, strict=True))
        found.append(
            {"name": " ".join(filter(None, (page.route, page.state))), "address": address, "role": page.role}
            | {"milliseconds": ours, "sign_in": yardstick, "queries": asked}
        )
    return found


def _times(client: Any, address: str) -> Iterator[float]:
    while True:
        begun = time.thread_time()
        client.get(address)
        yield time.thread_time() - begun


def crowd(campaigns: int, revisions: int, looks: bool = True) -> dict[str, int]:
    """Runs inside an installation: fills it up to so many campaigns, each with a look on record, and revisions."""
    from django.db import transaction
    from django.utils import timezone

    from analytics.looks.evaluate import evaluate
    from campaign.models import Campaign, Placement
    from messages.models import Revision

    with transaction.atomic():
        spare = _words(revisions - Revision.objects.count())
        made = [_campaign(number, spare) for number in range(campaigns - Campaign.objects.count())]
    for campaign in made if looks else ():
        evaluate(campaign, now=timezone.now())
    return {
        "campaigns": Campaign.objects.count(),
        "placements": Placement.objects.count(),
        "revisions": Revision.objects.count(),
    }


def _words(count: int) -> list[Any]:
    """So many more revisions, a few to a message, in the starter library's words; the approved last one of each."""
    from messages.audit import log
    from messages.models import Frame, Message, Rendition, Revision, Theme

    themes, english = list(Theme.objects.all()), list(Rendition.objects.filter(locale="en"))
    messages = Message.objects.bulk_create(
        Message(key=f"more-{number}", theme=themes[number % len(themes)], frame=list(Frame)[number % 4].value)
        for number in range(count // 4)
    )
    revisions = Revision.objects.bulk_create(
        Revision(
            message=messages[number // 4 % len(messages)],
            number=1 + number % 4 + 4 * (number // 4 // len(messages)),
            claim_strength="value",
            sources=["A report that this rests on, 2024, https://example.org/report"],
        )
        for number in range(count)
    )
    renditions = []
    for revision, words in zip(revisions, cycle(english), strict=False):
        spoken = {"en": (words.headline, words.body), **_OTHERS}
        renditions += [
            Rendition(revision=revision, locale=locale, headline=headline, body=body)
            for locale, (headline, body) in spoken.items()
        ]
    approved = revisions[3::4]
    of_them = {revision.pk for revision in approved}
    for rendition in renditions:
        if rendition.revision_id in of_them:
            rendition.state, rendition.digest = Revision.State.APPROVED, rendition.words_digest()
    for rendition in Rendition.objects.bulk_create(renditions):
        if rendition.digest:
            log.record_rendition(log.Action.WORDS_APPROVE, rendition, by="a benchmark", words=rendition.digest)
    for revision in approved:
        revision.state, revision.digest = Revision.State.APPROVED, revision.words_digest()
    Revision.objects.bulk_update(approved, ["digest", "state"])
    return approved


def _campaign(number: int, words: list[Any]) -> Any:
    """One running campaign of four arms at a placement of its own, with a week of counts."""
    from django.utils import timezone

    from tests.browser import cast

    four = [words[(4 * number + position) % len(words)] for position in range(4)]
    hypothesis = "Telling of both harms turns back more people than telling of either."
    made = cast.draft(
        f"campaign-{number}", f"Question {number}: which words turn back more?", hypothesis, four, planned=1000
    )
    cast.launch(made, now=timezone.now() - timedelta(days=10))
    cast.count(
        made, {arm: (seen, back + number, helped, annoyed) for arm, (seen, back, helped, annoyed) in COUNTS.items()}
    )
    return made
