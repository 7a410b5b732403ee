"""The database is stopped, or frozen, under load: messages are shown, events are kept, and all is counted once."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from tests.crash.ledger import LedgerComparison
from tests.crash.site import CountedState, CrashSite
from tests.crash.visitors import RequestSamples, VisitorLoad

STOPPED, FROZEN = "stopped", "frozen"
STOPPED_RESTARTED, FROZEN_RESTARTED = "stopped-web-restarted", "frozen-web-restarted"
OUTAGE_KINDS = (STOPPED, FROZEN, STOPPED_RESTARTED, FROZEN_RESTARTED)
FIRST_SECONDS = 3.0  # so long a frozen server may hold up events: until patience with it is at its end


@dataclass(slots=True)
class DatabaseOutage:
    """One time that the database was away."""

    kind: str
    begin: float
    end: float = 0.0
    spool_seen: bool = False
    emptied_after: float | None = None  # seconds from the database's return
    seconds_without_messages: float = 0.0  # seconds without messages while the web was started again


@dataclass(frozen=True, slots=True)
class OutageRun:
    """What came of it all."""

    outages: Sequence[DatabaseOutage]
    load: VisitorLoad
    counted: CountedState
    verdict: LedgerComparison
    spooled: int

    @property
    def clean(self) -> bool:
        """Everything was counted once, and every outage was noticed by nobody but the spool."""
        return self.verdict.clean and self.counted.settled and all(map(self._unnoticed, self.outages))

    def _unnoticed(self, outage: DatabaseOutage) -> bool:
        emptied = outage.spool_seen and outage.emptied_after is not None
        if outage.kind in (STOPPED_RESTARTED, FROZEN_RESTARTED):
            return emptied and outage.seconds_without_messages < 30
        answered = set(self.decides(outage).statuses) == {200} and self.events(outage).statuses.keys() <= {
            200,
            207,
            410,
        }
        return emptied and answered

    def decides(self, outage: DatabaseOutage) -> RequestSamples:
        """How messages were asked for and shown while it lasted."""
        return self.load.decides().between(outage.begin, outage.end)

    def events(self, outage: DatabaseOutage, *, after: float = 0.0) -> RequestSamples:
        """How events were answered while it lasted, leaving out its first seconds."""
        return self.load.events().between(outage.begin + after, outage.end)

    def table(self) -> str:
        """For people."""
        ledger, rows = self.load.ledger, []
        for outage in self.outages:
            emptied = "never" if outage.emptied_after is None else f"{outage.emptied_after:.1f} s"
            rows += [
                (f"database {outage.kind}", f"{outage.end - outage.begin:.0f} s"),
                ("  messages asked for", str(self.decides(outage))),
                ("  requests with events", str(self.events(outage))),
                (f"  after the first {FIRST_SECONDS:.0f} s", str(self.events(outage, after=FIRST_SECONDS))),
                ("  spool seen, gone after the database's return", f"{outage.spool_seen}, {emptied}"),
            ]
            if outage.seconds_without_messages:
                rows.append(("  without messages while the web started", f"{outage.seconds_without_messages:.1f} s"))
        rows += [
            ("events acknowledged", f"{ledger.acknowledged:,}"),
            ("events that waited in the spool, repeated ones too", f"{self.spooled:,}"),
            ("events refused, their window closed", f"{ledger.refused:,}"),
            ("events never answered", f"{ledger.unknown:,}"),
            ("lost", f"{self.verdict.lost:,}"),
            ("double", f"{self.verdict.double:,}"),
            ("derived outcomes that are off", f"{self.verdict.derived_off:,}"),
            ("views left open, spool", f"{self.counted.open}, {self.counted.spool}"),
        ]
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {figure}" for name, figure in rows)


def run_outages(
    site: CrashSite,
    outages: Sequence[str],
    *,
    seconds: float,
    seed: int,
    pace: float = 150.0,
    threads: int = 4,
    around: float = 4.0,
    say: Callable[[str], None] = lambda line: None,
) -> OutageRun:
    """Load all the time; the database away in each way, for `seconds` and until an event waits in the spool; then
    everything counted and compared."""
    load = VisitorLoad(site.port, site.clock, site.receipt_signer(), threads=threads, pace=pace, seed=seed)
    load.start()
    time.sleep(around)
    done = []
    for how in outages:
        say(f"database {how} ...")
        with _away(site, how) as outage:
            if how in (STOPPED_RESTARTED, FROZEN_RESTARTED):
                time.sleep(min(1.0, seconds / 4))
                outage.seconds_without_messages = _restart_web(site)
            time.sleep(max(outage.begin + seconds - time.monotonic(), 0))
            outage.spool_seen = _wait_for_spool(site, there=True, seconds=60.0) is not None
        outage.emptied_after = _wait_for_spool(site, there=False, seconds=max(30.0, seconds))
        done.append(outage)
        load.check()
        time.sleep(around)
    load.end()
    counted = site.settle(after=site.clock.hour + 3, seconds=max(60.0, seconds))
    return OutageRun(done, load, counted, load.ledger.compare(counted.tallies), site.spooled())


@contextmanager
def _away(site: CrashSite, how: str) -> Iterator[DatabaseOutage]:
    assert site.cluster is not None
    site.database_away = True
    outage = DatabaseOutage(how, time.monotonic())
    if how in (FROZEN, FROZEN_RESTARTED):
        site.cluster.pause()
    else:
        site.cluster.stop("immediate")
    yield outage
    outage.end = time.monotonic()
    if how in (FROZEN, FROZEN_RESTARTED):
        site.cluster.resume()
    else:
        site.cluster.start()
    site.database_away = False


def _restart_web(site: CrashSite) -> float:
    """All web processes die and come back; how long no message was shown."""
    pid, begin = site.web.pid, time.monotonic()
    if pid is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    time.sleep(0.3)
    while not site.serves() and time.monotonic() < begin + 60:
        time.sleep(0.1)
    return time.monotonic() - begin


def _wait_for_spool(site: CrashSite, *, there: bool, seconds: float) -> float | None:
    """How many seconds it took until events waited in the spool, or no more did; None if longer than `seconds`."""
    begin = time.monotonic()
    while site.spool_is_there() != there:
        if time.monotonic() > begin + seconds:
            return None
        time.sleep(0.05)
    return time.monotonic() - begin
