"""What commands print: names as they are, and nothing that a terminal takes for a command."""

import io

from rich.console import Console

from analytics.management.terminal import TextTable, as_text


def printed(table: TextTable, width: int = 60) -> str:
    out = io.StringIO()
    Console(file=out, width=width).print(table)
    return out.getvalue()


def test_neither_markup_nor_emoji_nor_a_command_is_made_of_a_text() -> None:
    assert as_text("[red]a[/] :on: \x1b[2J\x9b\r", ("b", "bold")).plain == "[red]a[/] :on: �[2J��b"


def test_a_table_shows_its_names_whole() -> None:
    table = TextTable("Arms [all]", ["arm", "n"], right=["n"])
    table.add("[us] " + "long" * 30, "1")
    text = printed(table)
    assert "Arms [all]" in text
    assert "".join(line.split("│")[1].strip() for line in text.splitlines() if "│" in line) == "[us]" + "long" * 30
