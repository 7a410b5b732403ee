import os
from argparse import ArgumentParser
from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils import timezone

from campaign.entrypoints import launcher
from campaign.entrypoints.program_copy import run_from_copy
from messages.accounts import invitations
from messages.audit.log import command_line_actor


class Command(BaseCommand):
    help = "Run the production server (granian) from a copy of the program."
    requires_system_checks = [Tags.security]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=1, help="number of server processes; at most one per core")
        parser.add_argument(
            "--welcome", action="store_true", help="print a link for the first administrator, while there is none"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        if launcher.is_taken(port, host=host):
            raise CommandError(
                f"Another program listens on port {port}. Stop it, or choose another port: make run PORT={port + 1}"
            )
        site = f"http://{host}:{port}"
        self.stdout.write(f"Second Thought listens on {site}/")
        if options["welcome"]:
            self._welcome(site)
        self.stdout.flush()
        command = launcher.server_command(port=port, host=host, workers=options["workers"])
        run_from_copy(command[1:], launcher.server_environment(os.environ))

    def _welcome(self, site: str) -> None:
        """Print the way in for whoever started an empty installation."""
        token = invitations.invite_first_administrator(by=command_line_actor(), now=timezone.now())
        if token:
            self.stdout.write("Nobody has an account yet. Open this link in a browser on this machine; it works once:")
            self.stdout.write(f"  {site}{reverse('welcome', args=[token])}")
