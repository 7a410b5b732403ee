from collections.abc import Sequence

from django.core.management.commands import loaddata
from django.db import DEFAULT_DB_ALIAS

from messages.audit import log


class Command(loaddata.Command):
    help = "Load rows from files without the usual checks. The audit record says so."

    def loaddata(self, fixture_labels: Sequence[str]) -> None:
        """Load them and add the entry, in the transaction of the command."""
        super().loaddata(fixture_labels)
        if self.using == DEFAULT_DB_ALIAS and self.loaded_object_count:
            log.record(
                log.Action.ROWS_LOAD,
                by=log.command_line_actor(),
                kind=log.ObjectKind.RECORD,
                ref="rows",
                label=", ".join(fixture_labels),
                rows=self.loaded_object_count,
            )
