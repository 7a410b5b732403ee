from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from messages.help_links import directory
from messages.models import HelpLink


class Command(BaseCommand):
    help = (
        "Ask the address of each help link whether it still answers, and put what was found beside the link. "
        "That is a flag for people: no link counts as checked by it. Status 1 if any needs a look."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key", nargs="*", help="only these links")

    def handle(self, *args: Any, **options: Any) -> None:
        keys: list[str] = options["key"]
        if unknown := set(keys) - set(HelpLink.objects.values_list("key", flat=True)):
            raise CommandError(f"There is no help link {', '.join(sorted(unknown))}.")
        flagged = directory.probe_all(keys, now=timezone.now(), write=self.stdout.write)
        self.stdout.write("Whom a page serves, a person has to see: nothing counts as checked by this.")
        if flagged:
            raise SystemExit(1)
