""" "Leave now" stands on every page of the audience surface, as a link that reports nothing."""

import re

import pytest
from django.conf import settings

from campaign.serving.page_paths import PAGES
from tests import world

pytestmark = pytest.mark.django_db(databases=["default", "audience"])


@pytest.mark.parametrize("language", settings.AUDIENCE_LANGUAGES)
def test_every_page_has_it_and_leads_to_the_neutral_site(language: str) -> None:
    world.launched()
    site = world.AudienceSite()
    for path in ("", *PAGES, "unavailable"):
        page = site.get(f"/m/quiet-page/{path}?locale={language}").body.decode()
        exits = re.findall(r'<a class="button quiet" href="([^"]+)" rel="noreferrer nofollow" data-exit>', page)
        assert exits == [settings.EXIT_URL], path


def test_a_placement_that_does_not_exist_has_it_too() -> None:
    page = world.AudienceSite().get("/m/nowhere/")
    assert (page.status, settings.EXIT_URL in page.body.decode()) == (404, True)


def test_no_page_counts_it_as_leaving() -> None:
    world.launched()
    page = world.AudienceSite().get("/m/quiet-page/").body.decode()
    assert re.findall(r'value="left *"[^>]*>([^<]+)<', page) == ["Leave this page"]


def test_partners_get_its_words_and_address_with_the_message() -> None:
    world.launched()
    message = world.AudienceSite().decide().json["message"]
    assert message["exit"] == {"label": "Leave now", "href": settings.EXIT_URL}
