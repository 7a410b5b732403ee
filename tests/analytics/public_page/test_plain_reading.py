"""The public page and a shared link can be read without the habit of reading trials."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from django.test import Client

from messages.text.readability import measure_readability, split_words
from tests import permissions
from tests.analytics.public_page.test_publication import COUNTS, closed
from tests.tiers import proofs_but_each

pytestmark = pytest.mark.django_db
HARDEST_GRADE, HARDEST_EASE = 9.0, 55.0  # a school year; on the INFLESZ scale 55 and more is "normal"
RESULTS = {
    "one works": COUNTS,
    "nothing found": {key: (40_000, 12_000 + 10 * at) for at, key in enumerate(COUNTS)},
    "a backfire": COUNTS | {"both": (4981, 998)},
    "small counts": COUNTS | {"both": (2000, 3)},
}


class _Sentences(HTMLParser):
    """The paragraphs and lists of a page, one a line; messages are another's words, and tables are no sentences."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("p", "li", "div", "table", "script", "footer"):
            self._open.append(tag)
            self.lines += [""] if tag in ("p", "li") else []

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        is_quoted = any(tag in ("div", "table", "script", "footer") for tag in self._open)
        if self._open and not is_quoted:
            self.lines[-1] += data


def sentences_of(page: str) -> str:
    reader = _Sentences()
    reader.feed(page)
    return "\n".join(" ".join(line.split()) for line in reader.lines if line.strip())


@pytest.mark.parametrize("result", proofs_but_each(4, RESULTS))
@pytest.mark.parametrize("language", ["en", "es"])
def test_whole_it_reads_at_grade_9(language: str, result: str) -> None:
    permissions.publish_for_everybody(closed(RESULTS[result]))
    text = sentences_of(Client().get(f"/published/pilot/?language={language}").content.decode())
    assert len(split_words(text)) > 300
    found = measure_readability(text, language)
    assert found is not None
    assert not found.is_harder_than(HARDEST_EASE if found.higher_is_easier else HARDEST_GRADE)
