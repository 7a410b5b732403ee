"""The files that a look offers, each with how far it is: what the results page and the API list."""

from dataclasses import dataclass

from analytics.export.files import FILES, ResultFile
from analytics.export.prepared_files import requested_files
from analytics.models import PreparedFile
from campaign.models import Campaign

FILE_STATES = ("ready", "asked", "failed", "not asked")


@dataclass(frozen=True, slots=True)
class OfferedFile:
    """A file of a look, with what the worker made of it if it was asked for."""

    file: ResultFile
    prepared: PreparedFile | None

    @property
    def is_ready(self) -> bool:
        return not self.file.made_by_worker or bool(self.prepared and self.prepared.made_at)

    @property
    def state(self) -> str:
        """One of FILE_STATES."""
        if self.is_ready:
            return "ready"
        if self.prepared is None:
            return "not asked"
        return "failed" if self.prepared.failure else "asked"


def offered_files(campaign: Campaign, look: int) -> list[OfferedFile]:
    """Return every file that a look offers on this installation."""
    requested = requested_files(campaign, look)
    return [OfferedFile(file, requested.get(file.name)) for file in FILES if file.is_available()]
