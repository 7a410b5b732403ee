"""Write a table as CSV that no spreadsheet takes for formulas."""

from analytics.export.table import Table
from messages.text.spreadsheet import write_csv

_MARK = b"\xef\xbb\xbf"  # by which spreadsheets know UTF-8


def csv_for_spreadsheets(table: Table) -> bytes:
    """Return a table as CSV with a byte order mark."""
    return write_csv([field.name for field in table.fields], table.records())


def csv_for_programs(table: Table) -> bytes:
    """Return the same without the mark, which some programs read as part of the first name."""
    return csv_for_spreadsheets(table).removeprefix(_MARK)
