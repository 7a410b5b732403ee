"""`manage.py translations`: gather what is marked, compile what is translated, list what is missing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Gather marked words into the catalogues under locale/, compile them, and list what is missing."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Change nothing; fail if anything is missing.")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        from campaign.i18n import catalogs  # Babel is installed for those who work on the words, not on a running site

        if not check:
            catalogs.update()
        found = catalogs.problems()
        for problem in found:
            self.stdout.write(str(problem))
        if found and check:
            raise CommandError(f"{len(found)} translations need a person. docs/languages.md says how.")
        self.stdout.write(f"{len(found)} left to translate." if found else "Every marked word is translated.")
