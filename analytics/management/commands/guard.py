from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from analytics.guardrails.pause import pause_harmful_arms
from campaign.models import Campaign
from messages.audit import log


class Command(BaseCommand):
    help = "Apply the plan's harm rules: pause an arm that is surely worse than the control by more than is allowed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("campaign", help="the campaign's slug")

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = Campaign.objects.filter(slug=options["campaign"]).first()
        if campaign is None:
            raise CommandError(f"There is no campaign “{options['campaign']}”.")
        events = pause_harmful_arms(campaign, now=timezone.now(), by=log.command_line_actor())
        for event in events:
            self.stdout.write(f"Paused “{event.arm.name}”: {event.outcome} is surely worse than the plan allows.")
        if not events:
            self.stdout.write("No guardrail is crossed.")
