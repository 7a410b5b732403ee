import os
from argparse import ArgumentParser
from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand

from campaign.entrypoints import launcher
from campaign.entrypoints.program_copy import run_from_copy


class Command(BaseCommand):
    help = "Run the production server, granian, in this process's place, from a copy of the program."
    requires_system_checks = [Tags.security]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=1, help="processes that serve; one for each core is plenty")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Second Thought listens on http://{options['host']}:{options['port']}/")
        self.stdout.flush()
        command = launcher.server_command(port=options["port"], host=options["host"], workers=options["workers"])
        run_from_copy(command[1:], launcher.server_environment(os.environ))
