"""Nothing identifying anywhere: search every byte that any process of the installation has written.

The run: traffic, killed processes, an outage of the audience database, a full disk, malformed HTTP, a start without a
database, errors on both surfaces, folding, looks, exports and a backup. As a control, the search must find the nonces
of open views.
"""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack, suppress
from pathlib import Path

from tests.trust.bench import Bench
from tests.trust.needles import Search, encodings_of
from tests.trust.result import Result
from tests.trust.shipped_servers import NAME, nginx
from tests.trust.site import TrustSite, receipt_keys_of
from tests.trust.visitors import (
    STATUSES,
    VisitorGroup,
    fail_to_sign_in,
    provoke_errors,
    repeat_events,
    visit_everything,
)
from tests.written_files import files_in

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
    """Search for hundreds of visitors in everything written after their visits."""
    with bench.site({"ALLOWED_HOSTS": f"127.0.0.1,{NAME}"}) as made, ExitStack() as stack:
        made.start(workers=2)
        made.start_worker()
        group = VisitorGroup.of(bench.scaled(300, 12), port=made.port, keys=receipt_keys_of(made))
        places = made.written_paths()
        if bench.engine == "postgresql":
            group.proxy, written = stack.enter_context(nginx(made.port))
            places.append(written)
        _visit_through_outages(made, group)
        search = group.search()
        control = _finds_open_views(made)
        hits = search.search_files(places)  # while views are open, and again after folding
        _end_of_day(made)
        hits += search.search_files(places)
        for reply in group.replies:
            if reply.is_audience:
                head = "\n".join(f"{name}: {value}" for name, value in reply.headers)
                hits += search.find_hits(head.encode() + reply.body, f"an answer {reply.status}")
        # nginx names loopback addresses, from which these visitors come: none is refused as a stranger to this machine.
        missing = STATUSES - set(group.statuses) - ({401} if group.proxy else set())
        hits = list(dict.fromkeys(hits))
        broken = [str(hit) for hit in hits]
        broken += [f"the audience surface never answered {status}" for status in sorted(missing)]
        broken += [] if control else ["a nonce that is stored was not found: the search sees nothing"]
        files = len(list(files_in(places)))
    through = " through nginx" if group.proxy else ""
    return Result(
        n=(
            f"{len(group.people)} addresses{through}, {len(group.replies) + group.malformed_count:,} requests, "
            f"{group.marks.made:,} marks, {len(STATUSES & set(group.statuses))} statuses, {files:,} files, "
            f"{search.scanned_bytes / 1e6:,.0f} MB, {search.pattern_count:,} forms"
        ),
        figure=f"hits {len(hits)}",
        broken=tuple(broken),
    )


def _visit_through_outages(made: TrustSite, group: VisitorGroup) -> None:
    half = len(group.people) // 2
    group.run_each(visit_everything, group.people[:half])
    with suppress(ProcessLookupError):
        os.kill(_largest_serving_pid(made), signal.SIGABRT)  # as a crash in compiled code, which dumps a core
    made.recover(workers=2)
    group.run_each(visit_everything, group.people[half:])
    with made.audience_database_away():
        group.run_each(repeat_events)
    group.send_malformed_requests()
    with made.disk_full():
        group.run_each(repeat_events, group.people[:3])
    made.stop_worker()
    made.stop(signal.SIGKILL)
    with made.default_database_away():
        made.start(_STUMBLING)
        group.run_each(provoke_errors)
        group.run_each(fail_to_sign_in, group.people[:10])
        made.stop()
    made.start()
    group.run_each(repeat_events)


def _largest_serving_pid(made: TrustSite) -> int:
    """The serving process with the most memory; a forked helper has less."""

    def resident(pid: int) -> int:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])

    return max(made.serving_pids(), key=resident)


def _finds_open_views(made: TrustSite) -> bool:
    """Whether a search in the same files finds the nonces of all open views."""
    nonces = made.open_nonces()
    control = Search({form: str(number) for number, nonce in enumerate(nonces) for form, _ in encodings_of(nonce, "")})
    return bool(nonces) and len({hit.what for hit in control.search_files(made.written_paths())}) == len(nonces)


def _end_of_day(made: TrustSite) -> None:
    made.stop()
    made.run_worker_once()
    made.manage("report", "autumn-pilot", "--json") if made.query(
        "default", "SELECT 1 FROM analytics_analysis"
    ) else None
    made.shell(_EXPORTS)
    made.back_up()
