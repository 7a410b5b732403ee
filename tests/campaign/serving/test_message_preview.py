"""Words in the frame of the editor: the real page and the real embed, sealed off."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from campaign.serving import snapshot
from messages.editor import drafts, save
from tests import world

pytestmark = pytest.mark.django_db
STATIC = Path(snapshot.__file__).parent.parent / "static" / "campaign"


@pytest.fixture
def mara(client: Client) -> Client:
    world.sign_in(client, world.person("mara", "manager"))
    return client


def drafted(headline: str, body: str, locale: str = "en") -> int:
    revision = world.approved_revision("victim")
    fields = {"headline": headline, "body": body}
    seen = save.current_baseline(revision, locale)
    return drafts.save_draft(
        world.person("mara"), revision.message, locale, fields, baseline=seen, now=timezone.now()
    ).pk


def page(client: Client, query: str) -> str:
    response = client.get(f"/preview/?{query}")
    assert response.status_code == 200
    return response.content.decode()


def test_a_draft_stands_in_the_page_that_visitors_get(mara: Client) -> None:
    draft = drafted("Half a <b>headline", "One.\r\n\r\nTwo.")
    html = page(mara, f"draft={draft}")
    assert "<h1>Half a &lt;b&gt;headline</h1>" in html
    assert "<p>One.</p><p>Two.</p>" in html
    assert '<button class="button quiet" name="outcome" value="left            ">Leave this page</button>' in html
    assert "Preview: nothing is counted" in html


def test_the_embed_gets_the_same_payload_as_a_partner_does(mara: Client) -> None:
    html = page(mara, f"place=embed&draft={drafted('Half a headline', 'One.')}")
    held = re.search(r'<script id="message" type="application/json">(.*?)</script>', html)
    assert held
    message = json.loads(held[1])
    assert (message["headline"], message["body_html"]) == ("Half a headline", "<p>One.</p>")
    assert [action["outcome"] for action in message["actions"]][:2] == ["left", "continued"]


def test_saved_words_can_be_shown_too(mara: Client) -> None:
    rendition = world.approved_revision("user").renditions.get()
    assert "<h1>A user headline</h1>" in page(mara, f"rendition={rendition.pk}")


def test_words_run_as_their_language_does_unless_it_is_asked_otherwise(mara: Client) -> None:
    draft = drafted("توقّف", "x", "ar")
    assert '<html lang="ar" dir="rtl">' in page(mara, f"draft={draft}")
    assert '<html lang="ar" dir="ltr">' in page(mara, f"draft={draft}&direction=ltr")
    assert '<html lang="en" dir="rtl">' in page(mara, "direction=rtl")


def test_before_the_first_word_it_shows_where_the_words_will_stand(mara: Client) -> None:
    assert "<h1>The headline will appear here</h1>" in page(mara, "")


def test_all_around_the_words_is_in_their_language_whatever_its_writer_speaks(mara: Client) -> None:
    mara.defaults["HTTP_ACCEPT_LANGUAGE"] = "es"
    english = page(mara, f"draft={drafted('A headline', 'One.')}")
    assert "In crisis, or not safe?" in english
    assert "¿En crisis" not in english
    spanish = page(mara, "locale=es")
    assert '<html lang="es"' in spanish
    assert "¿En crisis" in spanish
    assert "Leave this page" not in spanish


@pytest.mark.parametrize("query", ["draft=999", "draft=x", "rendition=999", "rendition=-1"])
def test_what_is_not_there_is_not_found(mara: Client, query: str) -> None:
    assert mara.get(f"/preview/?{query}").status_code == 404


def test_the_frame_is_sealed_and_only_our_own_pages_may_hold_it(mara: Client) -> None:
    headers = mara.get("/preview/").headers
    policy = headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "form-action 'none'", "frame-ancestors 'self'", "sandbox allow-scripts"):
        assert part in policy
    assert "connect-src" not in policy
    assert "unsafe" not in policy
    assert headers["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_either_choice_of_colours_is_the_one_that_visitors_get(colours: str) -> None:
    named = re.compile(r"(--[\w-]+): (#\w+)")
    root, dark = (STATIC / "tokens.css").read_text("utf-8").split("@media (prefers-color-scheme: dark)")
    wanted = dict(named.findall(root)) if colours == "light" else dict(named.findall(dark))
    assert len(wanted) > 15
    assert dict(named.findall((STATIC / f"preview-{colours}.css").read_text("utf-8"))) == wanted


def test_visitors_get_nothing_of_the_preview(mara: Client) -> None:
    world.launched()
    assert b"/static/campaign/preview" not in world.AudienceSite().get("/m/quiet-page/").body
