"""PURE  Decode a text file: UTF-8, UTF-16 by its byte order mark, and otherwise Windows-1252."""

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from messages.tables.errors import UnreadableFile
from messages.text.translatable import Translatable

# Everything that a terminal may take for a command; tabs and line breaks are text.
CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_CHUNK = 1 << 18
_WINDOWS_1252 = Translatable(
    "The file is not UTF-8, so it was read as Windows-1252. Check letters with accents, or save "
    "the file as “CSV UTF-8”."
)
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods; .xls


@dataclass(frozen=True, slots=True)
class DecodedFile:
    """The text of a file, what has to be said of its encoding, and whether it holds control characters."""

    text: io.TextIOWrapper
    notes: tuple[Translatable, ...]
    has_control_characters: bool


def decode(stream: BinaryIO) -> DecodedFile:
    """Decode a file, which is read twice: once to find its encoding, and then by whoever reads the text."""
    if not stream.seekable():
        stream = io.BytesIO(stream.read())
    start = stream.read(4)
    if start.startswith(_SPREADSHEETS):
        raise UnreadableFile("The file is a spreadsheet. Save the sheet as “CSV UTF-8”.")
    is_utf_16 = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if start.startswith(codecs.BOM_UTF32_LE) or (b"\0" in start and not is_utf_16):
        raise _unknown_encoding()
    for encoding in ("utf-16",) if is_utf_16 else ("utf-8-sig", "cp1252"):
        has_control_characters = False
        try:
            for chunk in _chunks(stream, encoding):
                has_control_characters = has_control_characters or CONTROL_CHARACTER.search(chunk) is not None
        except UnicodeDecodeError:
            continue
        stream.seek(0)
        return DecodedFile(
            text=io.TextIOWrapper(stream, encoding, newline=""),
            notes=(_WINDOWS_1252,) if encoding == "cp1252" else (),
            has_control_characters=has_control_characters,
        )
    raise _unknown_encoding()


def _unknown_encoding() -> UnreadableFile:
    return UnreadableFile("The encoding of this file cannot be read here. Save the file as “CSV UTF-8”.")


def _chunks(stream: BinaryIO, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    stream.seek(0)
    while chunk := stream.read(_CHUNK):
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)
