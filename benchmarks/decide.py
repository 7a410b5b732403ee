"""The speed of `POST /api/v1/decide`, relative to three yardsticks on the same server.

They are a constant, a constant that reads the same body and sends the same headers and as many bytes, and the same
decision as a Django REST framework view (`drf_view` says what that view is spared).
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from functools import partial
from itertools import count, repeat
from typing import Any

from benchmarks.installation import DECIDE, ORIGIN, PLACEMENT, driven, installation, serving, side_by_side, usual_size
from benchmarks.load import body_of, post
from benchmarks.process_runner import run
from benchmarks.processes import on_core, two_cores
from benchmarks.ratio_table import Line, in_turns, speed_lines
from campaign.assignment.receipts import SECONDS_PER_HOUR
from campaign.entrypoints.launcher import PRODUCTION_APPLICATION

GOAL, GOAL_BESIDE_READING, GOAL_BESIDE_DRF, GOAL_WITH_A_KEY = 0.45, 0.7, 10, 0.75
DRF_THREADS = 4  # it is half as fast again with 1 or 4 threads as with 32
ROUNDS, SECONDS = 21, 1.5
COUNTED = 2_000


def measure() -> list[Line]:
    """Ratios of requests per CPU-second over interleaved rounds, and the database queries of a decision."""
    with installation() as own:
        with serving(PRODUCTION_APPLICATION, own) as real:
            size = usual_size(real.port)
        with (
            side_by_side(own, constant_bytes=size) as (real, constant),
            serving("benchmarks.constant_reply:reading_application", {**own, "CONSTANT_BYTES": str(size)}) as reading,
            serving("benchmarks.drf_view:application", own, wsgi_threads=DRF_THREADS) as drf,
            on_core(two_cores()[1]),
        ):
            ours, constants, reads, views = in_turns(
                [partial(driven, side, repeat(DECIDE), seconds=SECONDS) for side in (real, constant, reading, drf)],
                rounds=ROUNDS,
            )
        statements = run(own, "benchmarks.decide:statements", decisions=COUNTED)
    return [
        *speed_lines("decide", ours=ours, yardstick=constants, goal=GOAL, unit="decisions"),
        *speed_lines(
            "decide",
            ours=ours,
            yardstick=reads,
            goal=GOAL_BESIDE_READING,
            unit="decisions",
            beside="share of the speed of a constant that reads the body",
        ),
        *speed_lines(
            "decide",
            ours=ours,
            yardstick=views,
            goal=GOAL_BESIDE_DRF,
            unit="decisions",
            beside="times the speed of a DRF view",
            theirs="DRF view's",
        ),
        Line(f"decide: database queries in {COUNTED:,} decisions", f"{statements}", "none", statements == 0),
    ]


def measure_keys() -> list[Line]:
    """The speed of a decision whose request brings a key, as our script sends one, beside one without."""
    with installation() as own, serving(PRODUCTION_APPLICATION, own) as real, on_core(two_cores()[1]):
        requests = _with_fresh_keys()
        keyed, plain = in_turns(
            [partial(driven, real, asked, seconds=SECONDS) for asked in (requests, repeat(DECIDE))], rounds=ROUNDS
        )
    return speed_lines(
        "decide with a key",
        ours=keyed,
        yardstick=plain,
        goal=GOAL_WITH_A_KEY,
        unit="decisions",
        beside="share of the speed without one",
        theirs="those without",
    )


def _with_fresh_keys() -> Iterator[bytes]:
    """Requests, each under a key of its own of the present hour."""
    hour = int(time.time()) // SECONDS_PER_HOUR
    asked = {"placement": PLACEMENT, "locale": "en", "key": f"{hour}-{0:020}"}
    before, _, after = post("/api/v1/decide", json.dumps(asked).encode(), origin=ORIGIN).partition(b"%020d" % 0)
    for number in count():
        yield b"%b%020d%b" % (before, number, after)


def statements(*, decisions: int) -> int:
    """Runs inside an installation: the number of SQL statements that the serving thread sends to either database."""
    from django.db import connections

    from campaign.wsgi import application

    seen: list[str] = []
    answers: list[str] = []

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(sql)
        return execute(sql, params, many, context)

    with connections["default"].execute_wrapper(count), connections["audience"].execute_wrapper(count):
        for _ in range(decisions):
            body = body_of(DECIDE)
            environ: dict[str, Any] = {
                "REQUEST_METHOD": "POST",
                "PATH_INFO": "/api/v1/decide",
                "CONTENT_LENGTH": str(len(body)),
                "wsgi.input": io.BytesIO(body),
            }
            application(environ, lambda status, headers, error=None: answers.append(status))  # type: ignore[arg-type]
    if answers != ["200 OK"] * decisions:
        raise RuntimeError("not every decision was served")
    return len(seen)
