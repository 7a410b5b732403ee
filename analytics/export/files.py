"""The files of a look that the results page offers: each with a name, who it is for, and how it is made."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from analytics.export import parquet
from analytics.export.board_page import board_pdf
from analytics.export.bundle import make_bundle
from analytics.export.chart_files import chart_package
from analytics.export.csv_tables import csv_for_spreadsheets
from analytics.export.data_package import data_package
from analytics.export.look_tables import look_tables
from analytics.export.report_document import report_pdf
from analytics.export.table import LookTables
from analytics.export.xlsx import workbook
from analytics.models import Analysis


@dataclass(frozen=True, slots=True)
class ResultFile:
    """One file of a look. One that is `made_by_worker` takes too long for a page; one `for_reading` has a language."""

    name: str
    title: Promise
    audience: Promise
    make: Callable[[Analysis], bytes]
    made_by_worker: bool = False
    for_reading: bool = False
    is_available: Callable[[], bool] = lambda: True

    @property
    def language(self) -> str:
        """The language in which a reader gets it; empty where it is the same for everybody."""
        return (get_language() or settings.LANGUAGE_CODE) if self.for_reading else ""

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


def _csv_of(name: str) -> Callable[[Analysis], bytes]:
    return lambda analysis: csv_for_spreadsheets(look_tables(analysis).table(name))


def _of_tables(write: Callable[[LookTables], bytes]) -> Callable[[Analysis], bytes]:
    return lambda analysis: write(look_tables(analysis))


FILES = (
    ResultFile(
        "board.pdf",
        _("One page for the board"),
        _("The answer, one chart, how certain it is, what it cost and what to do next, for decision-makers."),
        board_pdf,
        made_by_worker=True,
        for_reading=True,
    ),
    ResultFile(
        "report.pdf",
        _("Report"),
        _(
            "The plan, the messages, the flow and the results, in the order of CONSORT 2025, for "
            "funders, journals and archives."
        ),
        report_pdf,
        made_by_worker=True,
        for_reading=True,
    ),
    ResultFile(
        "estimates.csv",
        _("Estimates"),
        _("Each rate and difference with its interval, its verdict and a sentence to quote."),
        _csv_of("estimates"),
    ),
    ResultFile(
        "counts.csv",
        _("Counts"),
        _("How many people were sent each message, how many saw it and what they did, to recalculate the results."),
        _csv_of("counts"),
    ),
    ResultFile(
        "counts-by-placement.csv",
        _("Counts by placement and language"),
        _("Shows whether the result was the same everywhere. Small counts are left empty."),
        _csv_of("counts-by-placement"),
    ),
    ResultFile(
        "data-package.zip",
        _("Data package"),
        _("The three tables with a description of every column (Data Package 2.0), for analysts and archives."),
        _of_tables(data_package),
    ),
    ResultFile(
        "results.xlsx",
        _("Workbook"),
        _("The three tables as sheets, with another sheet that explains each column."),
        _of_tables(workbook),
        made_by_worker=True,
    ),
    ResultFile(
        "parquet.zip",
        _("Tables as Parquet"),
        _("The data package as Parquet files with typed columns, for pandas, Polars, DuckDB or a data lake."),
        _of_tables(parquet.parquet_package),
        made_by_worker=True,
        is_available=parquet.is_available,
    ),
    ResultFile(
        "charts.zip",
        _("Charts"),
        _("Every chart on this page as SVG and PNG, for slides, reports and the press."),
        chart_package,
        made_by_worker=True,
        for_reading=True,
    ),
    ResultFile(
        "bundle.zip",
        _("Bundle to check"),
        _("Plan, messages, counts and looks in one signed file, which a command can check."),
        lambda analysis: make_bundle(analysis.campaign, last_look=analysis.look),
        made_by_worker=True,
    ),
)
