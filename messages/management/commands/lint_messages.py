import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from messages.help_links import directory
from messages.models import Revision
from messages.review import message_lint
from messages.text.lint import MUST


class Command(BaseCommand):
    help = "Run the automatic checks on every version that is not withdrawn, and on the help links."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object, with remarks by version")

    def handle(self, *args: Any, **options: Any) -> None:
        revisions = Revision.objects.exclude(state=Revision.State.WITHDRAWN).select_related("message")
        revisions = revisions.prefetch_related("renditions")
        text_remarks = {
            f"{revision} {locale}": remarks
            for revision in revisions
            for locale, remarks in message_lint.lint_revision(revision).items()
        }
        help_remarks = directory.lint_help_directory(timezone.localdate())
        if options["json"]:
            by_revision = {name: [asdict(remark) for remark in remarks] for name, remarks in text_remarks.items()}
            document = {"wordings": by_revision, "help": [asdict(remark) for remark in help_remarks]}
            self.stdout.write(json.dumps(document, ensure_ascii=False, indent=2))
            return
        for name, remarks in [*text_remarks.items(), ("Help links", help_remarks)]:
            if remarks:
                self.stdout.write(name)
                for remark in remarks:
                    self.stdout.write(f"  {remark.severity:<6}  {remark.where}: {remark.sentence} [{remark.code}]")
        severities = [remark.severity for remarks in text_remarks.values() for remark in remarks]
        must = severities.count(MUST)
        self.stdout.write(
            f"{len(text_remarks)} versions: {must} things must change, {len(severities) - must} to check. "
            f"Help links: {len(help_remarks)}."
        )
