"""Visitors are answered in a language of theirs that the campaign speaks, and stay in it."""

import re

import pytest

from analytics.fold.fold import fold
from analytics.models import OpenView, Tally
from campaign.serving.page_paths import page_path
from tests import world

pytestmark = pytest.mark.django_db(databases=["default", "audience"])


def language_of(page: bytes) -> str:
    found = re.search(rb'<html lang="([\w-]+)"', page)
    assert found
    return found[1].decode()


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("fr-FR, fr;q=0.9, ar;q=0.2, es;q=0.5", "es"),
        ("de, pt-PT;q=0.1", "pt-br"),
        ("zh-TW", "en"),  # in simplified script alone
        ("zh", "zh-hans"),
        ("es_MX", "es"),
    ],
)
def test_the_whole_list_of_the_browser_counts(accepted: str, language: str) -> None:
    world.launched(locales=("en", "es", "pt-br", "zh-hans"))
    page = world.AudienceSite().get("/m/quiet-page/", HTTP_ACCEPT_LANGUAGE=accepted)
    assert language_of(page.body) == language


def test_what_the_address_asks_for_goes_first() -> None:
    world.launched(locales=("en", "es", "ar"))
    site = world.AudienceSite()
    assert language_of(site.get("/m/quiet-page/?locale=es-MX", HTTP_ACCEPT_LANGUAGE="ar").body) == "es"
    assert language_of(site.get("/m/quiet-page/?locale=fr", HTTP_ACCEPT_LANGUAGE="ar").body) == "ar"


def test_a_partners_server_may_send_the_list_of_its_visitor() -> None:
    world.launched(locales=("en", "pt-br"))
    assert world.AudienceSite().decide(locale="fr;q=0.2, pt-BR;q=0.9").json["message"]["locale"] == "pt-br"


def test_a_language_with_script_and_region_is_kept_until_it_is_counted() -> None:
    world.launched(locales=("en", "zh-hant-tw"))
    site = world.AudienceSite()
    answer = site.decide(locale="zh-Hant-TW").json
    assert answer["message"]["locale"] == "zh-hant-tw"
    site.post("/api/v1/events", {"receipt": answer["receipt"], "outcome": "exposed"})
    assert OpenView.objects.get().locale == "zh-hant-tw"
    fold(hour=site.hour + 4)
    assert set(Tally.objects.values_list("locale", flat=True)) == {"zh-hant-tw"}


def test_the_pages_behind_an_english_message_are_english_whatever_the_browser_asks_for() -> None:
    world.launched()
    site = world.AudienceSite()
    page = site.get("/m/quiet-page/", HTTP_ACCEPT_LANGUAGE="es").body.decode()
    action = re.search(r'action="([^"]+)"', page)
    assert action
    left = site.request("POST", action[1], b"outcome=left", HTTP_ACCEPT_LANGUAGE="es").headers["Location"]
    assert left == page_path("quiet-page", "left", "en")
    assert language_of(site.get(left, HTTP_ACCEPT_LANGUAGE="es").body) == "en"
