"""The files of a look that the results page offers: each with a name, who it is for, and how it is made."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analytics.export.csv_tables import csv_for_spreadsheets
from analytics.export.data_package import data_package
from analytics.export.table import LookTables


@dataclass(frozen=True, slots=True)
class ResultFile:
    """One file of a look."""

    name: str
    title: Promise
    audience: Promise
    make: Callable[[LookTables], bytes]

    @property
    def route(self) -> str:
        return f"analytics:{self.key}"

    @property
    def key(self) -> str:
        return self.name.replace(".", "-")

    @property
    def stem(self) -> str:
        return self.name.rpartition(".")[0]

    @property
    def extension(self) -> str:
        return self.name.rpartition(".")[2]


def _csv_of(name: str) -> Callable[[LookTables], bytes]:
    return lambda tables: csv_for_spreadsheets(tables.table(name))


FILES = (
    ResultFile(
        "estimates.csv",
        _("Estimates"),
        _("If you write about the result: each rate and difference with its interval, its verdict and its sentence."),
        _csv_of("estimates"),
    ),
    ResultFile(
        "counts.csv",
        _("Counts"),
        _("If you want to work it out anew: how many were sent each message, saw it, and did what."),
        _csv_of("counts"),
    ),
    ResultFile(
        "counts-by-placement.csv",
        _("Counts by place and language"),
        _("If you ask whether it was the same everywhere. Small counts are left empty."),
        _csv_of("counts-by-placement"),
    ),
    ResultFile(
        "data-package.zip",
        _("Data package"),
        _("For an analyst or an archive: the three tables with a description of every column (Data Package 2.0)."),
        data_package,
    ),
)
