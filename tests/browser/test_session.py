"""The unit `session` end to end in a real Chromium: a campaign that counts browser tabs."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page

from benchmarks.installation import PLACEMENT
from campaign.entrypoints import launcher
from tests.browser.conftest import OpenPage
from tests.demo_installation import copy_demo_installation
from tests.environment import POSTGRESQL
from tests.installation import manage
from tests.waiting import let_pass

pytestmark = [pytest.mark.browser, pytest.mark.skipif(POSTGRESQL, reason="the same on either engine")]

PREPARE = """
from campaign.models import Campaign
from tests.world import change_places, drop_triggers
drop_triggers()
Campaign.objects.update(unit="session")
change_places(allowed_origins=["http://localhost:{port}"])
"""
COUNT = """
import json
from django.db.models import Sum
from analytics.models import OpenView
from campaign.models import ServedCount
print(json.dumps([OpenView.objects.count(), ServedCount.objects.aggregate(n=Sum("count"))["n"] or 0]))
"""


@dataclass
class Site:
    """A server and a partner's page on another origin. With `?keep`, the page has the tag with data-session."""

    environment: dict[str, str]
    partner: str

    def view_counts(self) -> tuple[int, int]:
        """Return the numbers of open views and of served messages."""
        views, sent = json.loads(manage("shell", "--no-imports", "-c", COUNT, environment=self.environment))
        return views, sent


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    environment = copy_demo_installation(tmp_path_factory.mktemp("session")) | {"SERVED_FLUSH_SECONDS": "0.1"}
    port = launcher.free_port()
    manage("shell", "--no-imports", "-c", PREPARE.format(port=port), environment=environment)
    with launcher.run_server("campaign.rsgi:application", environment=environment) as url:

        class Partner(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                keep = "data-session" if "keep" in self.path else ""
                source = f"{url}/static/campaign/embed.js"
                tag = f'<script async src="{source}" {keep} data-placement="{PLACEMENT}"></script>'
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(f"<!doctype html><title>A page</title><body>{tag}</body>".encode())

            def log_message(self, *args: object) -> None:
                """Log nothing."""

        partner = ThreadingHTTPServer(("127.0.0.1", port), Partner)
        threading.Thread(target=partner.serve_forever, args=[0.02], daemon=True).start()
        yield Site(environment, f"http://localhost:{port}/")
        partner.shutdown()
        partner.server_close()


def exposed_text(tab: Page) -> str:
    """Wait until the message was exposed, and return its text."""
    with tab.expect_response(lambda reply: reply.url.endswith("/events") and reply.status == 200):
        pass
    return tab.locator("second-thought h2").inner_text()


def stored_keys(tab: Page) -> list[str]:
    values: list[str] = tab.evaluate("[...Object.values(sessionStorage), ...Object.values(localStorage)]")
    return values


@pytest.mark.proof
def test_a_tab_is_one_unit_through_reloads_and_a_rotation_and_the_next_tab_is_another(
    site: Site, page: OpenPage
) -> None:
    tab = page()
    tab.goto(f"{site.partner}?keep")
    said = exposed_text(tab)
    receipts = stored_keys(tab)
    assert [len(receipt) for receipt in receipts] == [112]
    manage("keys", "rotate", "--ahead", "0", environment=site.environment)
    for _ in range(2):
        let_pass(tab, 1200)
        tab.reload()
        assert exposed_text(tab) == said
        assert stored_keys(tab) == receipts
    assert site.view_counts() == (1, 1)
    other = tab.context.new_page()
    other.goto(f"{site.partner}?keep")
    exposed_text(other)
    assert len({*stored_keys(other), *receipts}) == 2
    assert site.view_counts() == (2, 2)
    assert tab.context.cookies() == []


@pytest.mark.proof
def test_a_tag_that_does_not_ask_for_it_keeps_nothing_and_is_not_counted(site: Site, page: OpenPage) -> None:
    before = site.view_counts()
    tab = page()
    tab.goto(site.partner)
    tab.locator("second-thought h2").wait_for()
    let_pass(tab, 1500)  # by now it would have been seen
    assert stored_keys(tab) == []
    assert site.view_counts() == before
