from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Refused: a token is made by its owner."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("-r", "--reset", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError("A token is made by its owner, under “Your account”, after a second factor.")
