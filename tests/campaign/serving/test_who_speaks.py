""" "About this message" names who speaks; addresses and titles tell nothing."""

import re

import pytest
from django.test import override_settings

from campaign.lifecycle.launch_checks import ObstacleReason, launch_obstacles
from campaign.outcomes import PAGE_ADDRESSES
from campaign.placements.revealing_keys import revealing_parts
from tests import world

NO_ORGANISATION = ObstacleReason.NO_ORGANISATION
pytestmark = pytest.mark.django_db(databases=["default", "audience"])


def about(path: str = "about") -> str:
    world.launched()
    return world.AudienceSite().get(f"/m/quiet-page/{path}").body.decode()


@pytest.mark.parametrize("path", ["about", ""])
def test_it_names_the_organisation_and_how_to_reach_it_and_who_runs_the_place(path: str) -> None:
    with override_settings(ORGANISATION="A Foundation", ORGANISATION_CONTACT="hello@foundation.example"):
        page = about(path)
    assert "This message is from A Foundation." in page
    assert 'href="mailto:hello@foundation.example"' in page
    assert "This place is run by Example partner" in page


def test_it_says_how_not_to_be_counted_and_what_is_not_hidden() -> None:
    page = about()
    for words in (
        "Do not count me",
        "This message upset me",
        "If someone manages your device",
        "like the toss of a coin",
    ):
        assert words in page


def test_without_an_organisation_nothing_is_launched() -> None:
    campaign = world.draft()
    with override_settings(ORGANISATION=""):
        assert NO_ORGANISATION in {each.reason for each in launch_obstacles(campaign, now=world.NOON)}
    assert NO_ORGANISATION not in {each.reason for each in launch_obstacles(campaign, now=world.NOON)}


def test_a_page_that_counts_offers_not_to_be_counted_and_another_does_not() -> None:
    world.launched()
    site = world.AudienceSite()
    assert "data-done" in site.get("/m/quiet-page/").body.decode()
    assert "data-done" not in site.get("/m/quiet-page/", HTTP_SEC_GPC="1").body.decode()


@pytest.mark.parametrize("path", ["", *PAGE_ADDRESSES.values(), "nothing-here", "frame"])
def test_titles_reveal_nothing_not_even_which_page_it_was(path: str) -> None:
    (title,) = re.findall("<title>(.*?)</title>", about(path))
    assert title == ("…" if path == "frame" else "One moment")


@pytest.mark.parametrize(
    ("key", "revealing"),
    [("quiet-page", []), ("essex", []), ("nudify-tool", ["nudify"]), ("a-deepfake_b", ["deepfake"])],
)
def test_a_key_that_says_what_it_is_about_is_known(key: str, revealing: list[str]) -> None:
    assert revealing_parts(key) == revealing
