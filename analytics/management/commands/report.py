import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from analytics.management import terminal_report
from analytics.results import build, report_json
from campaign.models import Campaign


class Command(BaseCommand):
    help = "Print the latest recorded look at a campaign: the sentence first, then the numbers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("campaign", help="the campaign's slug")
        parser.add_argument("--json", action="store_true", help="as JSON, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = Campaign.objects.filter(slug=options["campaign"]).first()
        if campaign is None:
            raise CommandError(f"There is no campaign “{options['campaign']}”.")
        latest = build.latest(campaign)
        if latest is None:
            raise CommandError(f"Nothing has been evaluated yet. Run: manage.py evaluate {campaign.slug}")
        if options["json"]:
            self.stdout.write(json.dumps(report_json.as_dict(latest), ensure_ascii=False, indent=2))
        else:
            terminal_report.show(latest, Console(width=118 if not self.stdout.isatty() else None))
