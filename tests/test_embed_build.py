"""What partners load was made from what is readable in embed/."""

import subprocess
from pathlib import Path

import pytest

from campaign.placements.pinned_embed import PINNED, STATIC, pinned_embed
from embed import build


@pytest.mark.parametrize("name", build.MADE)
def test_a_file_is_made_from_the_present_sources(name: str) -> None:
    made = (build.STATIC / name).read_text(encoding="utf-8")
    assert made.startswith(build.header()), "run `make embed`"


@pytest.mark.process
@pytest.mark.parametrize("name", build.MADE)
def test_a_file_is_what_the_pinned_packages_make_of_the_sources(name: str) -> None:
    try:
        build.install_packages()
    except (OSError, subprocess.CalledProcessError) as reason:
        pytest.skip(f"npm brought no packages here ({reason})")
    assert build.build(name) == (build.STATIC / name).read_bytes()


def test_a_style_sheet_is_shortened_and_says_the_same() -> None:
    text = "/* a */\nh2 { margin: 0 0 .6em; outline: 0 }\n.a:focus-visible:not(h2) , b { top: 1px; }"
    assert build.short_css(text) == "h2{margin:0 0 .6em;outline:0}.a:focus-visible:not(h2),b{top:1px}"


def test_a_release_keeps_script_and_module_under_the_names_that_the_snippets_have(tmp_path: Path) -> None:
    kept = build.release(tmp_path / "copies")
    assert [copy.name for copy in kept] == [pinned_embed(name).name for name in PINNED]
    assert [copy.read_bytes() for copy in kept] == [(STATIC / name).read_bytes() for name in PINNED]


def test_a_release_without_changes_keeps_nothing_more_and_changes_no_copy(tmp_path: Path) -> None:
    (first, *_) = build.release(tmp_path)
    first.write_bytes(b"as it was")
    assert build.release(tmp_path) == []
    assert first.read_bytes() == b"as it was"
