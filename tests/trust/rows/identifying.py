"""Nothing identifying anywhere: every byte that any process of the installation has written is searched.

The run: traffic; a serving process killed, then all of them; an outage of the audience database, then a full disk;
what is no HTTP; a start without a database, errors on both surfaces, a stop in order; folding, looks, exports, a
backup. A nonce of a view that is still open must be found, or the search sees nothing.
"""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack, suppress
from pathlib import Path

from tests.trust.bench import Bench
from tests.trust.needles import Search, encodings_of
from tests.trust.result import Result
from tests.trust.shipped import NAME, nginx
from tests.trust.site import TrustSite, keys
from tests.trust.visitors import STATUSES, VisitorGroup, everything, provoke_errors, repeat_events, sign_in

_STUMBLING = "tests.trust.application:application"
_EXPORTS = """
import csv, io
from analytics.results import build, report_json
from campaign.models import Campaign
for campaign in Campaign.objects.all():
    latest = build.latest(campaign)
    print(campaign.slug, report_json.as_dict(latest) if latest else None)
"""


def check(bench: Bench) -> Result:
    """Search for hundreds of visitors in all that is left of their visits."""
    with bench.site({"ALLOWED_HOSTS": f"127.0.0.1,{NAME}"}) as made, ExitStack() as stack:
        made.start(workers=2)
        made.work()
        crowd = VisitorGroup.of(bench.some(300, 12), port=made.port, keys=keys(made))
        places = made.places()
        if bench.engine == "postgresql":
            crowd.proxy, written = stack.enter_context(nginx(made.port))
            places.append(written)
        _visits_and_trouble(made, crowd)
        search = crowd.search()
        control = _open_views_are_found(made)
        hits = search.hits_in(places)  # while views are open, and once more at the end of the day
        _end_of_day(made)
        hits += search.hits_in(places)
        for reply in crowd.replies:
            if reply.audience:
                head = "\n".join(f"{name}: {value}" for name, value in reply.headers)
                hits += search.hits(head.encode() + reply.body, f"an answer {reply.status}")
        missing = STATUSES - set(crowd.statuses)
        hits = list(dict.fromkeys(hits))
        broken = [str(hit) for hit in hits]
        broken += [f"the audience surface never answered {status}" for status in sorted(missing)]
        broken += [] if control else ["a nonce that is stored was not found: the search sees nothing"]
        files = sum(1 for place in places for path in [place, *place.rglob("*")] if path.is_file())
    through = " through nginx" if crowd.proxy else ""
    return Result(
        n=(
            f"{len(crowd.people)} addresses{through}, {len(crowd.replies) + crowd.broken:,} requests, "
            f"{crowd.marks.made:,} marks, {len(STATUSES & set(crowd.statuses))} statuses, {files:,} files, "
            f"{search.scanned / 1e6:,.0f} MB, {search.size:,} forms"
        ),
        figure=f"hits {len(hits)}",
        broken=tuple(broken),
    )


def _visits_and_trouble(made: TrustSite, crowd: VisitorGroup) -> None:
    half = len(crowd.people) // 2
    crowd.each(everything, crowd.people[:half])
    with suppress(ProcessLookupError):
        os.kill(_one_that_serves(made), signal.SIGABRT)  # as a fault in compiled code ends it: here a core is dumped
    made.recover(workers=2)
    crowd.each(everything, crowd.people[half:])
    with made.audience_database_away():
        crowd.each(repeat_events)
    crowd.send_what_is_no_http()
    with made.disk_full():
        crowd.each(repeat_events, crowd.people[:3])
    made.rest()
    made.stop(signal.SIGKILL)
    with made.default_database_away():
        made.start(_STUMBLING)
        crowd.each(provoke_errors)
        crowd.each(sign_in, crowd.people[:10])
        made.stop()
    made.start()
    crowd.each(repeat_events)


def _one_that_serves(made: TrustSite) -> int:
    """The serving process with the most memory: a forked helper has less."""

    def resident(pid: int) -> int:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])

    return max(made.serving(), key=resident)


def _open_views_are_found(made: TrustSite) -> bool:
    """Whether the search finds the nonces of all open views in the same files."""
    nonces = made.open_nonces()
    control = Search({form: str(number) for number, nonce in enumerate(nonces) for form, _ in encodings_of(nonce, "")})
    return bool(nonces) and len({hit.what for hit in control.hits_in(made.places())}) == len(nonces)


def _end_of_day(made: TrustSite) -> None:
    made.stop()
    made.work_once()
    made.manage("report", "autumn-pilot", "--json") if made.ask("default", "SELECT 1 FROM analytics_analysis") else None
    made.shell(_EXPORTS)
    made.back_up()
