"""PURE  Read whole numbers as spreadsheets write them: 16687, 16,687, 16.687, 16 687 or 16687.0."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from analytics.csv_analysis.errors import TableError

_MAX_DIGITS = 15
_BETWEEN = "\x1f"  # no cell holds it
_PLAIN = re.compile(rf"(?:(?:0|[1-9][0-9]{{0,{_MAX_DIGITS - 1}}}){_BETWEEN})*")
_BLANKS = " '’\u00a0\u2007\u2009\u202f"  # stand between thousands in some countries, and before decimals in none


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """The sign between thousands and the one before decimals. A count may have decimals that are all zero."""

    thousands: str
    decimal: str


POINT = NumberFormat(thousands=",", decimal=".")
COMMA = NumberFormat(thousands=".", decimal=",")
_PATTERNS = {
    written: re.compile(
        rf"((?:0|[1-9][0-9]*)|[1-9][0-9]{{0,2}}(?:(?P<sign>[{_BLANKS}{written.thousands}])[0-9]{{3}})"
        rf"(?:(?P=sign)[0-9]{{3}})*)(?:{re.escape(written.decimal)}0+)?"
    )
    for written in (POINT, COMMA)
}


def parse_all(cells: Sequence[str], written: NumberFormat | None) -> list[int] | None:
    """The numbers in a column; None if they are not in digits alone and `written` does not say how to read them."""
    if not _PLAIN.fullmatch(_BETWEEN.join([*cells, ""])):
        cells = [cell.strip() for cell in cells]
        if not _PLAIN.fullmatch(_BETWEEN.join([*cells, ""])):
            return [parse(cell, written) or 0 for cell in cells] if written else None
    return list(map(int, cells))


@lru_cache(maxsize=1 << 16)
def parse(text: str, written: NumberFormat) -> int | None:
    """The number, or None if the text is no whole number of zero or more in this format."""
    found = _PATTERNS[written].fullmatch(text)
    if not found:
        return None
    digits = found[1].replace(found["sign"] or ",", "")
    return int(digits) if len(digits) <= _MAX_DIGITS else None


def detect_format(rows: Iterable[tuple[int, str, str]]) -> NumberFormat:
    """The one format in which every row's n and events are counts. Each row is its line and the two cells."""
    possible = [POINT, COMMA]
    ambiguous: TableError | None = None
    for line, *cells in rows:
        errors = {written: _row_error(line, cells, written) for written in possible}
        if all(errors.values()):
            raise next(filter(None, errors.values()))
        possible = [written for written, error in errors.items() if error is None]
        if len(possible) > 1 and not ambiguous:
            ambiguous = _ambiguity(line, cells)
    if len(possible) > 1 and ambiguous:
        raise ambiguous
    return possible[0]


def _row_error(line: int, cells: Sequence[str], written: NumberFormat) -> TableError | None:
    for column, text in zip(("n", "events"), cells, strict=True):
        if parse(text, written) is None:
            reason = "“{text}” is not a whole number of zero or more. Use digits only, such as 1204."
            return TableError(reason, line=line, column=column, text=text)
    n, events = (parse(text, written) or 0 for text in cells)
    return more_events_than_units(line, n, events) if events > n else None


def more_events_than_units(line: int, n: int, events: int) -> TableError:
    reason = "{events} is greater than n ({n}). Correct one of them."
    return TableError(reason, line=line, column="events", events=events, n=n)


def _ambiguity(line: int, cells: Sequence[str]) -> TableError | None:
    """What to say of the first cell that is another number in the other format."""
    for column, text in zip(("n", "events"), cells, strict=True):
        one, other = (parse(text, written) for written in (POINT, COMMA))
        if one != other:
            reason = "“{text}” could mean {one} or {other}. Use digits only, such as 1204."
            return TableError(reason, line=line, column=column, text=text, one=one, other=other)
    return None
