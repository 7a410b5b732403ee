from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import flush


def refuse(self: flush.Command, **options: Any) -> None:
    """Say why tables are not emptied. Tests, which empty theirs after each, replace it."""
    raise CommandError(
        "flush would empty what is on record: decisions, plans and results. For an empty installation, use new "
        "databases."
    )


class Command(flush.Command):
    help = "Refused: it would empty the tables of what is on record."
    handle = refuse
