from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import diffsettings


class Command(diffsettings.Command):
    help = "Refused: it would print keys and passwords."

    def handle(self, **options: Any) -> str:
        raise CommandError(
            "diffsettings would print keys, tokens and passwords. All settings come from the environment: "
            "docs/operations.md describes them, and manage.py check looks at them."
        )
