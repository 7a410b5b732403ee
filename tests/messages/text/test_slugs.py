"""Keys of messages: unused ones, and those that are the address of another page."""

from __future__ import annotations

from messages.text.slugs import RESERVED_MESSAGE_KEYS, unused_key
from messages.urls import urlpatterns


def test_the_first_segments_of_other_pages_are_reserved() -> None:
    segments = {str(pattern.pattern).partition("/")[0] for pattern in urlpatterns} - {""}
    assert {segment for segment in segments if not segment.startswith("<")} == RESERVED_MESSAGE_KEYS


def test_an_unused_key_is_numbered_from_two() -> None:
    assert unused_key("pause", set()) == "pause"
    assert unused_key("pause", {"pause"}) == "pause-2"
    assert unused_key("pause", {"pause", "pause-2", "pause-4"}) == "pause-3"
