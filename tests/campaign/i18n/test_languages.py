"""Every page is translated into all of its languages: no marked string lacks a translation, none is unmarked."""

from __future__ import annotations

import ast
import re
from gettext import GNUTranslations
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.utils import translation
from django.utils.html import escape
from pytest_django import Settings

from analytics import wording
from analytics.looks.evaluate import evaluate
from campaign.i18n import catalogs
from campaign.i18n.catalogs import ExtractedString
from campaign.outcomes import OUTCOMES
from campaign.serving import hosted_pages
from campaign.serving.page_paths import page_path
from messages.audit_pages.wording import describe_action
from messages.i18n import countries, languages
from messages.models import Rendition
from messages.text.rendering import render_rendition
from tests import arabic, world

TEMPLATES = Path(settings.BASE_DIR) / "templates"
# Names and symbols that are the same in every language.
SAME = {"Second Thought", "p", "API", "UTC", "/api/schema/"}
FOR_MACHINES = {"c", "e", "H:i:s", "Y-m-d"}
_NOT_TEXT = re.compile(
    r"\{%\s*comment.*?endcomment\s*%\}|\{%\s*blocktrans.*?endblocktrans(?:late)?\s*%\}|\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}",
    re.S,
)
_TEXT_ATTRIBUTES = ("aria-label", "title", "placeholder", "alt", "data-thanks", "data-failed")


class _VisibleText(HTMLParser):
    """The text of a template that a page shows or a screen reader reads."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._skipped: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("code", "script", "style", "svg"):
            self._skipped.append(tag)
        self._add(*(value or "" for name, value in attrs if name in _TEXT_ATTRIBUTES))

    def handle_endtag(self, tag: str) -> None:
        if self._skipped and self._skipped[-1] == tag:
            self._skipped.pop()

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self._add(data)

    def _add(self, *texts: str) -> None:
        self.texts += [text.strip(" ·:,.()\n“”/–") for text in texts if re.search(r"[^\W\d_]", text)]


def unmarked(template: str) -> list[str]:
    """Return the words of a template that are not marked for translation."""
    page = _VisibleText()
    page.feed(_NOT_TEXT.sub(" ", template))
    return [text for text in page.texts if text not in SAME]


def own_dates(template: str) -> list[str]:
    """Return date formats that are not localised, except formats for machines and bare hours."""
    found = re.findall(r"\|date:[\"']([^\"']+)", template)
    return [one for one in found if not one.endswith("_FORMAT") and one not in FOR_MACHINES]


def _templates() -> list[str]:
    return sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))


@pytest.mark.slow
def test_every_marked_word_is_translated_into_every_language_that_its_page_speaks() -> None:
    assert [str(problem) for problem in catalogs.problems()] == []


def test_staff_pages_are_translated_into_spanish_and_audience_pages_into_arabic_too() -> None:
    assert "es" in catalogs.STAFF_TRANSLATIONS
    assert {"es", "ar"} <= set(catalogs.AUDIENCE_TRANSLATIONS)


def test_the_page_about_languages_names_each_that_the_pages_speak() -> None:
    page = (settings.BASE_DIR / "docs" / "languages.md").read_text("utf-8").partition("\n## ")[0]
    names = [translation.get_language_info(code)["name"] for code in catalogs.translated_languages()]
    assert [name for name in names if name not in page] == []


def test_a_partial_language_is_one_that_the_pages_speak() -> None:
    assert set(settings.PARTIAL_LANGUAGES) <= set(catalogs.translated_languages())


@pytest.mark.parametrize("name", _templates())
def test_no_template_holds_words_that_are_not_marked(name: str) -> None:
    found = unmarked((TEMPLATES / name).read_text(encoding="utf-8"))
    assert found == []


@pytest.mark.parametrize("name", _templates())
def test_every_date_is_written_as_the_language_of_the_page_writes_it(name: str) -> None:
    assert own_dates((TEMPLATES / name).read_text(encoding="utf-8")) == []


class TestAFaultIsFound:
    @pytest.mark.parametrize(
        ("string", "flags", "fault"),
        [
            ("", [], "not translated"),
            ("el %(day)s", ["fuzzy"], "unsure (fuzzy)"),
            ("el %(dia)s", [], "other gaps than in English"),
            ("el día", [], "other gaps than in English"),
            ("el %(day)s", [], ""),
        ],
    )
    def test_in_one_sentence(self, string: str, flags: list[str], fault: str) -> None:
        told = catalogs.translation_fault(
            Message("on %(day)s", string, flags=flags), ExtractedString("on %(day)s", None, "a.html"), 2
        )
        assert told == fault

    @pytest.mark.parametrize(
        ("strings", "fault"),
        [
            (("una persona", "%(number)s personas"), ""),
            (("una persona", ""), "not translated"),
            (("%(number)s persona", "personas"), "other gaps than in English"),
        ],
    )
    def test_in_a_plural(self, strings: tuple[str, str], fault: str) -> None:
        english = ("%(number)s person", "%(number)s people")
        assert catalogs.translation_fault(Message(english, strings), ExtractedString(english, None, "a.py"), 2) == fault

    def test_in_a_sentence_that_no_catalogue_has(self) -> None:
        assert catalogs.translation_fault(None, ExtractedString("Hello.", None, "a.html"), 2) == "not in the catalogue"

    def test_in_words_for_visitors_that_arabic_lacks(self) -> None:
        for_visitors, for_staff = (
            ExtractedString("Help", None, "templates/campaign/serving/x.html"),
            ExtractedString("Plan", None, "analytics/x.py"),
        )
        assert [catalogs.is_needed("ar", one) for one in (for_visitors, for_staff)] == [True, False]
        assert [catalogs.is_needed("es", one) for one in (for_visitors, for_staff)] == [True, True]

    @pytest.mark.proof
    def test_in_the_words_of_an_outcome_that_a_message_offers(self) -> None:
        """They are translated for visitors too, although the catalogue of outcomes is no audience page."""
        needed = {one.key[0] for one in catalogs.extract_strings() if catalogs.is_needed("ar", one)}
        assert {words for outcome in OUTCOMES.values() for words in outcome.audience_words()} <= needed
        assert "Pressed leave" not in needed

    @pytest.mark.parametrize(
        "template",
        [
            "<p>Hello.</p>",
            '<button aria-label="Close">{% translate "x" %}</button>',
            "<p>{% translate 'x' %} and more</p>",
            '{% blocktranslate count n=all %}{{ n }} row{% plural %}{{ n }} rows{% endblocktranslate %}<b title="Sum">',
        ],
    )
    def test_in_a_template(self, template: str) -> None:
        assert unmarked(template)

    def test_in_a_date(self) -> None:
        assert own_dates('{{ day|date:"j F Y" }} {{ day|date:"DATE_FORMAT" }} {{ day|date:"c" }}') == ["j F Y"]


class TestAPartialLanguage:
    """A language that is declared partial: English, but for a translated sentence."""

    @pytest.fixture
    def french(self, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
        monkeypatch.setattr(catalogs, "translated_languages", lambda: ["fr"])
        monkeypatch.setattr(catalogs, "STAFF_TRANSLATIONS", ("fr",))
        monkeypatch.setattr(catalogs, "LOCALE_DIRECTORY", tmp_path)
        monkeypatch.setattr(
            catalogs,
            "extract_strings",
            lambda: [ExtractedString(text, None, "a.html") for text in ("Yes", "No", "%(n)s", "Help")],
        )
        catalog = Catalog("fr")
        catalog.add("Yes", "Oui")
        (folder := tmp_path / "fr" / "LC_MESSAGES").mkdir(parents=True)
        (folder / "django.po").write_bytes(b"")
        monkeypatch.setattr(catalogs, "read_catalog", lambda language: catalog)
        (folder / "django.mo").write_bytes(catalogs.compile_catalog(catalog))
        return "fr"

    def test_may_lack_texts_and_the_command_says_how_many(self, french: str, settings: Settings) -> None:
        assert [problem.kind for problem in catalogs.problems()] == ["not in the catalogue"] * 3
        assert catalogs.missing_shares() == {}
        settings.PARTIAL_LANGUAGES = [french]
        assert catalogs.problems() == []
        assert catalogs.missing_shares() == {"fr": 0.75}
        output = StringIO()
        call_command("translations", check=True, stdout=output)
        assert "fr: partly translated, 75% of its strings are shown in English." in output.getvalue()

    def test_may_not_have_wrong_placeholders(self, french: str, settings: Settings) -> None:
        settings.PARTIAL_LANGUAGES = [french]
        catalogs.read_catalog(french).add("%(n)s", "%(m)s")
        assert "other gaps than in English" in [problem.kind for problem in catalogs.problems()]

    def test_falls_back_to_english(self, french: str, tmp_path: Path) -> None:
        with (tmp_path / "fr" / "LC_MESSAGES" / "django.mo").open("rb") as stream:
            compiled = GNUTranslations(stream)
        assert (compiled.gettext("Yes"), compiled.gettext("No")) == ("Oui", "No")

    def test_says_so_on_staff_pages_alone(self, analyst: Client, settings: Settings) -> None:
        note = "Este idioma está traducido en parte."
        assert note not in analyst.get("/", headers={"accept-language": "es"}).text
        settings.PARTIAL_LANGUAGES = ["es"]
        assert note in analyst.get("/", headers={"accept-language": "es"}).text
        assert "partly translated" not in analyst.get("/", headers={"accept-language": "en"}).text


class TestTheCatalogues:
    @pytest.mark.slow
    @pytest.mark.proof
    def test_gather_words_from_templates_code_and_tables(self) -> None:
        found = {one.key[0]: one.file for one in catalogs.extract_strings() if one.context is None}
        assert found["Page not found"] == "templates/404.html"
        assert found["the neutral text"] == "analytics/wording/comparisons.py"
        assert found["turned back"] == "campaign/outcomes.py"
        assert found["The control arm is empty."].startswith("analytics/stats/")

    def test_are_compiled_once_they_are_updated_even_if_a_plural_is_not_translated(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        words = ExtractedString(("%(n)s day", "%(n)s days"), None, "a.html")
        monkeypatch.setattr(catalogs, "translated_languages", lambda: ["es"])
        monkeypatch.setattr(catalogs, "LOCALE_DIRECTORY", tmp_path)
        monkeypatch.setattr(catalogs, "extract_strings", lambda: [words])
        catalogs.update()
        assert [problem.kind for problem in catalogs.problems()] == ["not translated"]

    def test_know_the_gaps_of_both_ways_of_writing(self) -> None:
        assert catalogs.placeholders("50%% of %(people)s by {label}") == {"people", "label"}


class TestNumbersAndDates:
    def test_thousands_and_decimals_are_written_as_the_language_writes_them(self) -> None:
        assert (wording.number(18443), wording.signed_number(-1.25, 1), wording.percent(0.95)) == (
            "18,443",
            "−1.2",
            "95%",
        )
        with translation.override("es"):
            told = (wording.number(18443), wording.signed_number(-1.25, 1), wording.percent(0.95))
        assert told == ("18\xa0443", "−1,2", "95\xa0%")

    def test_the_verb_of_one_person_is_another_than_that_of_many(self) -> None:
        back = OUTCOMES["turned_back"]
        with translation.override("es"):
            assert (wording.outcome_phrase(back, 1), wording.outcome_phrase(back, 44)) == ("se detuvo", "se detuvieron")
            assert (wording.people_text(1), wording.people_text(2)) == ("1 persona", "2 personas")
        assert (wording.outcome_phrase(back, 1), wording.outcome_phrase(back, 44)) == ("turned back", "turned back")


@pytest.fixture
def analyst(client: Client, db: None) -> Client:
    world.sign_in(client, world.person("ana", "analyst"))
    return client


class TestNames:
    def test_of_languages_are_written_small_where_the_language_of_the_page_does_so(self) -> None:
        assert languages.language_name("ar") == "Arabic"
        with translation.override("es"):
            assert languages.language_name("ar") == "árabe"

    def test_of_countries_stand_in_the_order_of_the_readers_language(self) -> None:
        with translation.override("es-mx"):
            names = [name for _, name in countries.choices()]
        assert names.index("Alemania") < names.index("Estados Unidos") < names.index("Níger") < names.index("Nigeria")
        assert countries.choices()[0] == ("AF", "Afghanistan")

    def test_of_roles_and_second_factors_are_said_on_the_record(self) -> None:
        role, factor = {"role": "reviewer"}, {"factor": "a passkey"}
        assert describe_action("person-role", label="ana", detail=role) == "gave ana the role reviewer"
        with translation.override("es"):
            assert describe_action("person-role", label="ana", detail=role) == "dio a ana el rol revisión"
            assert (
                describe_action("factor-add", label="ana", detail=factor)
                == "configuró una llave de acceso como segundo factor"
            )


@pytest.mark.django_db
class TestThePerson:
    def test_reads_the_results_in_spanish(self, analyst: Client) -> None:
        campaign = world.launched()
        world.tally(
            campaign, {"neutral": (4000, 1400), "victim": (4000, 1800), "user": (4000, 1500), "both": (4000, 1900)}
        )
        evaluate(campaign, now=world.NOON)
        html = analyst.get("/campaigns/pilot/results/", headers={"accept-language": "es-MX"}).text
        assert '<html lang="es" dir="ltr">' in html
        assert "De cada 100 personas que vieron" in html
        assert "se detuvieron" in html
        assert "2 de marzo de 2026" in html
        assert "16\xa0000 personas" in html

    def test_chooses_a_language_that_this_browser_keeps(self, analyst: Client) -> None:
        reply = analyst.post("/language/", {"language": "es", "next": "/"})
        assert reply["Location"] == "/"
        cookie = reply.cookies["language"]
        assert (cookie.value, cookie["httponly"], cookie["samesite"]) == ("es", True, "Lax")
        assert "<h1>Campañas</h1>" in analyst.get("/").text

    def test_may_choose_before_signing_in(self, client: Client) -> None:
        client.post("/language/", {"language": "es", "next": "/sign-in/"})
        assert '<html lang="es"' in client.get("/sign-in/").text

    def test_is_not_led_to_another_site(self, client: Client) -> None:
        assert client.post("/language/", {"language": "es", "next": "https://evil.example/"})["Location"] == "/"

    def test_sees_each_language_by_its_own_name(self, analyst: Client) -> None:
        html = analyst.get("/", headers={"accept-language": "es"}).text
        assert ">English</button>" in html
        assert ">Español</button>" in html

    def test_reads_the_api_in_english_whatever_the_browser_asks_for(self, client: Client, db: None) -> None:
        reply = client.get("/api/v1/campaigns/", headers={"accept-language": "es"})
        assert reply.json()["error"]["message"] == client.get("/api/v1/campaigns/").json()["error"]["message"]


@pytest.mark.django_db(databases=["default", "audience"])
class TestTheVisitor:
    def test_gets_the_pages_behind_a_message_in_the_browsers_language(self) -> None:
        world.launched()
        site = world.AudienceSite()
        for asked, page, said in (
            ("es-AR,es;q=0.9", '<html lang="es" dir="ltr">', "Puedes parar aquí."),
            ("ar", '<html lang="ar" dir="rtl">', "يمكن التوقف هنا."),
            ("de", '<html lang="en" dir="ltr">', "You can stop here."),
        ):
            html = site.get("/m/quiet-page/help/self", HTTP_ACCEPT_LANGUAGE=asked).body.decode()
            assert page in html
            assert said in html

    def test_stays_in_the_language_of_the_message(self) -> None:
        world.launched()
        site = world.AudienceSite()
        assert "مغادرة" not in site.get("/m/quiet-page/left").body.decode()
        pressed = site.press("/m/quiet-page/?locale=ar", outcome="left")
        assert pressed.headers["Location"] == page_path("quiet-page", "left", "ar")
        html = site.get(pressed.headers["Location"]).body.decode()
        assert 'dir="rtl"' in html
        assert f'href="{escape(page_path("quiet-page", "help/self", "ar"))}"' in html

    def test_leads_nowhere_else_by_a_language_that_is_none(self) -> None:
        world.launched()
        pressed = world.AudienceSite().press("/m/quiet-page/?locale=%0d%0aX", outcome="left")
        assert pressed.headers["Location"] == page_path("quiet-page", "left", "en")

    def test_is_not_taken_for_a_man_or_a_coward(self) -> None:
        """Arabic verbs that address men alone, and the Spanish for chickening out; found in earlier translations."""
        said = " ".join(str(message.string) for message in catalogs.read_catalog("ar") if message.id)
        men = "غادر شغّل استخدم فاتصل تفضّل تفكّر تريد تتوقف تحل تحاول ترتكب تفعله تراها"
        assert set(re.findall(r"[\w\u064b-\u0652]+", said)) & set(men.split()) == set()
        spanish = " ".join(str(message.string) for message in catalogs.read_catalog("es") if message.id)
        assert not re.search(r"\bech(ad[oa]s?|ar\w*|[aóe]\w*) atrás", spanish)

    def test_gets_no_cookie_for_it(self) -> None:
        world.launched()
        reply = world.AudienceSite().get("/m/quiet-page/about", HTTP_ACCEPT_LANGUAGE="ar", HTTP_COOKIE="language=es")
        assert 'lang="ar"' in reply.body.decode()
        assert "Set-Cookie" not in reply.headers

    def test_reads_arabic_buttons_around_an_arabic_message_from_right_to_left(self) -> None:
        where = world.placement()
        draft = Rendition(locale="ar", headline=arabic.HEADLINE, body=arabic.BODY)
        payload = hosted_pages.message_payload(render_rendition(draft), where)
        assert (payload["dir"], payload["actions"][0]["label"]) == ("rtl", "مغادرة هذه الصفحة")
        assert payload["actions"][2]["href"] == page_path("quiet-page", "help/self", "ar")
        html = hosted_pages.render_preview_page(payload, where)
        assert '<html lang="ar" dir="rtl">' in html
        assert "المغادرة الآن" in html

    def test_gets_english_buttons_where_the_interface_does_not_speak_the_messages_language(self) -> None:
        payload = hosted_pages.message_payload(
            render_rendition(Rendition(locale="fr", headline="Bonjour", body="…")), world.placement()
        )
        assert (payload["locale"], payload["actions"][0]["label"]) == ("fr", "Leave this page")


@pytest.mark.django_db(databases=["default", "audience"])
def test_placements_of_one_partner_share_their_quiet_pages_and_keep_their_own_addresses() -> None:
    world.placement("one"), world.placement("other")
    site = world.AudienceSite()
    one, other = site.snapshot.placements["one"], site.snapshot.placements["other"]
    assert one.pages is other.pages
    assert f'href="{escape(page_path("other", "help/self", "en"))}"' in site.get("/m/other/about").body.decode()


_CALLS = {"gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "_"}


def test_every_sentence_in_a_call_of_gettext_is_gathered() -> None:
    """Babel passes over what stands in an f-string or in brackets of its own."""
    gathered = {words for each in catalogs.extract_strings() for words in _words_of(each.msgid)}
    for folder in ("analytics", "campaign", "messages"):
        for path in (catalogs.ROOT / folder).rglob("*.py"):
            calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
            for call in calls:
                if getattr(call.func, "id", "") in _CALLS:
                    said = [each.value for each in call.args if isinstance(each, ast.Constant)]
                    assert gathered >= {words for words in said if isinstance(words, str)}, path


def _words_of(msgid: catalogs.MessageId) -> tuple[str, ...]:
    return (msgid,) if isinstance(msgid, str) else msgid
