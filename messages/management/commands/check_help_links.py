from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from messages.help_links import directory
from messages.models import HelpLink


class Command(BaseCommand):
    help = (
        "Check whether the address of each help link still answers, and record the result with the link. "
        "This does not count as a check by a person. Status 1 if any link needs a check."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key", nargs="*", help="only these links")

    def handle(self, *args: Any, **options: Any) -> None:
        keys: list[str] = options["key"]
        if unknown := set(keys) - set(HelpLink.objects.values_list("key", flat=True)):
            raise CommandError(f"There is no help link {', '.join(sorted(unknown))}.")
        flagged = directory.probe_all(keys, now=timezone.now(), write=self.stdout.write)
        self.stdout.write("A person still has to open each page and see who it helps: this does not count as a check.")
        if flagged:
            raise SystemExit(1)
