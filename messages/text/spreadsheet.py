"""CSV files for spreadsheets, in which no cell is taken for a formula.

A spreadsheet takes a cell that begins with = + - @ for a formula, so such a cell gets an apostrophe in front. So does
such a sign after a semicolon, a tab, a line break or a quotation mark, because a spreadsheet that expects another
delimiter splits the cell there. Reading removes exactly these apostrophes. A number is written as it is, because no
spreadsheet takes it for a formula.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence

_SIGNS = "=+\\-@＝＋－＠"
_RISKY = rf"(?:\A(?P<first>'*)(?=[{_SIGNS}\t\r])|(?<=[;\t\r\n\"])(?P<later>'*)(?=[{_SIGNS}]))"
_UNESCAPED = re.compile(_RISKY)
_ESCAPED = re.compile(_RISKY.replace("'*", "'+"))


def escape_formulas(text: str) -> str:
    """Insert an apostrophe wherever a spreadsheet would begin a formula."""
    return _UNESCAPED.sub(lambda match: "'" + match[0], text)


def unescape_formulas(text: str) -> str:
    """Undo `escape_formulas`."""
    return _ESCAPED.sub(lambda match: match[0][1:], text)


def write_csv(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """UTF-8 with a byte order mark, comma separated, every cell quoted and every text escaped; None is empty."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    return b"\xef\xbb\xbf" + stream.getvalue().encode()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else escape_formulas(str(value))
