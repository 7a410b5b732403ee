from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import flush


def refuse(self: flush.Command, **options: Any) -> None:
    """Say why tables are not emptied. Tests, which empty theirs after each, replace it."""
    raise CommandError(
        "flush would delete decisions, plans and results that are on record. For an empty installation, use new "
        "databases."
    )


class Command(flush.Command):
    help = "Refused: it would delete what is on record."
    handle = refuse
