"""A manager creates a placement, and the partner embeds and tests it, in a real Chromium with two sites."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, expect

from campaign.entrypoints import launcher
from tests.browser.conftest import OpenPage
from tests.browser.partner import partner_site
from tests.browser.test_pages import collect_errors
from tests.demo_installation import copy_demo_installation
from tests.environment import POSTGRESQL
from tests.installation import manage
from tests.waiting import let_pass, reload_until, wait_in_page_until

pytestmark = [pytest.mark.browser, pytest.mark.skipif(POSTGRESQL, reason="the same on either engine")]

PREPARE = """
from django.contrib.auth.models import Group, User
from campaign.models import Partner
from messages.roles import PARTNER_CONTACT
User.objects.filter(username="mara").update(password="")
for name in ("mara", "pat"):
    person, _ = User.objects.get_or_create(username=name)
    person.set_password("four words without sense")
    person.save()
person.groups.add(Group.objects.get_or_create(name=PARTNER_CONTACT)[0])
Partner.objects.create(name="The Shed").contacts.add(person)
"""
COUNT = """
import json
from django.db.models import Sum
from analytics.models import OpenView
from campaign.models import PlacementTest, ServedCount
sent = ServedCount.objects.aggregate(n=Sum("count"))["n"] or 0
print(json.dumps([OpenView.objects.count(), sent, PlacementTest.objects.count()]))
"""


@dataclass
class Site:
    """A server, and a partner's site whose page is what the test pasted."""

    environment: dict[str, str]
    url: str
    partner: str
    pasted: list[str] = field(default_factory=list)

    def counts(self) -> list[int]:
        """Return the numbers of open views, served messages and open tag checks."""
        told: list[int] = json.loads(manage("shell", "--no-imports", "-c", COUNT, environment=self.environment))
        return told


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    settings = {"SERVED_FLUSH_SECONDS": "0.2", "SNAPSHOT_SECONDS": "0.2", "SKIP_SECOND_FACTOR": "1"}
    environment = copy_demo_installation(tmp_path_factory.mktemp("placements")) | settings | {"BEHIND_TLS_PROXY": "0"}
    manage("shell", "--no-imports", "-c", PREPARE, environment=environment)
    port = launcher.free_port()
    with launcher.run_server(launcher.PRODUCTION_APPLICATION, environment=environment) as url:
        made = Site(environment, url, f"http://localhost:{port}")

        with partner_site(port, lambda: f"<!doctype html><body><h1>The Shed</h1>{''.join(made.pasted)}"):
            yield made


def sign_in(site: Site, tab: Page, name: str) -> Page:
    tab.goto(f"{site.url}/sign-in/")
    tab.get_by_label("Name").fill(name)
    tab.get_by_label("Password").fill("four words without sense")
    tab.get_by_role("button", name="Continue").click()
    expect(tab.get_by_role("button", name="Sign out")).to_be_visible()
    return tab


@pytest.mark.proof
def test_from_a_new_placement_to_we_have_seen_your_page(site: Site, page: OpenPage) -> None:
    mara = sign_in(site, page(), "mara")
    wrong = collect_errors(mara)
    mara.get_by_role("link", name="Placements").click()
    mara.get_by_role("link", name="Add a placement").click()
    mara.get_by_label("Name", exact=True).fill("Search page")
    mara.get_by_label("Partner", exact=True).select_option("The Shed")
    mara.get_by_label("Sites that can show it").fill("www.shed.example")
    mara.get_by_role("button", name="Add it").click()
    expect(mara.locator("#id_allowed_origins_error")).to_contain_text(
        "Line 1: Enter an address that begins with https://"
    )
    expect(mara.get_by_label("Sites that can show it")).to_have_value("www.shed.example")
    mara.get_by_label("Sites that can show it").fill("https://www.shed.example")
    mara.get_by_label("Text shown when no campaign is running").select_option(index=1)
    mara.get_by_role("button", name="Add it").click()
    expect(mara.locator("main")).to_contain_text("the neutral text is shown")
    site.pasted.append(mara.locator("pre.copy code").first.inner_text())

    pat = sign_in(site, page(), "pat")
    pats_wrong = collect_errors(pat)
    expect(pat.get_by_role("heading", level=1, name="Placements", exact=True)).to_be_visible()
    expect(pat.locator("main")).not_to_contain_text("Example partner")
    pat.get_by_role("link", name="Search page").click()
    pat.get_by_role("link", name="Test it").click()
    pat.get_by_role("button", name="Start the test").click()
    expect(pat.locator("[data-live]")).to_contain_text("Nothing seen yet.")
    mark = pat.locator("pre.copy code").first.inner_text()

    own = page()
    own.goto(f"{site.partner}/{mark}")
    expect(pat.locator("[data-live]")).to_contain_text(f"Your page is on {site.partner}.")
    expect(own.locator("second-thought")).to_have_count(0)
    mara.get_by_role("link", name="Change it").click()
    mara.get_by_label("Sites that can show it").fill(f"https://www.shed.example\n{site.partner}")
    mara.get_by_role("button", name="Save").click()
    expect(mara.locator("main").get_by_role("status")).to_contain_text("Saved.")
    reload_until(own, own.locator("second-thought h2").is_visible)
    expect(pat.locator("[data-live]")).to_contain_text("Your page was seen")
    expect(pat.locator("[data-live]")).to_contain_text("nothing was counted")

    let_pass(own, 1500)  # it was on screen long enough to be an exposure, had there been a receipt
    assert site.counts() == [0, 0, 1]
    pat.get_by_role("button", name="End the test").click()
    assert site.counts() == [0, 0, 0]
    assert (wrong, pats_wrong) == ([], [])


@pytest.mark.proof
def test_everything_is_done_without_javascript(site: Site, page: OpenPage) -> None:
    mara = sign_in(site, page(java_script_enabled=False), "mara")
    mara.goto(f"{site.url}/placements/partner-page/test/")
    mara.get_by_role("button", name="Start the test").click()
    expect(mara.get_by_role("button", name="Copy")).to_have_count(0)
    hosted = mara.get_by_role("link", name="Open it in a new tab").get_attribute("href")
    visitor = page(java_script_enabled=False)
    visitor.goto(str(hosted))
    expect(visitor.locator("body")).to_contain_text("Preview: nothing is counted")

    def was_opened() -> bool:
        mara.get_by_role("link", name="Refresh").click()
        return "Our hosted page was opened" in mara.locator("main").inner_text()

    wait_in_page_until(mara, was_opened)
    assert site.counts() == [0, 0, 1]


@pytest.mark.proof
def test_the_copy_button_copies(site: Site, page: OpenPage) -> None:
    mara = sign_in(site, page(permissions=["clipboard-read", "clipboard-write"]), "mara")
    mara.goto(f"{site.url}/placements/partner-page/")
    button = mara.get_by_role("button").filter(has_text="the line for a page")
    button.click()
    expect(button).to_have_text("Copied: the line for a page")
    assert mara.evaluate("navigator.clipboard.readText()") == (
        f'<script src="{site.url}/static/campaign/embed.js" data-placement="partner-page" async></script>'
    )
