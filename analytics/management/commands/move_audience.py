from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from analytics import clock_check, wording
from analytics.fold.move_audience import MoveRefused, move_views, wipe_copy


class Command(BaseCommand):
    help = (
        "After you have set AUDIENCE_DATABASE_URL to another database: move the open views of the "
        "old SQLite file into it, count the closed ones and wipe the file. You can interrupt it "
        "and run it again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file",
            nargs="?",
            type=Path,
            default=settings.DATA_DIRECTORY / "audience.sqlite3",
            help="the old file (default: audience.sqlite3 in the data directory)",
        )
        parser.add_argument(
            "--wipe",
            action="store_true",
            help=("the file is only a copy of views that are or were in the database: wipe it and count nothing"),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        if problem := clock_check.current_problem(timezone.now()):
            raise CommandError(problem)
        try:
            if options["wipe"]:
                wipe_copy(file)
                self.stdout.write(f"{file} is wiped. Nothing in it was counted.")
                return
            moved = move_views(file, now=timezone.now())
        except MoveRefused as reason:
            raise CommandError(str(reason)) from None
        views = wording.coarse_count(moved, settings.SMALL_CELL)
        self.stdout.write(f"Moved {views} open views. {file} is wiped.")
