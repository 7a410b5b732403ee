"""Writes the API's description to the files that the site serves; needs the development packages."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaign.api.schema_views import SCHEMA_FILES


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail if the files are out of date")

    def handle(self, *, check: bool, **options: Any) -> None:
        from campaign.api.schema import (  # imports development packages, which `--help` does not need
            build_schema,
            render_schema_files,
        )

        files = render_schema_files(build_schema())
        if check and any(SCHEMA_FILES[format_].read_bytes() != content for format_, content in files.items()):
            raise CommandError("The API's description is out of date. Run: manage.py describe_api")
        if not check:
            for format_, content in files.items():
                SCHEMA_FILES[format_].write_bytes(content)
