"""Write the tables of a look as a workbook. XlsxWriter is loaded on first use, by the worker alone."""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.conf import settings

from analytics.export.table import Cell, LookTables
from messages.text.spreadsheet import escape_formulas

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_WIDTH, _WIDE = 16, 90


def workbook(tables: LookTables) -> bytes:
    """Return a workbook with a sheet that says what it is, and a sheet for each table."""
    from xlsxwriter import Workbook

    stream = io.BytesIO()
    book = Workbook(stream, _OPTIONS)
    book.set_properties({"title": f"{tables.name}: look {tables.look}", "created": tables.made_at.replace(tzinfo=None)})
    bold = book.add_format({"bold": True})
    about = book.add_worksheet("about")
    about.set_column(0, 0, _WIDTH, bold)
    about.set_column(1, 1, _WIDE)
    for number, (name, value) in enumerate(_about(tables)):
        _write(about, number, 0, name)
        _write(about, number, 1, value)
    for table in tables.tables:
        sheet = book.add_worksheet(table.name)
        sheet.set_row(0, None, bold)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(table.fields) - 1, _WIDTH)
        for column, field in enumerate(table.fields):
            _write(sheet, 0, column, field.name)
        for number, row in enumerate(table.rows, start=1):
            for column, cell in enumerate(row):
                _write(sheet, number, column, cell)
    book.close()
    return stream.getvalue()


def _about(tables: LookTables) -> Iterator[tuple[str, Cell]]:
    yield "campaign", tables.name
    yield "look", tables.look
    yield "made at", tables.made_at.isoformat()
    yield "status", tables.status
    yield "plan (SHA-256)", tables.plan_fingerprint
    yield "result", tables.sentence
    yield "", tables.interval_sentence
    yield "note", tables.note
    yield "licence", settings.RESULTS_LICENCE
    for deviation in tables.deviations:
        yield "otherwise than planned", f"{deviation.at:%Y-%m-%d}: {deviation.what} {deviation.why}"
    for table in tables.tables:
        yield table.name, table.description
        for field in table.fields:
            yield f"  {field.name}", field.description


def _write(sheet: "Worksheet", row: int, column: int, cell: Cell) -> None:
    """Write a cell by its type: a text is never taken for a formula, here or in a CSV file made of it."""
    if isinstance(cell, bool):
        sheet.write_boolean(row, column, cell)
    elif isinstance(cell, int | float):
        sheet.write_number(row, column, cell)
    elif cell:
        sheet.write_string(row, column, escape_formulas(cell))
