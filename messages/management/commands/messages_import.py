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
        parser.add_argument("--apply", action="store_true", help="do it; without this it is only shown")
        parser.add_argument("--by", metavar="NAME", help="whose drafts they will be; another has to approve them")

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
            raise CommandError("Nothing can be imported as long as rows are refused.")
        if not options["apply"]:
            self.stdout.write("This was a look. With --apply --by NAME it is done.")
            return
        author = User.objects.filter(username=options["by"] or "", is_active=True).first()
        if author is None:
            raise CommandError("Say with --by NAME whose drafts they will be: the name of somebody's account.")
        try:
            import_export.apply_import(parsed, by=author, name=path.name, agreed_digest=plan.digest)
        except import_export.ImportRefused as reason:
            raise CommandError(str(reason)) from None
        self.stdout.write(f"Done: {len(plan.revisions)} drafts of {author.get_username()} await review.")

    def _show(self, plan: ImportPlan) -> None:
        for note in plan.notes:
            self.stdout.write(note)
        for rejected in plan.rejected_rows:
            self.stderr.write(printable(f"{rejected.where}: {rejected.reason}"))
        for revision in plan.revisions:
            kind = "new message" if revision.message in plan.messages else "new revision"
            languages = ", ".join(words.locale for words in revision.renditions) or "no words"
            self.stdout.write(f"{revision.where}: {kind} {revision.message} r{revision.revision} ({languages})")
        if plan.ignored:
            self.stdout.write(printable(f"Not known, and left out: {', '.join(plan.ignored)}."))
        self.stdout.write(
            f"{len(plan.themes)} new themes, {len(plan.messages)} new messages, {len(plan.revisions)} new revisions, "
            f"{len(plan.unchanged)} unchanged, {len(plan.rejected_rows)} refused."
        )
