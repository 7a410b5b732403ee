import json
from argparse import ArgumentParser
from typing import Any

from analytics.management import terminal_report
from analytics.management.campaign_command import CampaignCommand
from analytics.management.terminal import terminal
from analytics.results import build, report_json


class Command(CampaignCommand):
    help = "Print the latest recorded look at a campaign."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--json", action="store_true", help="print JSON, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = self.find_campaign(options["campaign"])
        latest = build.latest(campaign)
        if options["json"]:
            report = None if latest is None else report_json.as_dict(latest)
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=2))
        elif latest is None:
            self.stdout.write("No look yet. The worker takes the first one when the plan says so.")
        else:
            terminal_report.show(latest, terminal())
