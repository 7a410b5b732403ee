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
        "After DATABASE_URL was set to a new, empty database: load into it what `dumpdata` wrote of the old one. The "
        "triggers that refuse changes of the record are put in place behind it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="what dumpdata wrote")

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
