"""Each door is walked as each of seven people, in each country and language of the starter set."""

import json
import re
from dataclasses import dataclass
from html import unescape

import pytest
from django.conf import settings
from django.utils import translation

from campaign.outcomes import PAGE_ADDRESSES
from messages.help_links.doors import EVERYWHERE
from messages.i18n.countries import choices
from messages.i18n.languages import language_name
from messages.models import HelpLink
from tests import world

pytestmark = pytest.mark.django_db(databases=["default", "audience"])

DIRECTORY = json.loads((settings.BASE_DIR / "messages" / "library" / "helplinks.json").read_text(encoding="utf-8"))
COUNTRIES = sorted({link["country"] for link in DIRECTORY} - {EVERYWHERE})
WITHOUT_SERVICE = ["DE", "EG"]
HOMES = [*([country] for country in (*COUNTRIES, *WITHOUT_SERVICE)), ["ES", "GB"], ["DE", "US"]]
STEPS = ("Stop.", "Do not send it", "Delete it", "take it down", "Talk to someone you trust")


@dataclass(frozen=True)
class Person:
    """Somebody at a door: what they press there, and the starter links made for them, by hand."""

    door: str
    says: str
    fits: frozenset[str]


TAKE_IT_DOWN = {"take-it-down", "take-it-down-es", "take-it-down-ar"}
FOR_A_CHILD = {"take-it-down-for-a-child", "take-it-down-for-a-child-es", "take-it-down-for-a-child-ar"}
FOR_A_CHILD |= {"anar-families", "incibe-017", "stop-it-now-us-for-a-child", "esafety-for-a-child"}
CRISIS = {"find-a-helpline"}
PEOPLE = {
    "an adult who makes fakes of adults": Person("self", "I am 18 or older", frozenset()),
    "a teenager who made one": Person("self", "I am under 18", frozenset({"whatsok", "shore", "anar"})),
    "an adult depicted": Person(
        "affected",
        "I am 18 or older",
        frozenset({"stopncii", "revenge-porn-helpline", "ccri", "esafety", "aepd-priority-channel"}),
    ),
    "someone under 18 depicted": Person(
        "affected",
        "I am under 18, or was then",
        frozenset({*TAKE_IT_DOWN, "report-remove", "ccri", "esafety", "aepd-priority-channel"}),
    ),
    "a parent": Person("worried", "I am a parent or carer", frozenset({*FOR_A_CHILD, "parents-protect"})),
    "a teacher": Person("worried", "I work with young people", frozenset({*FOR_A_CHILD, "professionals-helpline"})),
}


def first_services(page: str, label: str) -> list[str]:
    """The addresses in the part of a door that somebody opens, in the order in which they are shown."""
    for summary, services in re.findall(r"<summary>(.*?)</summary>(.*?)</details>", page, re.DOTALL):
        if label in unescape(summary).split(" · "):
            return re.findall(r'<a href="(https:[^"]+)"', services)
    raise AssertionError(f"nobody finds “{label}” behind this door")


def published(countries: list[str]) -> world.AudienceSite:
    """A site whose starter links are all checked, and whose visitors live there."""
    world.load_starter_library()
    world.check_help_links(today=world.NOON.date())
    world.launched()
    world.change_places(countries=countries)
    return world.AudienceSite()


def door_page(site: world.AudienceSite, door: str, language: str) -> str:
    return site.get(f"/m/quiet-page/help/{door}", QUERY_STRING=f"locale={language}").body.decode()


def section(site: world.AudienceSite, door: str) -> str:
    page = site.get("/m/quiet-page/").body.decode()
    (found,) = re.findall(rf'<section class="more" id="{PAGE_ADDRESSES[f"help/{door}"]}".*?</section>', page, re.DOTALL)
    return str(found)


def test_no_service_is_entered_for_some_of_these_countries() -> None:
    assert not set(WITHOUT_SERVICE) & set(COUNTRIES)


@pytest.mark.parametrize("countries", HOMES, ids=" ".join)
def test_each_of_seven_people_first_meets_a_service_made_for_them(countries: list[str]) -> None:
    site = published(countries)
    links = {link.key: link for link in HelpLink.objects.all()}
    for name, person in PEOPLE.items():
        made_for = {links[key].url for key in person.fits if links[key].country in (*countries, EVERYWHERE)}
        for language in settings.AUDIENCE_LANGUAGES:
            with translation.override(language):
                label = translation.gettext(person.says)
            shown = first_services(door_page(site, person.door, language), label)
            assert set(shown[:1]) <= made_for, (name, language)
            assert bool(shown) == bool(made_for), (name, language)
        assert (
            first_services(section(site, person.door), person.says)[:1]
            == first_services(door_page(site, person.door, "en"), person.says)[:1]
        )


@pytest.mark.parametrize("countries", HOMES, ids=" ".join)
@pytest.mark.parametrize("door", ["self", "affected", "worried"])
def test_somebody_in_crisis_first_meets_a_crisis_line(countries: list[str], door: str) -> None:
    site = published(countries)
    lines = set(HelpLink.objects.filter(key__in=CRISIS).values_list("url", flat=True))
    for language in settings.AUDIENCE_LANGUAGES:
        page = door_page(site, door, language).split("<main>")[1]
        assert re.findall(r'href="(https:[^"]+)"', page)[0] in lines
    assert re.findall(r'href="(https:[^"]+)"', section(site, door))[0] in lines
    message = site.get("/m/quiet-page/").body.decode()
    doors = message.split('<div class="doors">')[1]
    assert re.findall(r'href="([^"]+)"', doors)[0] == f"#{PAGE_ADDRESSES['help/crisis']}"
    assert re.findall(r'href="(https:[^"]+)"', section(site, "crisis"))[0] in lines


def test_an_adult_who_made_one_reads_steps_before_any_service_and_nothing_about_children() -> None:
    page = section(published(["GB"]), "self")
    steps, rest = page.split("</ol>")
    assert all(step in steps for step in STEPS)
    assert first_services(rest, "I am 18 or older") == []
    assert "We do not know of a service made for this." in rest
    assert "towards children" not in rest.split("I am 18 or older</summary>")[1].split("</details>")[0]


def test_where_nobody_knows_the_country_what_serves_everywhere_comes_first() -> None:
    site = published([])
    shown = first_services(section(site, "affected"), "I am 18 or older")
    assert shown[0] == "https://stopncii.org/"
    assert "https://revengepornhelpline.org.uk/" in shown
    assert "In one country:" in section(site, "affected")


def test_a_service_in_another_language_says_so() -> None:
    site = published(["ES"])
    page = door_page(site, "affected", "en")
    assert re.search(r"Canal prioritario</a>.*?<b>In Spanish</b>", page, re.DOTALL)
    with translation.override("es"):
        english = language_name("en")
    assert re.search(rf"StopNCII\.org</a>.*?<b>[^<]*{english}</b>", door_page(site, "affected", "es"), re.DOTALL)


@pytest.mark.parametrize(("language", "spain"), [("en", "Spain"), ("es", "España"), ("ar", "إسبانيا")])
def test_a_country_is_named_in_the_language_of_the_page(language: str, spain: str) -> None:
    assert re.search(rf"Canal prioritario</a> \({spain}[,،)]", door_page(published([]), "affected", language))


def test_what_stands_in_brackets_behind_a_service_is_one_remark() -> None:
    site = published([])
    remarks = {"en": "Spain, in Spanish", "es": "Reino Unido, en inglés", "ar": "إسبانيا، باللغة الإسبانيّة"}
    for language, remark in remarks.items():
        for door in ("self", "affected", "worried"):
            page = door_page(site, door, language).split("<main>")[1]
            assert f"({remark})" in page
            assert not re.search(r"\)\s*[()]", page)


@pytest.mark.parametrize("language", ["en", "es", "ar"])
def test_the_name_of_a_country_has_no_brackets(language: str) -> None:
    with translation.override(language):
        assert not [name for _, name in choices() if "(" in name]


def test_the_crisis_lines_have_a_page_of_their_own_in_each_language() -> None:
    site = published(["ES"])
    for language in settings.AUDIENCE_LANGUAGES:
        page = door_page(site, "crisis", language)
        assert "https://findahelpline.com" in page
        assert f'lang="{language}"' in page


def test_a_service_that_speaks_the_visitors_language_takes_the_place_of_its_other_pages() -> None:
    page = door_page(published(["GB"]), "affected", "ar")
    assert "https://takeitdown.ncmec.org/ar/" in page
    assert 'href="https://takeitdown.ncmec.org/"' not in page


def test_links_of_other_countries_are_not_shown_where_the_visitors_country_is_known() -> None:
    page = door_page(published(["AU"]), "affected", "en")
    assert "esafety.gov.au" in page
    assert "revengepornhelpline" not in page


def test_what_each_person_opens_behind_a_door_is_reported_to_nobody() -> None:
    page = section(published(["GB"]), "self")
    assert "data-outcome" not in page
    assert "/m/" not in page
