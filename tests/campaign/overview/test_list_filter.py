"""The list of campaigns: found by words, narrowed by state, ordered."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from campaign.lifecycle import transitions
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client) -> Client:
    mara = world.person("mara", "manager")
    for slug, name in (("old-draft", "Schools week"), ("running", "Spring"), ("over", "Autumn in schools")):
        draft = world.draft(slug, at=world.placement(f"{slug}-page"))
        draft.name = name
        draft.save()
        if slug != "old-draft":
            transitions.submit(draft, by=mara)
            world.approve(draft)
            transitions.launch(draft, by=mara, now=world.NOON)
    transitions.close(draft, by=mara, now=world.NOON)
    world.sign_in(client, world.person("ana", "analyst"))
    return client


def listed(desk: Client, query: str = "") -> list[str]:
    return re.findall(r'<h2><a href="/campaigns/([\w-]+)/">', desk.get(f"/{query}").content.decode())


def test_running_ones_stand_first_and_those_that_are_over_last(desk: Client) -> None:
    assert listed(desk) == ["running", "old-draft", "over"]


def test_another_order_can_be_chosen(desk: Client) -> None:
    assert listed(desk, "?order=newest") == ["over", "running", "old-draft"]
    assert listed(desk, "?order=name") == ["over", "old-draft", "running"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=schools", ["old-draft", "over"]),
        ("?q=week+SCHOOLS", ["old-draft"]),
        ("?state=open", ["running"]),
        ("?state=planned", ["old-draft"]),
        ("?state=closed&q=autumn", ["over"]),
        ("?state=nonsense&order=nonsense", ["running", "old-draft", "over"]),
    ],
)
def test_it_is_narrowed_by_words_and_by_state(desk: Client, query: str, found: list[str]) -> None:
    assert listed(desk, query) == found


def test_nothing_found_is_said(desk: Client) -> None:
    page = desk.get("/?q=unknown").content.decode()
    assert "No campaign matches" in page
    assert "No campaigns yet" not in page


def test_the_next_page_is_one_of_the_same_list(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.overview.views.PER_PAGE", 1)
    page = desk.get("/?q=schools&order=name").content.decode()
    assert 'href="?q=schools&amp;order=name&amp;page=2">Older' in page
    assert listed(desk, "?q=schools&order=name&page=2") == ["old-draft"]
