"""Codes are read however people type them."""

import pytest

from messages.text.typed_codes import clean_code


@pytest.mark.parametrize(
    "typed", ["123 456", "123\u00a0456", "123-456", " 123\u2011456\u200b", "١٢٣٤٥٦", "１２３４５６"]
)
def test_a_code_is_read_however_it_was_written_or_pasted(typed: str) -> None:
    assert clean_code(typed) == "123456"


def test_letters_do_not_become_a_code() -> None:
    assert clean_code("a12-34x") == "a1234x"
