import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from analytics import clock_check, wording
from analytics.fold.fold import fold
from campaign.assignment.receipts import SECONDS_PER_HOUR


class Command(BaseCommand):
    help = "Count views whose window has closed into tallies, and forget them. Safe to interrupt and to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        if problem := clock_check.current_problem(timezone.now()):
            raise CommandError(problem)
        folded = fold(hour=int(time.time()) // SECONDS_PER_HOUR)
        views = wording.coarse_count(folded.views, settings.SMALL_CELL)
        self.stdout.write(f"Folded {views} closed views; nothing about any of them is left.")
