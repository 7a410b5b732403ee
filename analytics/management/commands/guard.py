from typing import Any

from django.utils import timezone

from analytics.guardrails.harm_stop import pause_harmful_arms
from analytics.management.campaign_command import CampaignCommand
from messages.audit import log
from messages.text.printable import printable


class Command(CampaignCommand):
    help = (
        "Apply the plan's harm rules: pause an arm that is clearly worse than the control by more than the plan allows."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.require_trusted_state()
        campaign = self.find_campaign(options["campaign"])
        events = pause_harmful_arms(campaign, now=timezone.now(), by=log.command_line_actor())
        for event in events:
            self.stdout.write(
                f"Paused “{printable(event.arm.name)}”: {event.outcome} is clearly worse than the plan allows."
            )
        if not events:
            self.stdout.write("No guardrail was crossed.")
