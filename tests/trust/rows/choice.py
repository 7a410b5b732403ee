"""Choice respected: who sends Global Privacy Control or Do Not Track sees the message, and nothing is counted."""

from __future__ import annotations

import json

from benchmarks.installation import ORIGIN
from tests.trust.bench import Bench
from tests.trust.result import Result
from tests.trust.site import EMBEDDED, FIRST, HOSTED, TABS, receipt_keys_of
from tests.trust.visitors import DECIDE, Visit, VisitorGroup

_CHOICES = ({"Sec-GPC": "1"}, {"DNT": "1"}, {"Sec-GPC": "1", "DNT": "1"})


def check(bench: Bench) -> Result:
    """Ask for messages in every way with each signal; then look for anything that was counted."""
    with bench.site() as made:
        made.start()
        crowd = VisitorGroup.of(bench.scaled(300, 20), port=made.port, keys=receipt_keys_of(made))
        receipts: list[str] = []
        kept: dict[str, str] = {}
        crowd.run_each(lambda at: kept.update(tab=at.request_message(TABS, session="new")), crowd.people[:1])
        crowd.run_each(lambda at: _request_messages(at, kept["tab"], receipts))
        told = len(crowd.replies)
        crowd.run_each(lambda at: _report_outcomes(at, kept["tab"]))
        made.stop()
        asked = [reply for reply in crowd.replies[1:] if reply.path.startswith((DECIDE, f"/m/{HOSTED}/"))]
        shown = sum(reply.status == 200 and _is_message(reply.body) for reply in asked)
        made.run_worker_once()
        served = sum(int(str(row[0])) for row in made.query("default", "SELECT count FROM campaign_servedcount"))
        rows = len(made.open_nonces()) + len(made.query("default", "SELECT count FROM analytics_tally"))
    extra = served - 1  # the tab that had not said no yet, and whose outcomes come with a no
    broken = [f"{len(receipts)} requests got a receipt"] if receipts else []
    broken += [f"{extra} messages were counted as sent"] if extra else []
    broken += [f"{rows} rows were written"] if rows else []
    broken += [f"{len(asked) - shown} of {len(asked)} saw no message"] if shown < len(asked) else []
    return Result(
        n=(
            f"{len(asked):,} requests with Sec-GPC, DNT or both, in 5 ways, and {len(crowd.replies) - told:,} outcomes "
            "of a message that was asked for without"
        ),
        figure=f"messages shown {shown:,}, receipts {len(receipts)}, rows {rows}, counted as sent {extra}",
        broken=tuple(broken),
    )


def _request_messages(at: Visit, tab: str, receipts: list[str]) -> None:
    for choice in _CHOICES:
        for body in (
            {"placement": EMBEDDED},
            {"placement": EMBEDDED, "unit": at.visitor.unit},
            {"placement": FIRST, "unit": at.visitor.unit},
            {"placement": TABS, "session": tab},
        ):
            reply = at.request("POST", DECIDE, body, Origin=ORIGIN, **choice)
            receipt = json.loads(reply.body).get("receipt") if reply.status == 200 else None
            if receipt:
                receipts.append(receipt)
                at.report_outcome(receipt, "exposed", "left")
        page = at.request("GET", f"/m/{HOSTED}/", **choice)
        if b'name="receipt" value=""' not in page.body:
            receipts.append("on the hosted page")


def _report_outcomes(at: Visit, receipt: str) -> None:
    for choice in _CHOICES:
        at.report_outcome(receipt, "exposed", **choice)
        at.report_outcome(receipt, "left", "rating", **choice)


def _is_message(body: bytes) -> bool:
    return b"headline" in body or b"<h1>" in body
