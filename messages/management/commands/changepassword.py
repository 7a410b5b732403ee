from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.core.management.base import CommandError


class Command(changepassword.Command):
    help = "Refused: people choose their own passwords."

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError(
            "People choose their own passwords, under “Your account”. If a password is lost, an "
            "administrator closes the account and invites the person again. manage.py invite creates an administrator."
        )
