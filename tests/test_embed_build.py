"""What partners load was made from what is readable in embed/."""

import pytest

from embed import build


@pytest.mark.parametrize("name", build.MADE)
def test_a_file_is_made_from_the_present_sources(name: str) -> None:
    made = (build.STATIC / name).read_text(encoding="utf-8")
    assert made.startswith(build.header()), "run `make embed`"


def test_a_style_sheet_is_shortened_and_says_the_same() -> None:
    text = "/* a */\nh2 { margin: 0 0 .6em; outline: 0 }\n.a:focus-visible:not(h2) , b { top: 1px; }"
    assert build.short_css(text) == "h2{margin:0 0 .6em;outline:0}.a:focus-visible:not(h2),b{top:1px}"
