"""Sensitive terms are hidden, themes have content notes, and there is a way to leave at once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from messages.i18n.sentence_translation import translate_sentence
from messages.models import Theme
from messages.text import lint, sensitive_terms
from messages.text.translatable import Translatable
from tests import world

PATTERN = sensitive_terms.default_terms()


def hard(text: str) -> list[str]:
    return [part.text for part in sensitive_terms.split_sensitive(text, PATTERN) if part.is_sensitive]


def rendered(text: str, *, cookie: str = "", tag: str = "hide_sensitive") -> str:
    request = RequestFactory().get("/")
    request.COOKIES["terms"] = cookie
    return Template(f"{{% load sensitive_text %}}{{% {tag} text %}}").render(
        Context({"text": text, "request": request})
    )


class TestHardWords:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("It counts as child abuse.", ["child abuse"]),
            ("CHILD  ABUSE, said loudly", ["CHILD  ABUSE"]),
            ("pornographic", ["pornographic"]),
            ("Grapes, a rapeseed field, and a cockpit", []),
            ("A este brazo no le molestó.", []),
            ("Someone's face in a fake nude", []),
            ("pornografía infantil", ["pornografía infantil"]),
            ("", []),
        ],
    )
    def test_are_found_as_whole_words_in_any_case(self, text: str, found: list[str]) -> None:
        assert hard(text) == found

    @given(st.text(alphabet=st.sampled_from("child abuse rape\n .é<"), max_size=60))
    def test_stay_where_they_are(self, text: str) -> None:
        assert "".join(part.text for part in sensitive_terms.split_sensitive(text, PATTERN)) == text

    def test_stand_behind_a_checkbox_that_says_what_it_does(self) -> None:
        html = rendered("It is child abuse.")
        assert html.startswith('It is <label class="veiled"><input type="checkbox" autocomplete="off"')
        assert 'aria-label="Show a hidden word"' in html
        assert '<span class="veil" aria-hidden="true">child abuse</span>' in html
        assert html.endswith("</label>.")

    def test_are_shown_at_once_to_those_who_want_it(self) -> None:
        assert rendered("It is child abuse.", cookie="1") == "It is child abuse."

    def test_are_veiled_where_there_is_no_request(self) -> None:
        assert "veiled" in Template("{% load sensitive_text %}{% hide_sensitive 'child abuse' %}").render(Context({}))

    @pytest.mark.parametrize("cookie", ["", "1"])
    def test_let_no_markup_through(self, cookie: str) -> None:
        html = rendered("<img onerror=x> child abuse <b>", cookie=cookie, tag="hide_sensitive_paragraphs")
        assert "<img" not in html
        assert "<b>" not in html
        assert html.startswith("<p>&lt;img")

    def test_keep_paragraphs_and_lines(self) -> None:
        assert rendered("One\ntwo\n\nthree", tag="hide_sensitive_paragraphs") == "<p>One<br>two</p>\n<p>three</p>"


class TestTheChoice:
    @pytest.fixture
    def reader(self, client: Client, db: None) -> Client:
        world.sign_in(client, world.person("ana", "analyst"))
        world.load_starter_library()
        return client

    def test_is_kept_by_this_browser_alone(self, reader: Client) -> None:
        assert "veiled" in reader.get("/messages/").text
        reply = reader.post("/terms/", {"show": "1", "next": "/messages/"})
        assert reply["Location"] == "/messages/"
        assert (reply.cookies["terms"].value, reply.cookies["terms"]["httponly"]) == ("1", True)
        assert "veiled" not in reader.get("/messages/").text
        reader.post("/terms/", {"show": "0"})
        assert "veiled" in reader.get("/messages/").text

    def test_leads_to_no_other_site(self, reader: Client) -> None:
        assert reader.post("/terms/", {"show": "1", "next": "https://evil.example/"})["Location"] == "/"

    def test_also_opens_what_stands_behind_a_note(self, reader: Client) -> None:
        assert "Show the text" in reader.get("/messages/").text
        reader.post("/terms/", {"show": "1"})
        html = reader.get("/messages/").text
        assert "Show the text" not in html
        assert "Mentions abuse of children" in html.replace('<label class="veiled">', "")


class TestContentNotes:
    def test_come_with_the_starter_library(self, db: None) -> None:
        world.load_starter_library()
        noted = set(Theme.objects.exclude(content_note="").values_list("key", flat=True))
        assert noted == {"trauma", "violation", "women-and-children", "not-real"}

    def test_reach_a_library_that_was_loaded_before_there_were_any(self, db: None) -> None:
        world.load_starter_library()
        Theme.objects.update(content_note="")
        Theme.objects.filter(key="violation").update(content_note="Ours.")
        world.load_starter_library()
        assert Theme.objects.get(key="trauma").content_note
        assert Theme.objects.get(key="violation").content_note == "Ours."

    def test_stand_before_the_words_of_a_campaigns_arm(self, client: Client, db: None) -> None:
        world.draft()
        Theme.objects.filter(key="theme-victim").update(content_note="Take care.")
        world.sign_in(client, world.person("ana", "analyst"))
        html = client.get("/campaigns/pilot/").text
        assert html.index("Take care.") < html.index("Show the text") < html.index("A victim headline")


class TestTheWayOut:
    @pytest.fixture(autouse=True)
    def _somewhere(self, settings: Any) -> None:
        settings.EXIT_URL = "https://weather.example/"

    @pytest.mark.parametrize("address", ["/", "/messages/", "/campaigns/pilot/", "/nothing/", "/sign-in/"])
    def test_stands_on_every_staff_page(self, client: Client, db: None, address: str) -> None:
        world.draft()
        if address != "/sign-in/":
            world.sign_in(client, world.person("ana", "analyst"))
        html = client.get(address).text
        assert re.search(r'<a class="exit" href="https://weather.example/" rel="noreferrer" data-exit', html)

    def test_stands_on_the_page_of_a_fault_too(self) -> None:
        assert 'href="https://weather.example/"' in Template('{% extends "500.html" %}').render(Context({}))


class TestRemarks:
    def test_are_said_in_the_readers_language_with_their_reason(self) -> None:
        remark = lint.Remark("x", "must", Translatable("“{found}”: {why} Try: “{instead}”", **REMARK), "body")
        assert remark.sentence == "“now”: This explains how it is done. Try: “later”"
        with translation.override("es"):
            assert translate_sentence(remark.sentence) == "«now»: Esto explica cómo se hace. Prueba: «later»"

    def test_that_are_plain_words_stay_as_they_are(self) -> None:
        with translation.override("es"):
            assert translate_sentence("This is an early look.") == "This is an early look."


REMARK = {"found": "now", "why": Translatable("This explains how it is done."), "instead": "later"}
