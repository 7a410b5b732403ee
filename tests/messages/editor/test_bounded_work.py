"""A draft may be as long as a request: each page that meets it does work in proportion."""

from __future__ import annotations

from collections.abc import Callable

import nh3
import pytest
from django.test import Client

from messages.editor.forms import BaselineForm
from messages.editor.save import current_baseline
from messages.models import Draft
from messages.text import rendering, word_diff
from messages.text.rendering import MAX_CHARACTERS, body_html
from tests import world
from tests.campaign.serving.test_bounded_work import steps

pytestmark = pytest.mark.django_db

SHORT, LONG = 3 * MAX_CHARACTERS, 6 * MAX_CHARACTERS
UNITS = (
    "I\u00b4",
    *(pytest.param(unit, marks=pytest.mark.proof) for unit in ("<", "a ", "\n\n", "a.\n", "https://a ")),
)


@pytest.fixture
def mara(client: Client) -> Client:
    world.sign_in(client, world.person("mara", "manager"))
    return client


def fields(text: str) -> dict[str, str]:
    revision = world.approved_revision("victim")
    seen = current_baseline(revision, "en")
    return {**BaselineForm.values(seen), "headline": text, "body": text, "sources": text, "note": text}


@pytest.fixture
def longest_cleaned(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """The length of the longest text that was cleaned, whose steps in Rust nobody counts."""
    lengths, clean = [0], nh3.clean

    def note(html: str, **options: object) -> str:
        lengths.append(len(html))
        return clean(html, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(nh3, "clean", note)
    return lambda: max(lengths)


@pytest.mark.parametrize("unit", UNITS)
def test_a_draft_of_twice_the_length_takes_at_most_twice_the_steps(
    unit: str, mara: Client, longest_cleaned: Callable[[], int]
) -> None:
    address = f"/messages/{world.approved_revision('user').message.key}/edit/en/"
    taken = []
    for length in (SHORT, LONG):
        sent = fields((unit * length)[:length])

        def visit(sent: dict[str, str] = sent) -> None:
            for do in ("keep", "save"):
                assert mara.post(address, sent | {"do": do}).status_code == 200
            draft = Draft.objects.latest("pk").pk
            for page in (address, f"/preview/?draft={draft}", f"/preview/?place=embed&draft={draft}", "/messages/"):
                assert mara.get(page).status_code == 200

        taken.append(steps(visit))
    assert taken[1] < 2.5 * taken[0]
    assert longest_cleaned() <= 5 * MAX_CHARACTERS  # escaped, and in paragraphs


def test_a_preview_of_a_draft_that_is_far_too_long_shows_its_beginning() -> None:
    unit = "I\u00b4"
    assert body_html(unit * 200_000) == f"<p>{unit * (MAX_CHARACTERS // 2)}…</p>"


def test_without_the_bound_all_of_it_would_be_cleaned(
    longest_cleaned: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "MAX_CHARACTERS", 400_000)  # the fault that the tests above would find
    body_html("I\u00b4" * 200_000)
    assert longest_cleaned() > 5 * MAX_CHARACTERS


def test_no_text_that_is_compared_word_by_word_is_longer_than_its_field(
    mara: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_diff, "diff_words", lambda before, after: pytest.fail("compared"))
    sent = fields("I\u00b4" * SHORT) | {"do": "save"}
    address = f"/messages/{world.approved_revision('user').message.key}/edit/en/"
    assert mara.post(address, sent).status_code == 200
