"""PURE  Number the names in a column, and refuse two that look the same."""

import re
import unicodedata

from messages.tables.names import look_of, without_invisible_signs

_LINE_BREAK = re.compile("[\n\r\t\u2028\u2029]")


class UnusableName(ValueError):
    """A name is missing or cannot be told from another. The message says why and what to do."""


class NameCodes(dict[str, int]):
    """A code for each name, counted from 0 in the order in which they come.

    Blanks around a name do not belong to it, and a letter with an accent is the same whether it is one sign or two.
    """

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self._looks: dict[str, str] = {}  # how a name looks, where that is not how it is written

    def __missing__(self, text: str) -> int:
        name = text.strip()
        if not name.isascii():
            name = unicodedata.normalize("NFC", name)
        if name not in self:
            is_plain = name.isascii() and name.isprintable() and "  " not in name
            if not is_plain or not name or self._looks:
                self._check(name)
            self[name] = len(self.names)
            self.names.append(name)
        if text is not name:
            self[text] = self[name]
        return self[name]

    def _check(self, name: str) -> None:
        look = look_of(name)
        if not look:
            raise UnusableName("the name is missing. Add one, or delete the line if it is a total.")
        if _LINE_BREAK.search(name):
            raise UnusableName("the name contains a tab or a line break. Write it on one line.")
        other = look if look != name and look in self else self._looks.get(look)
        if other is not None:
            raise UnusableName(
                f"“{name}” looks like “{other}”, but {_difference(name, other)}. Spell both the same way."
            )
        if look != name:
            self._looks[look] = name


def _difference(name: str, other: str) -> str:
    """Say why two names that look the same are not: by letters of two alphabets, or by signs that nobody sees."""
    for one, another in zip(without_invisible_signs(name), without_invisible_signs(other), strict=True):
        if one != another:
            return f"has another letter, {unicodedata.name(one)} for {unicodedata.name(another)}"
    return "contains invisible characters"
