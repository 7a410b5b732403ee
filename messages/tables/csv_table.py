"""PURE  Read a CSV file strictly: a row that does not fit its header is refused, never guessed."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from messages.tables.decoding import CONTROL_CHARACTER
from messages.tables.errors import UnreadableFile
from messages.tables.names import look_of

_DELIMITERS = (",", ";", "\t")
_NAMED_DELIMITER = re.compile(r'"?sep=([^\w\s"]|\t)"?[,;\s]*', re.IGNORECASE)  # a first line for spreadsheets
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_MAX_HEADER_LINE = 100  # beyond this no header is looked for
_MOST_IN_NAME = 60  # characters; a quotation mark that is not closed makes longer ones
_BATCH = 500  # rows; so few stay in the processor’s cache


@dataclass(frozen=True, slots=True)
class Header:
    """Where the header stands, the delimiter by which it was found, and its names: empty where a column has none."""

    line: int
    delimiter: str
    names: tuple[str, ...]

    def column_name(self, position: int) -> str:
        """A column's name, or its number where it has none that is short enough for a sentence."""
        name = self.names[position] if position < len(self.names) else ""
        return name if 0 < len(name) <= _MOST_IN_NAME else str(position + 1)


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows, each with as many cells as the header; their numbers as a spreadsheet counts, and their first lines.

    Empty rows are counted and left out.
    """

    rows: Sequence[list[str]]
    numbers: Sequence[int]
    lines: Sequence[int]


class CsvTable:
    """The header of a table, and the rows below it, to be read once."""

    def __init__(self, header: Header, lines: Iterator[str], *, check_control_characters: bool) -> None:
        self.header = header
        self._lines = lines  # from the header on
        self._check_control_characters = check_control_characters

    def batches(self) -> Iterator[Batch]:
        """Yield the rows. As long as each row is one ordinary line, they are read many at a time."""
        number = self.header.line
        line, header_cells = next(self._records(self._lines, self.header.line))
        while chunk := list(islice(self._lines, _BATCH)):
            if not (rows := self._ordinary_rows(chunk, header_cells)):
                break
            yield Batch(rows, range(number + 1, number + len(rows) + 1), range(line, line + len(rows)))
            number, line = number + len(rows), line + len(rows)
        yield from self._unusual_rows(chain(chunk, self._lines), header_cells, number, line)

    def _ordinary_rows(self, lines: Sequence[str], header_cells: list[str]) -> list[list[str]]:
        """The rows, if each line is one with as many cells as the header, and none may be empty; else no rows."""
        try:
            rows = list(csv.reader(lines, delimiter=self.header.delimiter, strict=True))
        except csv.Error:
            return []
        if len(rows) != len(lines) or set(map(len, rows)) != {len(header_cells)} or header_cells in rows:
            return []
        first_cells = [row[0] for row in rows]
        may_be_empty = not all(first_cells) or any(map(str.isspace, first_cells))
        return [] if may_be_empty or self._check_control_characters else rows

    def _unusual_rows(
        self, lines: Iterator[str], header_cells: list[str], number: int, first_line: int
    ) -> Iterator[Batch]:
        rows: list[list[str]] = []
        numbers: list[int] = []
        starts: list[int] = []
        line = first_line
        for next_line, record in self._records(lines, first_line):
            number += 1
            if record == header_cells:
                raise UnreadableFile(
                    "the header is repeated here. If the table is in the file twice, delete one.", line=line
                )
            if any(map(str.strip, record)):
                rows.append(self._fit(record, line))
                numbers.append(number)
                starts.append(line)
            line = next_line
            if len(rows) == _BATCH:
                yield Batch(rows, numbers, starts)
                rows, numbers, starts = [], [], []
        if rows:
            yield Batch(rows, numbers, starts)

    def _records(self, lines: Iterator[str], line: int) -> Iterator[tuple[int, list[str]]]:
        """Yield each record with the line after it. `line` is the first one's."""
        record: list[str] = []  # its lines
        reader = csv.reader(_collect(lines, record), delimiter=self.header.delimiter, strict=True)
        while True:
            record.clear()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                raise self._unreadable_cell("".join(record), line) from None
            if self._check_control_characters:
                self._refuse_control_characters(cells, line)
            line += len(record)
            yield line, cells

    def _fit(self, cells: list[str], line: int) -> list[str]:
        """Cut or fill a row to the width of the header, where that loses nothing and invents nothing."""
        width = len(self.header.names)
        if any(map(str.strip, cells[width:])):
            raise UnreadableFile(
                "{cells} columns, but the header has {columns}. Put cells that contain a separator in quotation marks.",
                line=line,
                cells=len(cells),
                columns=width,
            )
        if any(self.header.names[len(cells) :]):
            raise UnreadableFile(
                "{cells} columns, but the header has {columns}. Add what is missing, or delete the line.",
                line=line,
                cells=len(cells),
                columns=width,
            )
        return [*cells[:width], *[""] * (width - len(cells))]

    def _refuse_control_characters(self, cells: Sequence[str], line: int) -> None:
        for position, cell in enumerate(cells):
            if found := CONTROL_CHARACTER.search(cell):
                raise UnreadableFile(
                    "there is a control character (U+{code}) here. Delete it.",
                    line=line,
                    column=self.header.column_name(position),
                    code=f"{ord(found[0]):04X}",
                )

    def _unreadable_cell(self, record: str, line: int) -> UnreadableFile:
        """Say which cell of a record has no proper end."""
        delimiter = re.escape(self.header.delimiter)
        cell = re.compile(rf'(?:"[^"]*(?:""[^"]*)*"|(?!")[^{delimiter}\r\n]*)(?:{delimiter}|{_LINE_BREAK.pattern}|\Z)')
        start, position = 0, 0
        while (found := cell.match(record, start)) and len(found[0]) <= csv.field_size_limit():
            start, position = found.end(), position + 1
        line += len(_LINE_BREAK.findall(record, 0, start))
        column = self.header.column_name(position)
        if found:
            most = format(csv.field_size_limit(), ",")
            return UnreadableFile(
                "it is longer than {most} characters. Shorten it.", line=line, column=column, most=most
            )
        return UnreadableFile(
            "the quotation mark at the start is not closed, or there is another inside. Close it, and "
            "double any quotation mark that is part of the text.",
            line=line,
            column=column,
        )


def open_table(lines: Iterable[str], *, required: Sequence[str], check_control_characters: bool = True) -> CsvTable:
    """Find the header, which names all `required` columns: below other lines too, whatever delimits its cells."""
    lines = iter(lines)
    head = list(islice(lines, _MAX_HEADER_LINE))
    header = _find_header(head, required)
    seen: set[str] = set()
    for name in filter(None, header.names):
        if name in seen:
            raise UnreadableFile("two columns have this name. Rename or delete one.", line=header.line, column=name)
        seen.add(name)
    rest = chain(head[header.line - 1 :], lines)
    return CsvTable(header, rest, check_control_characters=check_control_characters)


def _find_header(head: Sequence[str], required: Sequence[str]) -> Header:
    first = next((number for number, line in enumerate(head) if line.strip()), 0)
    delimiters: Sequence[str] = _DELIMITERS
    if head and (named := _NAMED_DELIMITER.fullmatch(head[first])):
        delimiters, first = [named[1]], first + 1
    headers = [
        Header(number + 1, delimiter, _names(head[number:], delimiter))
        for number in range(first, len(head))
        for delimiter in delimiters
    ]
    if not any(any(header.names) for header in headers):
        raise UnreadableFile("the column {name} is missing. The file is empty.", line=1, name=required[0])
    found = max(headers, key=lambda header: (len(set(required) & set(header.names)), -header.line, len(header.names)))
    for name in required:
        if name not in found.names:
            raise UnreadableFile(
                "the column {name} is missing. The columns are: {names}. Name it in the first line of the table.",
                line=found.line,
                name=name,
                names=", ".join(filter(None, found.names)),
            )
    return found


def _names(lines: Sequence[str], delimiter: str) -> tuple[str, ...]:
    """The cells of the first row as names of columns, in lower case."""
    try:
        cells = next(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return ()
    return tuple(look_of(cell).strip().casefold() for cell in cells)


def _collect(lines: Iterable[str], record: list[str]) -> Iterator[str]:
    for line in lines:
        record.append(line)
        yield line
