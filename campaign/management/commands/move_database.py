from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from campaign.models import Campaign
from campaign.record_triggers import TRIGGERS, restore_triggers


class Command(BaseCommand):
    help = (
        "Load the output of `dumpdata` into a new, empty database, after DATABASE_URL was set to it. The "
        "triggers that protect the records are created afterwards."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the output of dumpdata")

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.exists() or Campaign.objects.exists():
            raise CommandError("This database is not empty. Set DATABASE_URL to a new one, and migrate it.")
        with transaction.atomic():
            with connection.cursor() as cursor:
                for trigger in TRIGGERS:
                    for statement in trigger.drop(connection.vendor):
                        cursor.execute(statement)
            call_command("loaddata", options["file"], stdout=self.stdout)
            connection.check_constraints()
            restore_triggers(using="default")
