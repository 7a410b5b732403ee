"""PURE  Text as a terminal may show it."""

import re

# What moves the cursor, ends a line or turns the direction of what follows. Tabs and line feeds stay.
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """The text with a replacement character for each sign that a terminal takes for a command."""
    return _COMMANDS.sub("\N{REPLACEMENT CHARACTER}", text)
