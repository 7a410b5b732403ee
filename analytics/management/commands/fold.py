import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from analytics import clock_check, wording
from analytics.fold.fold import fold
from campaign.assignment.receipts import SECONDS_PER_HOUR


class Command(BaseCommand):
    help = "Add closed views to the daily totals and delete them. You can interrupt it and run it again."

    def handle(self, *args: Any, **options: Any) -> None:
        if problem := clock_check.current_problem(timezone.now()):
            raise CommandError(problem)
        folded = fold(hour=int(time.time()) // SECONDS_PER_HOUR)
        views = wording.coarse_count(folded.views, settings.SMALL_CELL)
        self.stdout.write(f"Folded {views} closed views into daily totals and deleted them.")
