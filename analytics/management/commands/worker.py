import os
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from analytics import clock_check
from analytics.worker.loop import Worker
from analytics.worker.steps import STEPS
from campaign.entrypoints.program_copy import is_running_from_copy, run_from_copy


class Command(BaseCommand):
    help = (
        "Run the regular background work: count closed views, take planned looks, guard against "
        "harm, open and close campaigns, empty the spool, delete old records and destroy keys. "
        "Only one worker works at a time; others wait."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="run every step once and stop; status 1 if a step failed or is waiting"
        )
        parser.add_argument(
            "--clock-is-right",
            action="store_true",
            help="confirm the clock after a jump or a long time off, then stop; a waiting worker continues",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["clock_is_right"]:
            clock_check.confirm_clock()
            self._write_line("Confirmed. A waiting worker continues at once.")
            return
        if not options["once"] and not is_running_from_copy():
            run_from_copy(["manage.py", "worker"], os.environ)
        worker = Worker(write_line=self._write_line)
        if options["once"]:
            permitted = worker.permitted_steps()
            succeeded = [worker.run(step) for step in permitted]
            if len(permitted) < len(STEPS) or not all(succeeded):
                raise SystemExit(1)
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        worker.run_until(stop)

    def _write_line(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
