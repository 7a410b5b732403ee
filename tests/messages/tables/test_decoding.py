import io

import pytest

from messages.tables.decoding import DecodedFile, decode
from messages.tables.errors import UnreadableFile


class Pipe(io.BytesIO):
    """A stream that can be read once."""

    def seekable(self) -> bool:
        return False


def decoded(data: bytes) -> DecodedFile:
    return decode(io.BytesIO(data))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_text_is_the_same_in_every_encoding(encoding: str) -> None:
    assert decoded("naïve\r\n10 €\n".encode(encoding)).text.read() == "naïve\r\n10 €\n"


def test_windows_1252_is_said_and_utf_8_is_not() -> None:
    assert "Windows-1252" in decoded(b"caf\xe9").notes[0]
    assert decoded("café".encode()).notes == ()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x81", "cannot be read here"),
        (b"\xff\xfea", "cannot be read here"),
        ("no mark".encode("utf-16-le"), "cannot be read here"),
        ("no mark".encode("utf-32"), "cannot be read here"),
        (b"a" * 300_000 + b"\xff\x81", "cannot be read here"),
        (b"PK\x03\x04 and more", "is a spreadsheet"),
    ],
)
def test_what_is_no_text_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        decoded(data)


def test_control_characters_are_found_wherever_they_stand() -> None:
    assert decoded(b"a" * 300_000 + b"\x1b").has_control_characters
    assert not decoded(b"tabs\tand\r\nlines").has_control_characters


def test_a_pipe_is_read_too() -> None:
    assert decode(Pipe("é".encode())).text.read() == "é"
