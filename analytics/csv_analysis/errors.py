"""PURE  What is said of a table of arms that cannot be analysed."""

from messages.tables.errors import UnreadableFile


class TableError(UnreadableFile):
    """The table of arms cannot be analysed. The message says where, why and what to do; in English, for a terminal."""
