from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from analytics.guardrails.harm_stop import pause_harmful_arms
from analytics.looks.evaluate import NotEvaluable, evaluate
from analytics.management.campaign_command import CampaignCommand
from messages.audit import log
from messages.text.printable import printable


class Command(CampaignCommand):
    help = "Compare the arms of a campaign as its frozen plan says and record the look."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--also", nargs="*", default=[], help="outcomes that are not in the plan, marked as exploratory"
        )
        parser.add_argument("--early", metavar="WHO AND WHY", default="", help="look before the plan's first look")

    def handle(self, *args: Any, **options: Any) -> None:
        self.require_trusted_state()
        campaign = self.find_campaign(options["campaign"])
        try:
            analysis = evaluate(
                campaign,
                now=timezone.now(),
                extra_outcomes=options["also"],
                embargo_exception=options["early"],
                by=log.command_line_actor(),
            )
        except NotEvaluable as reason:
            raise CommandError(str(reason)) from None
        for event in pause_harmful_arms(campaign, now=timezone.now(), by=log.command_line_actor()):
            self.stdout.write(f"A guardrail was crossed. “{printable(event.arm.name)}” is paused.")
        self.stdout.write(f"Look {analysis.look} is on record. To read it: manage.py report {campaign.slug}")
