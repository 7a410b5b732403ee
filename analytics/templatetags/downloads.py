"""The template tag that lists the files of a look."""

from collections.abc import Sequence
from dataclasses import dataclass

from django import template

from analytics.export.files import FILES, ResultFile
from analytics.export.prepared_files import requested_files
from analytics.models import PreparedFile
from analytics.results.build import Report

register = template.Library()


@dataclass(frozen=True, slots=True)
class OfferedFile:
    """A file of a look, with what the worker made of it if it was asked for."""

    file: ResultFile
    prepared: PreparedFile | None

    @property
    def is_ready(self) -> bool:
        return not self.file.made_by_worker or bool(self.prepared and self.prepared.made_at)


@register.simple_tag
def result_files(report: Report) -> Sequence[OfferedFile]:
    """Return the files that the look of a report offers: none while nothing may be taken away."""
    if report.embargoed or report.changed_plan_keys:
        return ()
    requested = requested_files(report.campaign, report.look)
    return [OfferedFile(file, requested.get(file.name)) for file in FILES if file.is_available()]
