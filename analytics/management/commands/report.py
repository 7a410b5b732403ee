import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from analytics.management import terminal_report
from analytics.management.campaign_command import CampaignCommand
from analytics.management.terminal import terminal
from analytics.results import build, report_json


class Command(CampaignCommand):
    help = "Print the latest recorded look at a campaign: the sentence first, then the numbers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--json", action="store_true", help="as JSON, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = self.find_campaign(options["campaign"])
        latest = build.latest(campaign)
        if latest is None:
            raise CommandError(f"Nothing has been evaluated yet. Run: manage.py evaluate {campaign.slug}")
        if options["json"]:
            self.stdout.write(json.dumps(report_json.as_dict(latest), ensure_ascii=False, indent=2))
        else:
            terminal_report.show(latest, terminal())
