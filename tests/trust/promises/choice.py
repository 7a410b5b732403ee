"""Choice respected: visitors with Global Privacy Control or Do Not Track see the message and are not counted."""

from __future__ import annotations

import json

from benchmarks.installation import ORIGIN
from tests.trust.bench import Bench
from tests.trust.result import Result
from tests.trust.site import EMBEDDED, FIRST, HOSTED, TABS, receipt_keys_of
from tests.trust.visitors import DECIDE, Visit, VisitorGroup

_CHOICES = ({"Sec-GPC": "1"}, {"DNT": "1"}, {"Sec-GPC": "1", "DNT": "1"})


def check(bench: Bench) -> Result:
    """Request messages in every way with each signal, and check that nothing was counted."""
    with bench.site() as made:
        made.start()
        group = VisitorGroup.of(bench.scaled(300, 20), port=made.port, keys=receipt_keys_of(made))
        receipts: list[str] = []
        kept: dict[str, str] = {}
        group.run_each(lambda visit: kept.update(tab=visit.request_message(TABS, session="new")), group.people[:1])
        group.run_each(lambda visit: _request_messages(visit, kept["tab"], receipts))
        told = len(group.replies)
        group.run_each(lambda visit: _report_outcomes(visit, kept["tab"]))
        made.stop()
        asked = [reply for reply in group.replies[1:] if reply.path.startswith((DECIDE, f"/m/{HOSTED}/"))]
        shown = sum(reply.status == 200 and _is_message(reply.body) for reply in asked)
        made.run_worker_once()
        served = sum(int(str(row[0])) for row in made.query("default", "SELECT count FROM campaign_servedcount"))
        rows = len(made.open_nonces()) + len(made.query("default", "SELECT count FROM analytics_tally"))
    extra = served - 1  # except the tab that sent no signal at first
    broken = [f"{len(receipts)} requests got a receipt"] if receipts else []
    broken += [f"{extra} messages were counted as sent"] if extra else []
    broken += [f"{rows} rows were written"] if rows else []
    broken += [f"{len(asked) - shown} of {len(asked)} saw no message"] if shown < len(asked) else []
    return Result(
        n=(
            f"{len(asked):,} requests with Sec-GPC, DNT or both, in 5 ways, and {len(group.replies) - told:,} outcomes "
            "of a message that was asked for without"
        ),
        figure=f"messages shown {shown:,}, receipts {len(receipts)}, rows {rows}, counted as sent {extra}",
        broken=tuple(broken),
    )


def _request_messages(visit: Visit, tab: str, receipts: list[str]) -> None:
    for choice in _CHOICES:
        for body in (
            {"placement": EMBEDDED},
            {"placement": EMBEDDED, "unit": visit.visitor.unit},
            {"placement": FIRST, "unit": visit.visitor.unit},
            {"placement": TABS, "session": tab},
        ):
            reply = visit.request("POST", DECIDE, body, Origin=ORIGIN, **choice)
            receipt = json.loads(reply.body).get("receipt") if reply.status == 200 else None
            if receipt:
                receipts.append(receipt)
                visit.report_outcome(receipt, "exposed", "left")
        page = visit.request("GET", f"/m/{HOSTED}/", **choice)
        if b'name="receipt" value=""' not in page.body:
            receipts.append("on the hosted page")


def _report_outcomes(visit: Visit, receipt: str) -> None:
    for choice in _CHOICES:
        visit.report_outcome(receipt, "exposed", **choice)
        visit.report_outcome(receipt, "left", "rating", **choice)


def _is_message(body: bytes) -> bool:
    return b"headline" in body or b"<h1>" in body
