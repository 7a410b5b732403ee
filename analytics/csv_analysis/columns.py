"""PURE  Read the rows of a table of arms into columns of numbers."""

import csv
from array import array
from collections.abc import Iterator, Sequence
from operator import gt
from typing import BinaryIO

from analytics.csv_analysis import counts
from analytics.csv_analysis.errors import TableError
from analytics.csv_analysis.names import NameCodes, UnusableName
from messages.tables.csv_table import Batch, CsvTable, open_table
from messages.tables.decoding import DecodedFile, decode

_NEEDED = ("arm", "n", "events")
_OPTIONAL = ("stratum", "cluster", "day", "text", "set")


class Columns:
    """The rows as columns: codes of names, n and events.

    `ignored` names the columns that are not read, and `notes` say how the file was decoded.
    """

    def __init__(self, names: Sequence[str], notes: Sequence[str]) -> None:
        self.notes = notes
        self.positions = {name: names.index(name) for name in (*_NEEDED, *_OPTIONAL) if name in names}
        self.ignored = [name for name in names if name and name not in self.positions]
        self.names = {name: NameCodes() for name in self.positions if name not in ("n", "events")}
        self.codes = {name: array("i") for name in self.names}
        self.n, self.events = array("q"), array("q")
        self._lines: list[Sequence[int]] = []

    def add(self, batch: Batch, written: counts.NumberFormat | None) -> bool:
        """Add rows; whether their numbers could be read."""
        cells = list(zip(*batch.rows, strict=True))
        n, events = (counts.parse_all(cells[self.positions[name]], written) for name in ("n", "events"))
        if n is None or events is None:
            return False
        if any(map(gt, events, n)):
            raise counts.more_events_than_units(
                *next(row for row in zip(batch.lines, n, events, strict=True) if row[2] > row[1])
            )
        for name, codes in self.names.items():
            self._add_names(name, codes, cells[self.positions[name]], batch.lines)
        self.n.extend(n)
        self.events.extend(events)
        self._lines.append(batch.lines)
        return True

    def line(self, place: int) -> int:
        """The line of a row."""
        for lines in self._lines:
            if place < len(lines):
                break
            place -= len(lines)
        return lines[place]

    def _add_names(self, column: str, codes: NameCodes, cells: Sequence[str], lines: Sequence[int]) -> None:
        try:
            self.codes[column].extend(map(codes.__getitem__, cells))
        except UnusableName as error:
            line = next(line for cell, line in zip(cells, lines, strict=True) if cell not in codes)
            raise TableError("{reason}", line=line, column=column, reason=str(error)) from None


def read_columns(stream: BinaryIO) -> Columns:
    """Read the rows of a file, whichever way its numbers are written."""
    decoded = decode(stream)
    try:
        columns = _read(decoded, None)
        if columns is None:
            columns = _read(decoded, counts.detect_format(_count_cells(decoded)))
            assert columns is not None
        return columns
    finally:
        decoded.text.detach()  # the file belongs to the caller, who closes it


def _open(decoded: DecodedFile) -> CsvTable:
    decoded.text.seek(0)
    return open_table(decoded.text, required=_NEEDED, check_control_characters=decoded.has_control_characters)


def _read(decoded: DecodedFile, written: counts.NumberFormat | None) -> Columns | None:
    """Read all rows; None if some numbers are not in digits alone and `written` does not say how to read them."""
    table = _open(decoded)
    columns = Columns(table.header.names, decoded.notes)
    for batch in table.batches():
        _refuse_swallowed_rows(batch, table)
        if not columns.add(batch, written):
            return None
    return columns


def _count_cells(decoded: DecodedFile) -> Iterator[tuple[int, str, str]]:
    """The line of each row, and its cells of n and events."""
    table = _open(decoded)
    n, events = (table.header.names.index(name) for name in ("n", "events"))
    for batch in table.batches():
        for line, row in zip(batch.lines, batch.rows, strict=True):
            yield line, row[n].strip(), row[events].strip()


def _refuse_swallowed_rows(batch: Batch, table: CsvTable) -> None:
    """Refuse a cell with a line in it that looks like a row: its quotation mark was meant to close before."""
    if isinstance(batch.lines, range):  # each row is one line
        return
    for row, line in zip(batch.rows, batch.lines, strict=True):
        for position, cell in enumerate(row):
            for within in csv.reader(cell.splitlines()[1:], delimiter=table.header.delimiter):
                if len(within) >= len(row):
                    raise TableError(
                        "the cell spans several lines, and one of them looks like a row. Close its quotation mark.",
                        line=line,
                        column=table.header.column_name(position),
                    )
