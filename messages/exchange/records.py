"""What an exchange file holds: revisions of messages, each with its text in every language."""

from dataclasses import dataclass, field, fields

FORMAT, VERSION = "second-thought messages", 1


@dataclass(frozen=True, slots=True)
class RenditionRecord:
    """The text of a revision in one language."""

    locale: str
    headline: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionRecord:
    """One revision of a message. `state` is informative: what is imported is always a draft."""

    message: str
    revision: int = 1
    state: str = ""
    theme: str
    theme_name: str = ""
    theme_line: str = ""
    frame: str
    matched_set: str = ""
    claim_strength: str
    sources: tuple[str, ...] = ()
    note: str = ""
    renditions: tuple[RenditionRecord, ...] = ()
    where: str = field(default="", compare=False)  # the row or entry of the file


RENDITION_COLUMNS = tuple(field.name for field in fields(RenditionRecord))
REVISION_COLUMNS = tuple(field.name for field in fields(RevisionRecord) if field.name not in ("renditions", "where"))
COLUMNS = (*REVISION_COLUMNS, *RENDITION_COLUMNS)


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row or entry that cannot be imported, and the reason."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """The content of a file; `ignored` names unknown columns or fields, `notes` say how it was decoded."""

    revisions: tuple[RevisionRecord, ...] = ()
    rejected_rows: tuple[RejectedRow, ...] = ()
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def collapse_whitespace(text: str) -> str:
    """The text on one line, as a source stands in a cell."""
    return " ".join(text.split())
