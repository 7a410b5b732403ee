"""Rows come as the file has them, many at a time or one by one, or not at all."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.tables.csv_table import CsvTable, open_table
from messages.tables.errors import UnreadableFile

Row = tuple[int, int, list[str]]


def table(text: str) -> CsvTable:
    return open_table(io.StringIO(text, newline=""), required=("a", "b"))


def rows(found: CsvTable) -> list[Row]:
    return [row for batch in found.batches() for row in zip(batch.numbers, batch.lines, batch.rows, strict=True)]


def test_rows_have_their_number_and_their_line() -> None:
    text = 'Title\n\na,b,c\n1,2,"x\ny"\n\n3,4,z\n'
    assert rows(table(text)) == [(4, 4, ["1", "2", "x\ny"]), (6, 7, ["3", "4", "z"])]


@pytest.mark.parametrize("count", [1, 499, 500, 501, 1_500])
@pytest.mark.parametrize("last", ["", '"over\ntwo lines",x\n'])
def test_many_rows_are_read_as_one_by_one(count: int, last: str) -> None:
    found = rows(table("a,b\n" + "".join(f"{number},x\n" for number in range(count)) + last))
    assert [row[2][0] for row in found[:count]] == [str(number) for number in range(count)]
    assert [row[1] for row in found] == list(range(2, count + 2 + bool(last)))
    assert [row[0] for row in found] == [row[1] for row in found]


def test_the_header_is_the_line_that_names_the_columns_with_whatever_delimiter() -> None:
    for delimiter in ",;\t":
        header = table(f"about,this;file\n{delimiter.join(['', ' B', 'A'])}\n").header
        assert (header.line, header.delimiter, header.names) == (2, delimiter, ("", "b", "a"))


def test_what_does_not_fit_is_refused_after_many_rows_too() -> None:
    with pytest.raises(UnreadableFile, match="line 1002, column b: the quotation mark"):
        rows(table("a,b\n" + "1,2\n" * 1_000 + '1,"2\n'))


_cells = st.text(st.characters(blacklist_categories=["Cs", "Cc"]) | st.sampled_from('",;\n\t'), max_size=6)


@given(st.lists(st.tuples(_cells, _cells), min_size=1, max_size=5))
def test_what_the_csv_module_writes_is_read_or_refused_and_never_shifted(written: list[tuple[str, str]]) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream, quoting=csv.QUOTE_ALL).writerows([("a", "b"), *written])
    expected = [list(row) for row in written if any(cell.strip() for cell in row)]
    assert [row[2] for row in rows(table(stream.getvalue()))] == expected
