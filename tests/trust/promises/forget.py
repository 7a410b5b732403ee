"""Fold and forget: after folding no nonce is left in any file, and the tallies equal the accepted events.

Every tenth view is withdrawn, half of these by the spool while the view is in the database: nothing of them is in the
tallies, and their number is in the campaign's total.

Views arrive through the real server, a part of them by the spool during an outage of the audience database. A backup
is made while they are open; then the worker folds them, and every file is searched for the nonces.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from benchmarks.installation import ORIGIN, receipts
from campaign.assignment.receipts import ReceiptSigner
from tests.trust.bench import Bench
from tests.trust.needles import Search, encodings_of
from tests.trust.result import Result
from tests.trust.site import TrustSite, receipt_keys_of
from tests.trust.visitors import Visit, VisitorGroup
from tests.written_files import contents_of

_AT_ONCE = 200


def check(bench: Bench) -> Result:
    """Report views, fold them, and search for their nonces."""
    number = bench.scaled(5_000, 600)
    with bench.site({"NETWORK_SHARE": "1"}) as made:  # all requests come from one network
        made.start()
        office = ReceiptSigner(receipt_keys_of(made))
        shown = receipts(made.port, number)
        nonces = [office.verify(receipt, hour=0).nonce for receipt in shown]
        search = Search({form: f"a nonce{name}" for nonce in nonces for form, name in encodings_of(nonce, "")})
        group = VisitorGroup.of(1, port=made.port, keys=receipt_keys_of(made))
        told = number * 3 // 4
        group.run_each(lambda visit: _report_outcomes(visit, shown[:told]))
        withdrawn, leavers = number // 10, VisitorGroup.of(1, port=made.port, keys=receipt_keys_of(made))
        leavers.run_each(lambda visit: _report_outcomes(visit, shown[: withdrawn // 2], ("withdraw", "left")))
        with made.audience_database_away():
            leavers.run_each(
                lambda visit: _report_outcomes(visit, shown[withdrawn // 2 : withdrawn], ("withdraw", "left"))
            )
            group.run_each(lambda visit: _report_outcomes(visit, shown[told:]))
            spooled = _count_nonces(search, (made.data / "spool" / "spool.sqlite3").read_bytes())
        backup = made.back_up()
        opened = _count_nonces(search, b"".join(_all_bytes(made)))
        in_backup = _count_nonces(search, backup.read_bytes())
        made.run_worker_once()
        left = search.search_files(made.written_paths())
        accepted = sum(json.loads(reply.body)["accepted"] for reply in group.replies if reply.status == 200) // 2
        counted = {outcome: made.tally_total(outcome) for outcome in ("exposed", "left")}
        rows = made.query("default", "SELECT COALESCE(SUM(count), 0) FROM analytics_withdrawals")
        in_total = int(str(rows[0][0]))
        still = len(made.open_nonces())
    broken = [str(hit) for hit in left]
    broken += [f"{in_backup} nonces in a backup"] if in_backup else []
    broken += [
        f"{accepted} views answered and {count} counted as {name}"
        for name, count in counted.items()
        if count != accepted - withdrawn
    ]
    broken += [f"{withdrawn} views withdrawn and {in_total} in the total of them"] if in_total != withdrawn else []
    broken += [f"{still} views are open still"] if still else []
    broken += [f"only {opened} of {number} were found while they were open"] if opened < number else []
    broken += ["none went by the spool"] if not spooled else []
    return Result(
        n=(
            f"{number:,} views, {spooled:,} by the spool; {opened:,} nonces found while open; "
            f"{search.pattern_count:,} forms"
        ),
        figure=(
            f"found after folding {len(left)}, in the backup {in_backup}; "
            f"answered {accepted:,}, counted {counted['exposed']:,}, withdrawn {in_total:,}"
        ),
        broken=tuple(broken),
    )


def _report_outcomes(visit: Visit, shown: list[str], outcomes: tuple[str, ...] = ("exposed", "left")) -> None:
    """Report each of these outcomes of each view."""
    for start in range(0, len(shown), _AT_ONCE):
        events = [
            {"receipt": receipt, "outcome": outcome}
            for receipt in shown[start : start + _AT_ONCE]
            for outcome in outcomes
        ]
        visit.request("POST", "/api/v1/events", events, Origin=ORIGIN)


def _count_nonces(search: Search, content: bytes) -> int:
    """The number of distinct plain nonces in the content."""
    return len({needle for needle in search.find(content) if len(needle) == 16})


def _all_bytes(made: TrustSite) -> Iterator[bytes]:
    for _, content in contents_of(made.written_paths()):
        yield content
