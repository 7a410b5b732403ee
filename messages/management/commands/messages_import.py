from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from messages.exchange import import_export, reader
from messages.exchange.import_export import ImportPlan
from messages.tables.errors import UnreadableFile
from messages.text.printable import printable


class Command(BaseCommand):
    help = (
        "Say what a CSV or JSON file of messages would add; with --apply, add it: as drafts that await review, all or "
        "nothing. Status 1 if any row is refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--apply", action="store_true", help="import the messages; without this, only show what would happen"
        )
        parser.add_argument("--by", metavar="NAME", help="who owns the drafts; another person has to approve them")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            parsed = reader.parse_file(path.read_bytes())
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
        except UnreadableFile as reason:
            raise CommandError(printable(str(reason))) from None
        plan = import_export.plan_import(parsed)
        self._show(plan)
        if plan.rejected_rows:
            raise CommandError("Nothing is imported while rows are refused.")
        if not options["apply"]:
            self.stdout.write("Nothing was imported. To import, add --apply --by NAME.")
            return
        author = User.objects.filter(username=options["by"] or "", is_active=True).first()
        if author is None:
            raise CommandError("Add --by NAME with the account that will own the drafts.")
        try:
            import_export.apply_import(parsed, by=author, name=path.name, agreed_digest=plan.digest)
        except import_export.ImportRefused as reason:
            raise CommandError(str(reason)) from None
        self.stdout.write(
            f"Imported {len(plan.revisions)} drafts of {author.get_username()}. They are waiting for review."
        )

    def _show(self, plan: ImportPlan) -> None:
        for note in plan.notes:
            self.stdout.write(note)
        for rejected in plan.rejected_rows:
            self.stderr.write(printable(f"{rejected.where}: {rejected.reason}"))
        for revision in plan.revisions:
            kind = "new message" if revision.message in plan.messages else "new version"
            languages = ", ".join(words.locale for words in revision.renditions) or "no text"
            self.stdout.write(f"{revision.where}: {kind} {revision.message} r{revision.revision} ({languages})")
        if plan.ignored:
            self.stdout.write(printable(f"Unknown and left out: {', '.join(plan.ignored)}."))
        self.stdout.write(
            f"{len(plan.themes)} new themes, {len(plan.messages)} new messages, {len(plan.revisions)} new versions, "
            f"{len(plan.unchanged)} unchanged, {len(plan.rejected_rows)} refused."
        )
