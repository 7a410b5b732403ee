from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.core.management.base import CommandError


class Command(createsuperuser.Command):
    help = "Refused: an account begins with an invitation, which is on record."

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError(
            "An account begins with an invitation, so that nobody else knows its password and the audit record names "
            "it: manage.py invite you@example.org."
        )
