"""The public page and a shared link in Arabic, where a campaign has Arabic messages and no word would be missing."""

from __future__ import annotations

import re

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation

from analytics.export import page_without_account
from analytics.export.page_without_account import outside_page_context
from analytics.looks.evaluate import evaluate
from campaign.i18n import whole_pages
from campaign.lifecycle import transitions
from campaign.models import Campaign
from tests import permissions, world
from tests.analytics.public_page.test_plain_reading import RESULTS
from tests.analytics.public_page.test_publication import closed

pytestmark = pytest.mark.django_db
PUBLIC, LINK = "/published/pilot/", f"/shared/{permissions.SHARED_TOKEN}/"
ENGLISH = re.compile(r"[A-Za-z]{3,}(?: [A-Za-z]{2,}){2,}")  # three words in a row


def in_arabic(result: str = "one works") -> Campaign:
    campaign = world.launched(locales=("en", "ar"))
    world.tally(campaign, RESULTS[result])
    evaluate(campaign, now=world.NOON)
    transitions.close(Campaign.objects.get(), by=world.person("mara", "manager"), now=world.NOON)
    permissions.publish_for_everybody(campaign)
    return campaign


def page(path: str, accept: str = "en") -> str:
    response = Client(headers={"accept-language": accept}).get(path)
    assert response.status_code == 200
    return response.content.decode()


def words_of(html: str) -> str:
    """The words of a page without what others wrote: names, hypothesis and messages, and without addresses."""
    for quoted in ("script", "style", "details", "head"):
        html = re.sub(rf"<{quoted}\b.*?</{quoted}>", " ", html, flags=re.DOTALL)
    html = re.sub(r'<footer.*?</footer>|<[^>]*lang="(?:en|es)"[^>]*>[^<]*<', " ", html, flags=re.DOTALL)
    return re.sub(r"<[^>]+>", " ", html)


@pytest.mark.parametrize("result", RESULTS)
@pytest.mark.parametrize("language", ["es", "ar"])
def test_no_string_of_it_is_left_in_english(language: str, result: str) -> None:
    campaign = in_arabic(result)
    analysis = campaign.analyses.get()
    more = {"link": permissions.share_with_a_person(campaign), "token": "x", "is_preview": True}
    for template in ("public_page/public_page.html", "shared_links/results.html"):
        with whole_pages.collect_untranslated(language) as missing:
            render_to_string(f"analytics/{template}", outside_page_context(analysis) | more)
        assert missing == set()


@pytest.mark.parametrize("result", RESULTS)
def test_it_is_offered_and_reads_from_right_to_left(result: str) -> None:
    in_arabic(result)
    assert 'href="?language=ar" lang="ar" hreflang="ar">العربيّة' in page(PUBLIC)
    html = page(f"{PUBLIC}?language=ar")
    assert '<html lang="ar" dir="rtl">' in html
    assert "نتائج تجربة على الرسائل" in html


def test_numbers_and_days_are_written_as_arabic_does() -> None:
    in_arabic()
    html = page(f"{PUBLIC}?language=ar")
    assert "1 مارس، 2026" in html
    assert "تراجع 36" in html
    assert "5,012" in html


def test_a_browser_that_asks_for_arabic_gets_it() -> None:
    in_arabic()
    assert '<html lang="ar" dir="rtl">' in page(PUBLIC, "ar-EG, en;q=0.5")
    assert '<html lang="es"' in page(PUBLIC, "es")


def test_a_campaign_without_arabic_messages_has_no_arabic_page() -> None:
    permissions.publish_for_everybody(closed())
    html = page(f"{PUBLIC}?language=ar", "ar")
    assert '<html lang="en"' in html
    assert 'hreflang="ar"' not in html


def test_a_page_with_a_word_that_is_not_translated_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = in_arabic()
    monkeypatch.setattr(page_without_account, "untranslated", lambda language, render: {"A new sentence."})
    html = page(f"{PUBLIC}?language=ar", "ar")
    assert page_without_account.audience_languages(campaign) == ["ar"]
    assert '<html lang="en"' in html
    assert 'hreflang="ar"' not in html


def test_what_is_not_translated_is_noticed() -> None:
    with whole_pages.collect_untranslated("ar") as missing:
        translation.gettext("What was asked")
        translation.ngettext("No such sentence.", "No such sentences.", 2)
    assert missing == {"No such sentences."}
    assert translation.get_language() == "en"


def test_the_steps_to_a_shared_link_speak_arabic_and_spanish() -> None:
    permissions.share_with_a_person(in_arabic())
    for language in ("ar", "es"):
        for path in (LINK, f"{LINK}code/"):
            html = page(path, language)
            assert f'<html lang="{language}"' in html
            assert language == "es" or ENGLISH.findall(words_of(html)) == []
