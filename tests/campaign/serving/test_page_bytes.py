"""Pages go out compressed, with their styles in them, and as long as one another."""

import base64
import gzip
import re
from functools import partial
from hashlib import sha256

import pytest
from django.conf import settings

from campaign.serving.assets import ASSETS, read_asset
from campaign.serving.page_bytes import compress_page
from campaign.serving.page_paths import PAGES, page_path
from messages.models import HelpLink
from messages.text.lint import HOSTED_PAGE_LIMITS
from tests import world

pytestmark = pytest.mark.django_db(databases=["default", "audience"])

ONE_FLIGHT = 14_000  # bytes that a server sends before it waits for an answer
SENTENCE = "Somebody in this picture never agreed to it being made, and may feel it for years. "
LONGEST = " ".join((SENTENCE * 12).split()[: HOSTED_PAGE_LIMITS.word_limit])
GZIP = {"HTTP_ACCEPT_ENCODING": "gzip"}


def with_all_help(countries: list[str], monkeypatch: pytest.MonkeyPatch) -> world.AudienceSite:
    """A site with the whole help directory, whose texts are as long as the check lets them be, in each language."""
    monkeypatch.setattr(world, "approved_revision", partial(world.approved_revision, body=LONGEST))
    world.load_starter_library()
    world.check_help_links(today=world.NOON.date())
    world.launched(locales=settings.AUDIENCE_LANGUAGES)
    world.change_places(countries=countries)
    return world.AudienceSite()


def all_pages(site: world.AudienceSite, language: str, **environ: str) -> list[world.SurfaceReply]:
    messages = [
        site.get(f"/m/quiet-page/?locale={language}", **environ, **more) for more in ({}, {"HTTP_DNT": "1"}) * 12
    ]
    behind = [site.get(page_path("quiet-page", name, language), **environ) for name in PAGES]
    return [*messages, *behind, site.get(f"/m/quiet-page/nothing-here?locale={language}", **environ)]


@pytest.mark.parametrize("language", settings.AUDIENCE_LANGUAGES)
def test_all_pages_have_one_length_when_they_are_compressed(language: str) -> None:
    world.launched(locales=settings.AUDIENCE_LANGUAGES)
    pages = all_pages(world.AudienceSite(), language, **GZIP)
    assert {page.headers["Content-Encoding"] for page in pages} == {"gzip"}
    assert len({page.body for page in pages}) > len(PAGES)
    assert len({len(page.body) for page in pages}) == 1


@pytest.mark.parametrize("countries", [[], ["AU"], ["ES"], ["GB"], ["US"]])
def test_page_and_script_are_sent_in_one_flight_with_the_longest_text_and_all_help(
    countries: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = with_all_help(countries, monkeypatch)
    assert HelpLink.objects.for_visitors().count() >= 27
    script = len(gzip.compress(read_asset("page.js"), 9))
    for language in settings.AUDIENCE_LANGUAGES:
        pages = all_pages(site, language, **GZIP)
        assert f'lang="{language}"' in gzip.decompress(pages[0].body).decode()
        assert {page.headers["Content-Encoding"] for page in pages} == {"gzip"}
        (length,) = {len(page.body) for page in pages}
        assert length + script < ONE_FLIGHT, language


def test_it_is_the_page_that_others_get_but_for_spaces_at_its_end() -> None:
    world.launched()
    site = world.AudienceSite()
    for name in PAGES:
        plain = site.get(page_path("quiet-page", name, "es"))
        assert "Content-Encoding" not in plain.headers
        assert (
            gzip.decompress(site.get(page_path("quiet-page", name, "es"), **GZIP).body).rstrip() == plain.body.rstrip()
        )


def test_a_receipt_changes_nothing_of_the_length() -> None:
    page = b"<p>Words.</p>" * 300
    lengths = set()
    for receipt in (b"a" * 106, b"Words.</p><p>" * 8 + b"Xy", b"q7" * 53):
        found = compress_page(page + receipt + page + receipt, receipt, 12_000)
        assert found
        assert gzip.decompress(found).rstrip(b" ") == page + receipt + page + receipt
        lengths.add(len(found))
    assert len(lengths) == 1


def test_a_page_that_does_not_fit_is_sent_as_it_is() -> None:
    assert compress_page(b"".join(sha256(bytes([n])).digest() for n in range(200)), b"", 6400) is None


def test_styles_stand_in_the_page_and_the_policy_allows_just_these() -> None:
    world.launched()
    reply = world.AudienceSite().get("/m/quiet-page/")
    page, policy = reply.body.decode(), reply.headers["Content-Security-Policy"]
    (style,), (script,) = (re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL) for tag in ("style", "script"))
    for directive, text in (("style-src", style), ("script-src", script)):
        digest = base64.b64encode(sha256(text.encode()).digest()).decode()
        assert f"{directive} 'self' 'sha256-{digest}'" in policy
    assert 'rel="stylesheet"' not in page
    assert "--paper:" in style.replace(" ", "")
    assert {"tokens.css", "message.css", "kept.js"} <= set(ASSETS)  # for previews, and pages of before
