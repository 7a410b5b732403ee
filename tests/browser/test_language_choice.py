"""A visitor chooses another of the campaign's languages and stays in one view, with script and without, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from campaign.entrypoints import launcher
from tests.browser.conftest import OpenPage
from tests.browser.installation import PREPARE, environment, manage
from tests.browser.test_back_and_reload import shown
from tests.installation import copy_migrated_databases

pytestmark = pytest.mark.browser

TRANSLATED = """
from messages.models import Message, Rendition
from messages.review import workflow
for number, (_, _, key) in enumerate(demo.ARMS):
    revision = Message.objects.get(key=key).revisions.order_by("-number")[0]
    for locale, headline in (("es", "Un texto"), ("ar", "نص")):
        words = Rendition.objects.create(
            revision=revision, locale=locale, headline=f"{headline} {chr(65 + number)}", body="Uno.\\n\\nDos."
        )
        workflow.submit(words, now=now)
        workflow.approve(words, by=None, now=now)
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An installation whose campaign speaks three languages."""
    directory = tmp_path_factory.mktemp("installation")
    copy_migrated_databases(directory)
    before, create = PREPARE.format(origins=[f"http://localhost:{launcher.free_port()}"]).rstrip().rsplit("\n", 1)
    manage(directory, "shell", "--no-imports", "-c", f"{before}\n{TRANSLATED}\n{create}")
    with launcher.run_server("campaign.rsgi:application", environment=environment(directory)) as found:
        yield found


def choose(tab: Page, language: str) -> None:
    with tab.expect_navigation():
        tab.get_by_role("button", name=language, exact=True).click()


@pytest.mark.parametrize("with_script", [True, False])
@pytest.mark.parametrize("width", [320, 1280])
def test_another_language_keeps_the_receipt_and_back_returns_to_the_first(
    url: str, page: OpenPage, with_script: bool, width: int
) -> None:
    tab = page(java_script_enabled=with_script, viewport={"width": width, "height": 700}, locale="en-GB")
    tab.goto(f"{url}/m/quiet-page/")
    receipt = tab.locator("[name=receipt]").input_value()
    choose(tab, "Español")
    expect(tab.get_by_role("heading", level=1)).to_contain_text("Un texto")
    expect(tab.locator("html")).to_have_attribute("lang", "es")
    assert tab.locator("[name=receipt]").input_value() == receipt
    choose(tab, "العربيّة")
    expect(tab.locator("html")).to_have_attribute("dir", "rtl")
    assert tab.locator("[name=receipt]").input_value() == receipt
    expect(tab.get_by_role("button", name="English", exact=True)).to_be_in_viewport()
    assert tab.locator("html").evaluate("(root) => root.scrollWidth <= innerWidth") if with_script else True
    tab.get_by_role("button", name="مغادرة هذه الصفحة").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("لقد تراجعت.")


def test_back_and_a_reload_after_the_choice_keep_the_view(url: str, page: OpenPage) -> None:
    tab = page(locale="en-GB")
    tab.goto(f"{url}/m/quiet-page/")
    first = shown(tab)
    choose(tab, "Español")
    spanish = shown(tab)
    tab.reload()
    assert shown(tab) == spanish
    assert spanish[0] == first[0]
    tab.go_back()
    assert shown(tab) == first


def test_the_browsers_list_decides_which_language_comes_first(url: str, page: OpenPage) -> None:
    tab = page(extra_http_headers={"Accept-Language": "fr-FR, ar;q=0.3, es-MX;q=0.8"})
    tab.goto(f"{url}/m/quiet-page/")
    expect(tab.locator("html")).to_have_attribute("lang", "es")
