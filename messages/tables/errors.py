"""PURE  What is said of a file that cannot be read."""

from messages.text.translatable import Translatable


class UnreadableFile(ValueError):
    """A file cannot be read. The message, a Translatable, says where, why and what to do."""

    def __init__(self, template: str, *, line: int | None = None, column: str = "", **params: object) -> None:
        reason = Translatable(template, **params)
        if line is not None and column:
            reason = Translatable("line {line}, column {column}: {reason}", line=line, column=column, reason=reason)
        elif line is not None:
            reason = Translatable("line {line}: {reason}", line=line, reason=reason)
        super().__init__(reason)
