"""What commands print in a terminal: names stand there as they are."""

import sys
from collections.abc import Collection, Sequence

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from messages.text.printable import printable


def terminal() -> Console:
    """The terminal of a command; as wide as in the documentation where the output goes to a file."""
    return Console(width=None if sys.stdout.isatty() else 118, markup=False, emoji=False)


def as_text(*parts: str | tuple[str, str]) -> Text:
    """The parts as they are, each with its style if it has one: no markup, no names of emoji, no control characters."""
    return Text.assemble(
        *(printable(part) if isinstance(part, str) else (printable(part[0]), part[1]) for part in parts)
    )


class TextTable(Table):
    """A table that shows every cell as it is, and whole: a name that is cut short may look like another."""

    def __init__(self, title: str, columns: Sequence[str], *, right: Collection[str] = ()) -> None:
        super().__init__(
            *(Column(as_text(name), justify="right" if name in right else "left", overflow="fold") for name in columns),
            title=as_text((title, "table.title")) if title else None,
            title_justify="left",
        )

    def add(self, *cells: str) -> None:
        """Add a row."""
        self.add_row(*map(as_text, cells))
