from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from analytics.export.bundle import make_bundle
from analytics.export.look_tables import NotExportable
from analytics.management.campaign_command import CampaignCommand


class Command(CampaignCommand):
    help = "Write one signed file with everything that someone else needs to check the result of a campaign."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, help="the file to write, such as pilot.zip")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            content = make_bundle(self.find_campaign(options["campaign"]))
            options["file"].write_bytes(content)
        except NotExportable as reason:
            raise CommandError(str(reason)) from None
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be written: {error.strerror}.") from None
        self.stdout.write(f"Done. To check it: manage.py analyse --bundle {options['file']}")
