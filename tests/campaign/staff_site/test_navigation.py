"""The navigation shows the pages that a role may open, and only existing routes."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils.translation import gettext_lazy as _

from campaign.staff_site import navigation
from campaign.staff_site.navigation import NavigationItem
from tests import world


def named(client: Client, address: str = "/") -> list[str]:
    return [str(entry.name) for entry in client.get(address).context["places"]]


@pytest.mark.parametrize(("role", "sees_record"), [("analyst", False), ("reviewer", False), ("manager", True)])
def test_the_record_is_shown_to_managers_alone(client: Client, db: None, role: str, sees_record: bool) -> None:
    world.sign_in(client, world.person("someone", role))
    assert ("Audit" in named(client)) is sees_record


def test_an_administrator_sees_every_place(client: Client, db: None) -> None:
    world.sign_in(client, world.person("otto", "administrator"))
    assert named(client) == [str(place.name) for place in navigation.NAVIGATION_ITEMS]


def test_a_partner_contact_sees_no_way_that_is_closed(client: Client, db: None) -> None:
    world.sign_in(client, world.person("pat", "partner contact"))
    assert named(client, "/account/") == ["Placements"]


def test_a_page_that_this_installation_lacks_is_not_shown(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sign_in(client, world.person("ana", "analyst"))
    monkeypatch.setattr(
        navigation, "NAVIGATION_ITEMS", (*navigation.NAVIGATION_ITEMS, NavigationItem(_("Elsewhere"), "no-such-page"))
    )
    assert "Elsewhere" not in named(client)


def test_the_current_page_and_the_part_it_belongs_to_are_marked(client: Client, db: None) -> None:
    world.draft()
    world.sign_in(client, world.person("ana", "analyst"))
    marked = {entry.current for entry in client.get("/").context["places"] if entry.url == "/"}
    below = {entry.current for entry in client.get("/campaigns/pilot/").context["places"] if entry.url == "/"}
    assert (marked, below) == ({"page"}, {"true"})


@pytest.mark.django_db
def test_a_stranger_sees_no_way_that_is_closed(client: Client) -> None:
    assert named(client, "/sign-in/") == []
