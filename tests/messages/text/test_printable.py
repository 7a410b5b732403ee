import pytest

from messages.text.printable import printable


@pytest.mark.parametrize("text", ["plain", "two\nlines\tand a tab", "[x] :on:", "‏عنوان", "می\u200cخواهم", "👩‍👧", "é"])
def test_text_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize("sign", ["\x00", "\x07", "\x1b", "\r", "\x7f", "\x9b", "\u2028", "\u202e", "\u2066"])
def test_a_sign_that_a_terminal_obeys_is_replaced(sign: str) -> None:
    assert printable(f"a{sign}[2Jb") == "a�[2Jb"
