from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.core.management.base import CommandError


class Command(createsuperuser.Command):
    help = "Refused: accounts are created by invitation."

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError(
            "Accounts are created by invitation, so that nobody else knows the password and the audit record names "
            "them. Run manage.py invite you@example.org."
        )
