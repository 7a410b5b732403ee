import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError

from analytics.management.campaign_command import CampaignCommand
from analytics.models import Rehearsal
from analytics.rehearsal import runner, sandbox
from analytics.simulated_visits import walkthrough


class Command(CampaignCommand):
    help = "Let invented visitors try a campaign before its launch, in a separate installation."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--number", type=int, help="the rehearsal that was requested on the page: store it there")
        parser.add_argument("--inside", type=Path, help="used internally by the rehearsal")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["inside"]:
            self._rehearse_in_sandbox(options["inside"])
        elif options["number"]:
            rehearsal = Rehearsal.objects.filter(pk=options["number"], campaign__slug=options["campaign"]).first()
            if rehearsal is None:
                raise CommandError("Nobody requested this rehearsal.")
            runner.run_rehearsal(rehearsal)
        else:
            campaign = self.find_campaign(options["campaign"])
            self.stdout.write(json.dumps(runner.rehearse(campaign), indent=1, ensure_ascii=False))

    def _rehearse_in_sandbox(self, rows: Path) -> None:
        """Migrate the databases of this sandbox, and rehearse in it."""
        sandbox.require_sandbox_paths()
        call_command("migrate", verbosity=0)
        call_command("migrate", database="audience", verbosity=0)
        result = walkthrough.run_walkthrough(json.loads(rows.read_text("utf-8")))
        self.stdout.write(json.dumps(result))
