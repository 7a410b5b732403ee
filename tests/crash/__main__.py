"""The commands: status 1 if anything was lost, doubled, or not shown."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.crash import FAULTS, kills, outage
from tests.crash.clock import FastClock
from tests.crash.outage import OUTAGE_KINDS
from tests.crash.site import CrashSite, prepare_installation, running
from tests.postgres import Cluster, cluster


@contextmanager
def _databases(engine: str) -> Iterator[Cluster | None]:
    if engine == "sqlite":
        yield None
    else:
        with cluster() as made:
            yield made


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _kills(options: argparse.Namespace) -> bool:
    with (
        tempfile.TemporaryDirectory(prefix="second-thought-crash-") as directory,
        _databases(options.engine) as databases,
        prepare_installation(Path(directory), databases.environment() if databases else None) as environment,
    ):
        site = CrashSite(
            environment,
            FastClock.starting_now(speed=options.speed),
            web_workers=options.web_workers,
            workers=options.workers,
            fault=options.fault,
            cluster=databases,
        )
        with running(site):
            done = kills.run_kills(
                site,
                kills=options.kills,
                events=options.events,
                seed=options.seed,
                interval=options.interval,
                pace=options.pace,
                say=_say,
            )
            sys.stdout.write(f"{done.table()}\n")
            if options.logs:
                _say(site.logs())
        return done.clean


def _outage(options: argparse.Namespace) -> bool:
    with (
        tempfile.TemporaryDirectory(prefix="second-thought-crash-") as directory,
        cluster() as databases,
        prepare_installation(Path(directory), databases.environment()) as environment,
    ):
        clock = FastClock.starting_now(speed=options.speed)
        site = CrashSite(environment, clock, web_workers=options.web_workers, cluster=databases)
        with running(site):
            seconds = 60 * options.minutes
            done = outage.run_outages(
                site, options.how or OUTAGE_KINDS, seconds=seconds, seed=options.seed, pace=options.pace, say=_say
            )
            sys.stdout.write(f"{done.table()}\n")
            if options.logs:
                _say(site.logs())
        return done.clean


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    commands = parser.add_subparsers(required=True)
    killing = commands.add_parser("kills", help="kill -9 at random moments under load")
    killing.set_defaults(run=_kills)
    killing.add_argument("--kills", type=int, default=500)
    killing.add_argument("--events", type=int, default=500_000, help="so many acknowledged, at least")
    killing.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    killing.add_argument("--web-workers", type=int, default=2)
    killing.add_argument("--workers", type=int, default=1)
    killing.add_argument("--interval", type=float, default=3.0, help="mean seconds between two kills")
    killing.add_argument("--pace", type=float, default=400.0, help="events a second, at most")
    killing.add_argument("--speed", type=float, default=600.0, help="seconds by the site's clock in each second")
    killing.add_argument("--seed", type=int, default=1)
    killing.add_argument("--fault", choices=FAULTS, default="", help="plant this fault, to see it found")
    killing.add_argument("--logs", action="store_true", help="show the last lines of the processes")
    away = commands.add_parser("outage", help="PostgreSQL stopped, frozen, and stopped with the web restarted")
    away.set_defaults(run=_outage)
    away.add_argument("how", nargs="*", metavar="|".join(OUTAGE_KINDS), help="in this order; all if none is named")
    away.add_argument("--minutes", type=float, default=15.0)
    away.add_argument("--web-workers", type=int, default=2)
    away.add_argument("--pace", type=float, default=150.0, help="events a second, at most")
    away.add_argument("--speed", type=float, default=60.0, help="seconds by the site's clock in each second")
    away.add_argument("--seed", type=int, default=1)
    away.add_argument("--logs", action="store_true", help="show the last lines of the processes")
    options = parser.parse_args(arguments)
    return 0 if options.run(options) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
