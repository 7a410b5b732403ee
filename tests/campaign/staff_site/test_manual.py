"""Each staff page leads to its chapter of the manual, and no link of a chapter leads nowhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client

from campaign.i18n import chapters
from campaign.staff_site import manual
from tests import world

PERMISSIONS = tomllib.loads((settings.BASE_DIR / "campaign" / "permissions.toml").read_text(encoding="utf-8"))
PAGES = [route for route, told in PERMISSIONS["staff"].items() if "GET" in told and "not_a_page" not in told]
OWN = [route for route in PAGES if not route.startswith(("/api/", "/admin/", "/preview/", "/shared/"))]


@pytest.mark.parametrize("route", OWN)
def test_every_page_has_a_chapter_of_its_own_subject(route: str) -> None:
    beginning = max((key for key in manual.CHAPTERS if route.startswith(key)), key=len)
    assert (beginning == "/") == (route == "/"), f"Add a line for {route} to CHAPTERS."


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("chapter", sorted(manual.SERVED))
def test_every_link_of_a_chapter_leads_to_a_heading_that_exists(chapter: str, language: str) -> None:
    title, body = manual.chapter_html(chapter, language)
    assert title
    for target, place in re.findall(r'<a href="([^"#]*)(?:#([^"]*))?">', body):
        other = target.removeprefix("/manual/").rstrip("/") or chapter
        assert other in manual.SERVED, target
        if place:
            assert f'id="{place}"' in manual.chapter_html(other, language)[1], f"{chapter}: {target}#{place}"


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


@pytest.fixture
def spanish() -> Client:
    client = Client(headers={"accept-language": "es"})
    world.sign_in(client, world.person("mara", "manager"))
    return client


@pytest.mark.django_db
class TestAReaderOfSpanish:
    def test_reads_the_glossary_in_spanish(self, spanish: Client) -> None:
        shown = spanish.get("/manual/glossary/").content.decode()
        assert '<article class="manual" lang="es"' in shown
        assert "<h1>Glosario</h1>" in shown
        assert "<td>salvaguarda</td>" in shown
        assert "<td>guardrail</td>" not in shown

    def test_reads_a_translated_chapter_and_can_read_the_english_one(self, spanish: Client) -> None:
        shown = spanish.get("/manual/planning/").content.decode()
        assert '<article class="manual" lang="es"' in shown
        assert "<h1>Planificar una campaña</h1>" in shown
        assert '<h2 id="how-long-it-takes">Cuánto dura</h2>' in shown, "a link leads to the same part in each language"
        assert 'href="?language=en"' in shown
        english = spanish.get("/manual/planning/?language=en").content.decode()
        assert "<h1>Planning a campaign</h1>" in english
        assert "Leerlo en tu idioma" in english

    def test_is_told_kindly_that_a_chapter_is_in_english(self, spanish: Client) -> None:
        shown = spanish.get("/manual/help-links/").content.decode()
        assert '<article class="manual" lang="en"' in shown
        assert "Este capítulo aún no está traducido" in shown

    def test_is_told_which_parts_changed_in_english_since(
        self, spanish: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert "Puede que estas partes" not in spanish.get("/manual/planning/").content.decode()
        english = chapters.english("planning").replace("If the traffic is too small", "If too few people come")
        monkeypatch.setattr(chapters, "english", lambda chapter: english)
        shown = spanish.get("/manual/planning/").content.decode()
        assert '<ul class="gaps" lang="en"><li>How long it takes</li></ul>' in shown
        assert [lag.partition(":")[0] for lag in chapters.lagging_chapters() if "planning" in lag] == [
            "docs/es/planning.md"
        ]


@pytest.mark.parametrize(
    ("language", "chapter"),
    [(one, chapter) for one in chapters.languages() for chapter in chapters.translated_chapters(one)],
)
def test_a_translation_has_the_headings_and_links_of_the_english_chapter(language: str, chapter: str) -> None:
    """Of each English part that has not changed since: what did change is said to readers."""
    theirs, english = chapters.translation(language, chapter), chapters.english(chapter)
    assert chapter in manual.SERVED
    if not chapters.changed_headings(language, chapter):
        assert [level for level, _ in chapters.headings(theirs)] == [level for level, _ in chapters.headings(english)]
        links = [re.findall(r"\]\(([^)]+)\)", source) for source in (theirs, english)]
        assert [link.removeprefix("../") for link in links[0]] == links[1]


def test_line_breaks_of_a_file_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "es").mkdir()
    (tmp_path / "es" / "one.md").write_text("# Uno\n\nFrase.\n", encoding="utf-8")
    (tmp_path / "one.md").write_text("# One\n\nA sentence\nof words.\n", encoding="utf-8")
    monkeypatch.setattr(chapters, "DOCS", tmp_path)
    assert chapters.changed_headings("es", "one") == ["One"], "nobody said that it was read"
    call_command("translations", chapter="es/one")
    (tmp_path / "one.md").write_text("# One\n\nA sentence of words.\n", encoding="utf-8")
    assert chapters.changed_headings("es", "one") == []
    (tmp_path / "one.md").write_text("# One\n\nA sentence of other words.\n", encoding="utf-8")
    assert chapters.changed_headings("es", "one") == ["One"]
    with pytest.raises(CommandError):
        call_command("translations", chapter="es/two")
