"""Each staff page leads to its chapter of the manual, and no link of a chapter leads nowhere."""

from __future__ import annotations

import re
import tomllib

import pytest
from django.conf import settings
from django.test import Client

from campaign.staff_site import manual
from tests import world

PERMISSIONS = tomllib.loads((settings.BASE_DIR / "campaign" / "permissions.toml").read_text(encoding="utf-8"))
PAGES = [route for route, told in PERMISSIONS["staff"].items() if "GET" in told and "not_a_page" not in told]
OWN = [route for route in PAGES if not route.startswith(("/api/", "/admin/", "/preview/", "/shared/"))]


@pytest.mark.parametrize("route", OWN)
def test_every_page_has_a_chapter_of_its_own_subject(route: str) -> None:
    beginning = max((key for key in manual.CHAPTERS if route.startswith(key)), key=len)
    assert (beginning == "/") == (route == "/"), f"Add a line for {route} to CHAPTERS."


@pytest.mark.parametrize("chapter", sorted(manual.SERVED))
def test_every_link_of_a_chapter_leads_to_a_heading_that_exists(chapter: str) -> None:
    title, body = manual.chapter_html(chapter)
    assert title
    for target, place in re.findall(r'<a href="([^"#]*)(?:#([^"]*))?">', body):
        other = target.removeprefix("/manual/").rstrip("/") or chapter
        assert other in manual.SERVED, target
        if place:
            assert f'id="{place}"' in manual.chapter_html(other)[1], f"{chapter}: {target}#{place}"


@pytest.mark.django_db
def test_a_page_links_to_its_chapter_and_the_chapter_opens() -> None:
    client = Client()
    world.sign_in(client, world.person("mara", "manager"))
    assert 'href="/manual/planning/">Help with this page' in client.get("/campaigns/new/").content.decode()
    assert 'href="/manual/placements/">Help with this page' in client.get("/placements/").content.decode()
    shown = client.get("/manual/planning/").content.decode()
    assert "<h1>Planning a campaign</h1>" in shown
    assert client.get("/manual/nothing/").status_code == 404


def test_html_in_a_file_is_shown_as_text() -> None:
    assert "<script" not in "".join(manual.chapter_html(chapter)[1] for chapter in manual.SERVED)


@pytest.mark.django_db
def test_the_glossary_is_in_the_language_of_its_reader_and_the_other_chapters_in_english() -> None:
    client = Client(headers={"accept-language": "es"})
    world.sign_in(client, world.person("mara", "manager"))
    shown = client.get("/manual/glossary/").content.decode()
    assert '<article class="manual" lang="es"' in shown
    assert "<h1>Glosario</h1>" in shown
    assert "<td>salvaguarda</td>" in shown
    assert "<td>guardrail</td>" not in shown
    assert '<article class="manual" lang="en"' in client.get("/manual/planning/").content.decode()
