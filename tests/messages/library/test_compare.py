"""The page that compares two revisions."""

from __future__ import annotations

import pytest
from django.test import Client

from messages.editor import save
from messages.editor.save import Claims, EditedText
from messages.models import Revision
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(db: None) -> Revision:
    first = world.approved_revision("victim", locales=("en", "ar"))
    words = EditedText("A victim title", "First.\n\nSecond.", Claims("linked", ("A study, 2020",)))
    seen = save.current_baseline(first, "en")
    return save.save(first.message, "en", words, baseline=seen, by=world.person("mara")).revision


def page(a: int, b: int, *, status: int = 200) -> str:
    client = Client()
    world.sign_in(client, world.person("ana", "analyst"))
    response = client.get(f"/messages/victim-0/compare/{a}/{b}/")
    assert response.status_code == status
    return " ".join(response.content.decode().split())


def test_what_changed_is_marked_in_words_too(second: Revision) -> None:
    html = page(1, 2)
    assert '<del><span class="unseen">removed: </span>headline<span class="unseen"> end</span></del>' in html
    assert '<ins><span class="unseen">added: </span>title<span class="unseen"> end</span></ins>' in html
    assert "1 word removed, 1 added." in html


def test_it_can_be_read_the_other_way_round(second: Revision) -> None:
    assert '<ins><span class="unseen">added: </span>headline' in page(2, 1)


def test_each_language_runs_in_its_own_direction_and_says_that_it_is_the_same(second: Revision) -> None:
    html = page(1, 2)
    assert '<div class="diff" lang="ar" dir="rtl">' in html
    assert "The text is the same in both." in html


def test_what_the_words_rest_on_is_compared(second: Revision) -> None:
    html = page(1, 2)
    assert "added: </span>Linked in studies</ins>" in html
    assert "added: </span>A study, 2020</ins>" in html


def test_a_language_that_only_one_has_says_so(second: Revision) -> None:
    words = EditedText("Un titular", "Palabras.", save.claims_of(second))
    seen = save.current_baseline(second, "es")
    save.save(second.message, "es", words, baseline=seen, by=world.person("mara"))
    assert "Only version 2 has this language." in page(1, 2)


def test_a_revision_is_like_itself(second: Revision) -> None:
    assert "There are no differences." in page(2, 2)


@pytest.mark.parametrize("pair", [(1, 9), (9, 1)])
def test_a_revision_that_is_not_there_is_not_found(second: Revision, pair: tuple[int, int]) -> None:
    page(*pair, status=404)
