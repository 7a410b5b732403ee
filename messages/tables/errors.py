"""PURE  What is said of a file that cannot be read."""

from messages.text.translatable import Translatable

_MOST_QUOTED = 300  # characters


class UnreadableFile(ValueError):
    """A file cannot be read. The message, a Translatable, says where, why and what to do."""

    def __init__(self, template: str, *, line: int | None = None, column: str = "", **params: object) -> None:
        reason = Translatable(template, **{name: _short(value) for name, value in params.items()})
        if line is not None and column:
            reason = Translatable("line {line}, column {column}: {reason}", line=line, column=column, reason=reason)
        elif line is not None:
            reason = Translatable("line {line}: {reason}", line=line, reason=reason)
        super().__init__(reason)


def _short(value: object) -> object:
    """A text of the file, which may be a whole file in one cell, in as much as a sentence can quote."""
    if isinstance(value, str) and not isinstance(value, Translatable) and len(value) > _MOST_QUOTED:
        return f"{value[:_MOST_QUOTED]}…"
    return value
