""" "Leave now" stands on every page of the audience surface, as a link that reports nothing."""

import re

import pytest
from django.conf import settings

from campaign.serving.page_paths import PAGES
from tests import world

EXIT = re.compile(
    r'<a class="button quiet" href="([^"]*)" *rel="nofollow" referrerpolicy="same-origin" data-exit="([^"]*)">'
)
NOTHING_HERE = {
    "en": "There is nothing to show here right now.",
    "es": "Ahora mismo no hay nada que mostrar aquí.",
    "ar": "لا يوجد ما يُعرض هنا الآن.",
}
pytestmark = pytest.mark.django_db(databases=["default", "audience"])


def exits_of(page: str) -> list[tuple[str, str]]:
    """Where each "Leave now" of the page leads without script, and with it."""
    found: list[tuple[str, str]] = EXIT.findall(page)
    return found


@pytest.mark.parametrize("language", settings.AUDIENCE_LANGUAGES)
def test_every_page_has_it_and_leads_to_the_neutral_site(language: str) -> None:
    world.launched()
    site = world.AudienceSite()
    for path in ("", *PAGES, "unavailable"):
        page = site.get(f"/m/quiet-page/{path}?locale={language}").body.decode()
        assert exits_of(page) == [(settings.EXIT_URL, settings.EXIT_URL)], path


@pytest.mark.parametrize(("language", "said"), NOTHING_HERE.items())
def test_an_address_without_a_placement_has_it_in_the_language_of_the_browser(language: str, said: str) -> None:
    page = world.AudienceSite().get("/m/nowhere/", HTTP_ACCEPT_LANGUAGE=f"xx, {language}-EG;q=0.5, en;q=0.1")
    body = page.body.decode()
    assert (page.status, exits_of(body)) == (404, [(settings.EXIT_URL, settings.EXIT_URL)])
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in body
    assert said in body


NAVIGATION = {"HTTP_SEC_FETCH_MODE": "navigate", "HTTP_SEC_FETCH_SITE": "cross-site"}
SENT_BY_ITSELF = NAVIGATION | {
    "HTTP_SEC_FETCH_SITE": "same-origin",
    "HTTP_REFERER": "https://second.example/m/quiet-page/",
}


@pytest.mark.parametrize("placement", ["quiet-page", "nowhere"])
def test_without_script_it_leads_to_its_own_page_where_the_browser_will_say_so(placement: str) -> None:
    world.launched()
    site, path = world.AudienceSite(), f"/m/{placement}/"
    direct, own = site.get(path).body.decode(), site.get(path, **NAVIGATION).body.decode()
    assert exits_of(own) == [("", settings.EXIT_URL)]
    assert len(own) == len(direct)
    sent = SENT_BY_ITSELF | {"HTTP_REFERER": f"https://second.example{path}?locale=es"}
    blank = site.get(f"{path}?locale=es", **sent)
    assert f'content="0;url={settings.EXIT_URL}"' in blank.body.decode()
    assert "<body" not in blank.body.decode()
    assert blank.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["", *PAGES, "nothing-here"])
def test_the_answer_to_it_counts_nothing_and_is_as_long_as_every_page(path: str) -> None:
    world.launched()
    site = world.AudienceSite()
    sent = SENT_BY_ITSELF | {
        "HTTP_REFERER": f"https://second.example/m/quiet-page/{path}",
        "HTTP_ACCEPT_ENCODING": "gzip",
    }
    blank = site.get(f"/m/quiet-page/{path}", **sent)
    assert site.served.flush() == 0
    assert len(blank.body) == len(site.get("/m/quiet-page/", HTTP_ACCEPT_ENCODING="gzip").body)


@pytest.mark.parametrize(
    "sender", [{"HTTP_REFERER": "https://second.example/campaigns/1/"}, {"HTTP_SEC_FETCH_SITE": "cross-site"}]
)
def test_who_comes_from_another_page_meets_the_message(sender: dict[str, str]) -> None:
    world.launched()
    assert "Leave this page" in world.AudienceSite().get("/m/quiet-page/", **SENT_BY_ITSELF | sender).body.decode()


def test_a_browser_that_hides_where_it_comes_from_is_led_straight_to_the_neutral_site() -> None:
    world.launched()
    hidden = {name: value for name, value in SENT_BY_ITSELF.items() if name != "HTTP_REFERER"}
    page = world.AudienceSite().get("/m/quiet-page/", **hidden).body.decode()
    assert exits_of(page) == [(settings.EXIT_URL, settings.EXIT_URL)]


def test_no_page_counts_it_as_leaving() -> None:
    world.launched()
    page = world.AudienceSite().get("/m/quiet-page/").body.decode()
    assert re.findall(r'value="left *"[^>]*>([^<]+)<', page) == ["Leave this page"]


def test_partners_get_its_words_and_address_with_the_message() -> None:
    world.launched()
    message = world.AudienceSite().decide().json["message"]
    assert message["exit"] == {"label": "Leave now", "href": settings.EXIT_URL}
