"""What an exchange file holds: revisions of messages, each with its text in every language."""

from __future__ import annotations

from dataclasses import dataclass, field

FORMAT, VERSION = "second-thought messages", 1
COLUMNS = (
    "message",
    "revision",
    "state",
    "theme",
    "theme_name",
    "theme_line",
    "frame",
    "claim_strength",
    "sources",
    "note",
    "locale",
    "headline",
    "body",
)


@dataclass(frozen=True, slots=True)
class RenditionRecord:
    """The text of a revision in one language."""

    locale: str
    headline: str
    body: str


@dataclass(frozen=True, slots=True)
class RevisionRecord:
    """One revision of a message. `state` is informative: what is imported is always a draft."""

    message: str
    revision: int
    theme: str
    frame: str
    claim_strength: str
    sources: tuple[str, ...] = ()
    note: str = ""
    theme_name: str = ""
    theme_line: str = ""
    state: str = ""
    renditions: tuple[RenditionRecord, ...] = ()
    where: str = field(default="", compare=False)  # the row or entry of the file


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row or entry that cannot be imported, and the reason."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """The content of a file; `ignored` names unknown columns or fields."""

    revisions: tuple[RevisionRecord, ...] = ()
    rejected_rows: tuple[RejectedRow, ...] = ()
    ignored: tuple[str, ...] = ()


def collapse_whitespace(text: str) -> str:
    """The text on one line, as a source stands in a cell."""
    return " ".join(text.split())
