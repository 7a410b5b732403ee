from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from analytics.learned.imports import confirm_signer, import_bundle
from campaign.lifecycle.actions import ActionRefused
from messages.audit.log import command_line_actor
from messages.text.printable import printable

MAX_BYTES = 20_000_000


class Command(BaseCommand):
    help = "Import the bundle of another organisation, so that it is averaged with yours where plan and outcome match."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the bundle")
        parser.add_argument(
            "--signed-by", metavar="FINGERPRINT", help="confirm this key first; the fingerprint that they told you"
        )
        parser.add_argument("--organisation", metavar="NAME", help="whose key it is")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["signed_by"]) != bool(options["organisation"]):
            raise CommandError("Give --signed-by and --organisation together.")
        path, by, now = options["file"], command_line_actor(), timezone.now()
        try:
            with path.open("rb") as stream:
                content = stream.read(MAX_BYTES + 1)
        except OSError as error:
            raise CommandError(printable(f"{path} cannot be read: {error.strerror}.")) from None
        if len(content) > MAX_BYTES:
            raise CommandError(printable(f"{path} is too large to be a bundle."))
        try:
            with transaction.atomic():  # a key that is confirmed for a bundle that does not hold is not confirmed
                if options["signed_by"]:
                    confirm_signer(options["organisation"], options["signed_by"], by=by, now=now)
                imported = import_bundle(content, by=by, now=now)
        except ActionRefused as reason:
            raise CommandError(printable(str(reason))) from None
        self.stdout.write(
            printable(f"Imported “{imported.result.name}”.")
            if imported.is_new
            else "This result was already here. Nothing was changed."
        )
