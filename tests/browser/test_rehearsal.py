"""A manager requests a rehearsal on its page, and reads the result under its label."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from campaign.entrypoints import launcher
from tests.browser.conftest import OpenPage
from tests.browser.test_pages import collect_errors
from tests.browser.test_placements import PREPARE as PEOPLE
from tests.demo_installation import copy_demo_installation
from tests.environment import POSTGRESQL
from tests.installation import manage

pytestmark = [
    pytest.mark.browser,
    pytest.mark.proof,
    pytest.mark.skipif(POSTGRESQL, reason="the same on either engine"),
]

# The demo's campaign, once more as a draft, at a placement without words for the time of a pause.
PREPARE = f"""{PEOPLE}
from campaign.lifecycle.placement_authors import record_change
from campaign.models import Arm, Campaign, Partner, Placement, PlannedOutcome
old = Campaign.objects.get()
made = Campaign.objects.create(slug="next", name="The next one", created_by=old.created_by, ethics_exemption="A test.")
place = Placement.objects.create(
    key="chat", name="Chatbot", partner=Partner.objects.get(name="The Shed"), allowed_origins=["https://chat.example"]
)
record_change(place, {{}}, by=None)
made.placements.add(place)
for arm in old.arms.all():
    Arm.objects.create_with_texts(
        [arm.first_revision], campaign=made, key=arm.key, name=arm.name,
        is_control=arm.is_control, position=arm.position,
    )
plan = old.plan.__class__.objects.create(
    campaign=made, planned_per_arm=5000, comparisons=old.plan.comparisons, monitoring="fixed", looks=[1.0]
)
PlannedOutcome.objects.create(plan=plan, outcome="turned_back", role="primary")
"""
COUNT = """
from analytics.models import Analysis, OpenView, Tally
from campaign.models import ServedCount
print(sum(model.objects.count() for model in (Analysis, OpenView, Tally, ServedCount)))
"""


@dataclass
class Site:
    """A server whose worker step runs when a test says so."""

    environment: dict[str, str]
    url: str

    def audience_row_count(self) -> int:
        """Return everything that is counted of people, in all tables."""
        return int(manage("shell", "--no-imports", "-c", COUNT, environment=self.environment))


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    environment = copy_demo_installation(tmp_path_factory.mktemp("rehearsal")) | {
        "SKIP_SECOND_FACTOR": "1",
        "BEHIND_TLS_PROXY": "0",
    }
    manage("shell", "--no-imports", "-c", PREPARE, environment=environment)
    with launcher.run_server(launcher.PRODUCTION_APPLICATION, environment=environment) as url:
        yield Site(environment, url)


def sign_in(site: Site, tab: Page) -> Page:
    tab.goto(f"{site.url}/sign-in/")
    tab.get_by_label("Name").fill("mara")
    tab.get_by_label("Password").fill("four words without sense")
    tab.get_by_role("button", name="Continue").click()
    expect(tab.get_by_role("button", name="Sign out")).to_be_visible()
    return tab


def test_a_manager_rehearses_sees_what_is_missing_and_how_it_would_read(site: Site, page: OpenPage) -> None:
    tab = sign_in(site, page())
    wrong = collect_errors(tab)
    tab.goto(f"{site.url}/campaigns/next/")
    tab.get_by_role("link", name="Rehearse it").click()
    tab.get_by_role("button", name="Rehearse it").click()
    expect(tab.get_by_role("heading", name="Waiting to start")).to_be_visible()
    manage("rehearse", "next", "--number", "1", environment=site.environment)
    expect(tab.get_by_text("Rehearsal: invented visitors").first).to_be_visible(timeout=20_000)
    main = tab.locator("main")
    expect(main).to_contain_text("Chatbot: visitors see nothing while the campaign is paused.")
    expect(main).to_contain_text("For the rehearsal, the planned number was set to 1,000 people")
    for way in (
        "A page with the script",
        "A request from a server, such as a chatbot’s",
        "Our hosted page, without JavaScript",
    ):
        expect(main).to_contain_text(way)
    expect(main.get_by_role("heading", name="Turned back")).to_be_visible()
    tab.goto(f"{site.url}/campaigns/next/results/")
    expect(tab.locator("main")).not_to_contain_text("invented")
    assert site.audience_row_count() == 0
    assert wrong == []
