"""A visitor chooses another of the campaign's languages, without script too, and stays in one view."""

from __future__ import annotations

import re

import pytest

from campaign.models import Campaign
from campaign.serving.page_paths import page_path
from campaign.serving.preview_links import preview_url
from tests import world

pytestmark = pytest.mark.django_db(databases=["default", "audience"])
LANGUAGES = ("en", "es", "ar")


def choices(page: bytes) -> list[str]:
    return re.findall(r'name="locale" value="([^"]+)"', page.decode())


def receipt_of(page: bytes) -> str:
    found = re.search(r'name="receipt" value="([^"]*)"', page.decode())
    assert found
    return found[1]


def language_of(page: bytes) -> str:
    found = re.search(r'<html lang="([^"]+)"', page.decode())
    assert found
    return found[1]


@pytest.fixture
def campaign() -> Campaign:
    return world.launched(locales=LANGUAGES, texts=2)


def test_the_page_offers_the_other_languages_of_the_campaign_by_their_own_names(campaign: Campaign) -> None:
    page = world.AudienceSite().get("/m/quiet-page/?locale=es").body
    assert choices(page) == ["en", "ar"]
    assert 'lang="ar" dir="rtl">العربيّة</button>' in page.decode()


def test_a_campaign_of_one_language_offers_none() -> None:
    world.launched()
    assert choices(world.AudienceSite().get("/m/quiet-page/").body) == []


@pytest.mark.parametrize("attempt", range(4))
def test_another_language_is_the_same_view_of_the_same_text(campaign: Campaign, attempt: int) -> None:
    site = world.AudienceSite()
    first = site.get("/m/quiet-page/").body
    receipt = receipt_of(first)
    view = site.read_receipt(receipt)
    spanish = site.press("/m/quiet-page/?locale=en", receipt=receipt, locale="es")
    assert (spanish.status, language_of(spanish.body), receipt_of(spanish.body)) == (200, "es", receipt)
    text = campaign.arms.get(pk=view.arm).texts.get(position=view.text)
    assert f"<h1>{text.revision.renditions.get(locale='es').headline}</h1>" in spanish.body.decode()
    assert choices(spanish.body) == ["en", "ar"]
    site.press("/m/quiet-page/?locale=es", receipt=receipt, outcome="left")
    site.press("/m/quiet-page/?locale=en", receipt=receipt, outcome="left")
    assert world.open_views() == 1
    assert sum(world.served_counts(campaign, site).values()) == 1


def test_the_pages_behind_it_are_in_the_chosen_language(campaign: Campaign) -> None:
    site = world.AudienceSite()
    receipt = receipt_of(site.get("/m/quiet-page/").body)
    arabic = site.press("/m/quiet-page/?locale=en", receipt=receipt, locale="ar").body.decode()
    action = re.search(r'action="([^"]+)"', arabic)
    assert action
    left = site.press(action[1], receipt=receipt, outcome="left").headers["Location"]
    assert language_of(site.get(left).body) == "ar"


def test_without_a_receipt_the_page_is_drawn_anew_in_that_language(campaign: Campaign) -> None:
    site = world.AudienceSite()
    reply = site.press("/m/quiet-page/", receipt="", locale="ar")
    assert (reply.status, reply.headers["Location"]) == (303, "/m/quiet-page/?locale=ar")
    site.now += 3 * 3600
    old = site.press("/m/quiet-page/", receipt=receipt_of(site.get("/m/quiet-page/").body)[:-2] + "xx", locale="ar")
    assert old.status == 303


def test_who_opts_out_meanwhile_is_shown_a_page_that_counts_nothing(campaign: Campaign) -> None:
    site = world.AudienceSite()
    body = f"receipt={receipt_of(site.get('/m/quiet-page/').body)}&locale=es".encode()
    page = site.request("POST", "/m/quiet-page/", body, HTTP_SEC_GPC="1").body
    assert (language_of(page), receipt_of(page)) == ("es", "")


def test_a_language_that_the_campaign_does_not_speak_is_no_choice(campaign: Campaign) -> None:
    site = world.AudienceSite()
    receipt = receipt_of(site.get("/m/quiet-page/").body)
    pressed = site.press("/m/quiet-page/", receipt=receipt, locale="fr")
    assert pressed.headers["Location"] == page_path("quiet-page", "thanks", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_of_one_language_keep_one_length_with_the_choice(campaign: Campaign, language: str) -> None:
    site = world.AudienceSite()
    replies = [site.get(f"/m/quiet-page/{page}?locale={language}") for page in ("", "", "left", "about", "help/self")]
    receipt = receipt_of(replies[0].body)
    replies.append(site.press("/m/quiet-page/", receipt=receipt, locale=language))
    assert len({len(reply.body) for reply in replies}) == 1


def test_a_preview_of_staff_offers_no_choice(campaign: Campaign) -> None:
    site, placement = world.AudienceSite(), campaign.placements.get()
    link = preview_url(placement, campaign.arms.all()[0], by=world.person("mara"), now=world.NOON)
    page = site.get(link).body
    assert b"data-preview" in page
    assert choices(page) == []
