"""One network counts for its share: a flood is answered like any other visit, put on disk, and not counted."""

from __future__ import annotations

import json

from benchmarks.installation import ORIGIN
from campaign.serving.network_share import FLOOR, MAX_SHARE, allowance
from tests.trust.bench import Bench
from tests.trust.result import Result
from tests.trust.site import EMBEDDED, receipt_keys_of
from tests.trust.visitors import DECIDE, Visit, VisitorGroup


def check(bench: Bench) -> Result:
    """Let many networks ask once each and one network a great deal, and see what is counted of it."""
    honest, hostile = bench.scaled(3_000, 300), bench.scaled(3_000, 300)
    answers: dict[str, list[int]] = {"honest": [], "hostile": []}
    with bench.site({"BEHIND_TLS_PROXY": "1"}) as made:
        made.start()
        group = VisitorGroup.of(1, port=made.port, keys=receipt_keys_of(made))

        def come(visit: Visit) -> None:
            for number in range(honest):
                _ask(visit, f"10.{number >> 8}.{number & 255}.1", answers["honest"])
            for number in range(hostile):
                _ask(visit, f"203.0.113.{number % 250}", answers["hostile"])

        group.run_each(come)
        made.stop()
        on_disk = len(made.query("audience", "SELECT hour FROM analytics_openview"))
        counted = len(made.query("audience", "SELECT hour FROM analytics_openview WHERE NOT left_out"))
    most = honest + allowance(honest + FLOOR, share=MAX_SHARE) + 1
    lengths = {length for kind in answers.values() for length in kind}
    broken = [f"{counted - honest} of one network's views are counted"] if counted > most else []
    broken += [f"{honest + hostile - on_disk} views are not on disk"] if on_disk < honest + hostile else []
    broken += ["the answers tell who is left out"] if len(lengths) > 1 else []
    return Result(
        n=f"{honest:,} networks that ask once, and one that asks {hostile:,} times and reports an outcome of each",
        figure=f"of the one counted {counted - honest}, on disk {on_disk - honest:,}, kinds of answers {len(lengths)}",
        broken=tuple(broken),
    )


def _ask(visit: Visit, address: str, lengths: list[int]) -> None:
    reply = visit.request("POST", DECIDE, {"placement": EMBEDDED}, Origin=ORIGIN, X_Real_IP=address)
    receipt = json.loads(reply.body)["receipt"]
    if receipt is None:
        lengths.append(0)
        return
    lengths.append(len(reply.body))
    event = {"receipt": receipt, "outcome": "left"}
    visit.request("POST", "/api/v1/events", event, Origin=ORIGIN, X_Real_IP=address)
