"""`manage.py translations`: extract translatable strings, compile the catalogues, and list what is missing or lags."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaign.i18n import chapters


class Command(BaseCommand):
    help = "Collect translatable strings into the catalogues under locale/, compile them, and list what is missing."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Change nothing; fail if anything is missing.")
        parser.add_argument(
            "--chapter",
            metavar="LANGUAGE/NAME",
            help="Only note that this chapter of docs/ says what the English one says now.",
        )

    def handle(self, *args: Any, check: bool, chapter: str | None, **options: Any) -> None:
        if chapter:
            language, _slash, name = chapter.partition("/")
            if not chapters.translation(language, name):
                raise CommandError(f"There is no docs/{language}/{name}.md.")
            chapters.record_as_read(language, name)
            return
        from campaign.i18n import catalogs  # imports Babel, a development dependency

        if not check:
            catalogs.update()
        problems = catalogs.problems()
        for problem in problems:
            self.stdout.write(str(problem))
        for lag in chapters.lagging_chapters():
            self.stdout.write(lag)
        shares = catalogs.missing_shares()
        for language, share in shares.items():
            self.stdout.write(f"{language}: partly translated, {share:.0%} of its strings are shown in English.")
        if problems and check:
            raise CommandError(
                f"{len(problems)} translations are missing or wrong. docs/languages.md says how to fix them."
            )
        if problems:
            self.stdout.write(f"{len(problems)} left to translate.")
        elif not shares:
            self.stdout.write("Everything is translated.")
