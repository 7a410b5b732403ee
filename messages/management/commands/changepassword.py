from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.core.management.base import CommandError


class Command(changepassword.Command):
    help = "Refused: nobody but its owner chooses a password."

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError(
            "Nobody but its owner chooses a password, under “Your account”. For a password that is lost, an "
            "administrator closes the account and invites its owner anew; manage.py invite makes an administrator."
        )
