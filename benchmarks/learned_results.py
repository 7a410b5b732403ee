"""How long a search over what was learned takes: ten thousand closed campaigns, by words and by what they have."""

from __future__ import annotations

import tempfile
import time
from itertools import cycle, islice, product
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.process_runner import run
from benchmarks.ratio_table import Line

RESULTS, ROUNDS = 10_000, 7
MILLISECONDS = 100
SEARCHES = {
    "everything": {},
    "words": {"q": "spring forum peers"},
    "words that nothing has": {"q": "nothing-of-this-name"},
    "appeal and result": {"frame": "both", "verdict": "worse"},
    "theme, language and words": {"theme": "Consent 17", "language": "es", "q": "forum"},
    "the last page": {"page": str(RESULTS // 20)},
}


def measure() -> list[Line]:
    """What the server's thread is at work for the whole page, the median of several, for each kind of search."""
    from tests.installation import new_installation

    with (
        tempfile.TemporaryDirectory(prefix="second-thought-bench-") as directory,
        new_installation(Path(directory), {"LOCAL_HTTP": "1"}) as own,
    ):
        run(own, "benchmarks.learned_results:fill", results=RESULTS)
        found = run(own, "benchmarks.learned_results:timed", rounds=ROUNDS)
    return [
        Line(
            f"learned: {name}, ms ({RESULTS:,} campaigns)",
            f"{median(times):.0f}",
            f"under {MILLISECONDS}",
            median(times) < MILLISECONDS,
        )
        for name, times in found.items()
    ]


def fill(*, results: int) -> dict[str, Any]:
    """Runs inside an installation: results of another organisation, which need no campaigns of ours."""
    from datetime import date, timedelta

    from analytics.learned.plain_letters import search_text
    from analytics.models import KnownSigner, LearnedComparison, LearnedFacet, LearnedResult
    from tests import world

    signer = KnownSigner.objects.create(
        fingerprint="0000", organisation="Example", confirmed_by="mara", confirmed_at=world.NOON
    )
    words = product(("Spring", "Summer", "Winter"), ("forum", "search page", "chatbot"), ("peers", "adults", "law"))
    names = islice(cycle(map(" ".join, words)), results)
    sentence = "Of 100 people who saw the message with both harms, 36 turned back; 9 more than with the neutral text."
    rows = [
        LearnedResult(
            signer=signer,
            bundle_digest=f"{number:064}",
            plan_fingerprint=f"{number:064}",
            look=4,
            ended_on=date(2020, 1, 1) + timedelta(days=number % 2000),
            name=f"{name} {number}",
            outcome="turned_back",
            design="view",
            people=12_000,
            least=10,
            sentences={"en": sentence},
            words=search_text([name, sentence, *[f"A headline of some words, number {k}" for k in range(12)]]),
        )
        for number, name in enumerate(names)
    ]
    stored = LearnedResult.objects.bulk_create(rows)
    verdicts = ("better", "worse", "no-meaningful-difference", "cannot-tell-yet")
    facets: dict[tuple[str, str], LearnedFacet] = {}
    links = []
    for number, result in enumerate(stored):
        for kind, value in (
            *(("frame", frame) for frame in ("neutral", "victim", "user", "both")),
            *(("theme", f"Consent {(number + k) % 40}") for k in range(4)),
            *(("language", language) for language in ("en", "es")),
            ("placement", "page"),
            *(("verdict", verdict) for verdict in {verdicts[number % 4], verdicts[number % 3]}),
        ):
            if (kind, value) not in facets:
                facets[kind, value] = LearnedFacet.objects.create(kind=kind, value=value)
            links.append(LearnedResult.facets.through(learnedresult=result, learnedfacet=facets[kind, value]))
    LearnedResult.facets.through.objects.bulk_create(links)
    LearnedComparison.objects.bulk_create(
        LearnedComparison(result=result, position=k, treated=frame, control="neutral", verdict="better")
        for result in stored
        for k, frame in enumerate(("victim", "user", "both"))
    )
    return {"results": len(stored)}


def timed(*, rounds: int) -> dict[str, list[float]]:
    """Runs inside an installation: milliseconds of each search, the page included."""
    from django.test import Client

    from tests import world

    client = Client(headers={"host": "127.0.0.1"})
    world.sign_in(client, world.person("ana", "analyst"))
    taken: dict[str, list[float]] = {}
    for name, query in SEARCHES.items():
        client.get("/learned/", query)
        for _ in range(rounds):
            begun = time.thread_time()
            response = client.get("/learned/", query)
            taken.setdefault(name, []).append(1000 * (time.thread_time() - begun))
            if response.status_code != 200:
                raise RuntimeError(f"{name} answers {response.status_code}")
    return taken
