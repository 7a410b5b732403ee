from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from messages.library import starter_library


class Command(BaseCommand):
    help = "Load the starter library of themes, messages, sources and help links. Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        added = starter_library.load(now=timezone.now())
        self.stdout.write(
            f"Starter library: {added.themes} themes, {added.messages} messages, {added.revisions} versions and "
            f"{added.help_links} help links added."
        )
