import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from messages.exchange import import_export, writer
from messages.models import Frame, Revision


class Command(BaseCommand):
    help = "Write all or some messages as CSV or JSON, with every version and language."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", help="the file to write; without it, standard output")
        parser.add_argument("--format", choices=sorted(writer.WRITERS), default="csv")
        parser.add_argument("--frame", choices=Frame.values, default="")
        parser.add_argument("--state", choices=Revision.State.values, default="")
        parser.add_argument("--locale", default="", help="only versions that have a text in this language")

    def handle(self, *args: Any, **options: Any) -> None:
        revisions = import_export.filter_revisions(**{name: options[name] for name in ("frame", "state", "locale")})
        body = writer.WRITERS[options["format"]](import_export.export_revisions(revisions))
        if options["file"]:
            Path(options["file"]).write_bytes(body)
            self.stdout.write(f"{len(revisions)} versions written to {options['file']}.")
        else:
            sys.stdout.buffer.write(body)
