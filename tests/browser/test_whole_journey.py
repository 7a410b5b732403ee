"""The whole journey in a real Chromium: from four drafts to a verdict, and to destroyed keys.

Mara is a manager, Rafael a reviewer, Ana an analyst, Pat the contact of the partner.
"""

from __future__ import annotations

import http.client
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from benchmarks.process_runner import run
from campaign.entrypoints import launcher
from campaign.wizard.questions import QUESTIONS
from tests.browser.conftest import OpenPage
from tests.browser.partner import partner_site
from tests.browser.story import HOURS_AHEAD, PASSWORD
from tests.browser.test_pages import collect_errors
from tests.installation import new_installation
from tests.waiting import reload_until, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.proof]

# Of 100 who see each arm, how many turn back, and how many it annoys.
TURN_BACK = {"neutral": 30, "victim": 38, "user": 60, "both": 40}
ANNOY = {"neutral": 10, "victim": 10, "user": 10, "both": 60}
TWO_DAYS = 48  # a subject's view is open to the end of its day


@dataclass
class Site:
    """An installation with its server, and the partner's page with what the test pasted."""

    environment: dict[str, str]
    url: str
    partner: str
    headlines: dict[str, str]
    pasted: list[str] = field(default_factory=list)
    hours: int = 0

    def advance_clock(self, hours: int) -> dict[str, Any]:
        """Advance the audience clock, and run the worker."""
        self.hours += hours
        Path(self.environment["DATA_DIRECTORY"], HOURS_AHEAD).write_text(str(self.hours), "ascii")
        result: dict[str, Any] = run(self.environment, "tests.browser.story:run_worker_ahead", ahead=self.hours)
        return result


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    port = launcher.free_port()
    with new_installation(tmp_path) as installation:
        own = {**installation, "LOCAL_HTTP": "1", "SKIP_SECOND_FACTOR": "1"}
        own |= {"SNAPSHOT_SECONDS": "0.2", "SERVED_FLUSH_SECONDS": "0.2", "MAIL_HOST": "mail.example"}
        headlines = run(own, "tests.browser.story:set_up")
        with launcher.run_server("tests.browser.ahead:application", environment=own) as url:
            made = Site(own, url, f"http://localhost:{port}", headlines)

            with partner_site(port, lambda: f"<!doctype html><title>The Shed</title><body>{''.join(made.pasted)}"):
                yield made


def sign_in(site: Site, tab: Page, name: str) -> Page:
    tab.goto(f"{site.url}/sign-in/")
    tab.get_by_label("Name").fill(name)
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Continue").click()
    expect(tab.get_by_role("button", name="Sign out")).to_be_visible()
    return tab


def expect_status(tab: Page) -> Any:
    """Expect the status message that a page shows after a button was pressed."""
    return expect(tab.locator("main").get_by_role("status").first)


def continue_to(tab: Page, question: int) -> None:
    """Continue to this question of the wizard."""
    tab.get_by_role("button", name="Continue").click()
    expect(tab.locator(".progress")).to_have_text(f"Question {question} of {len(QUESTIONS)}")


def submit_drafts(mara: Page, site: Site) -> None:
    """Add a sentence to four messages of the library, and submit them for review."""
    for key in [*site.headlines]:
        mara.goto(f"{site.url}/messages/{key}/edit/en/")
        site.headlines[key] = mara.get_by_label("Headline", exact=True).input_value()
        words = mara.get_by_label("Text", exact=True)
        words.fill(f"{words.input_value()}\n\nYou can close this page now.")
        mara.get_by_role("button", name="Save as a new version").click()
        expect_status(mara).to_contain_text("Saved as version")
        mara.get_by_role("button", name="Ask for a review").click()
        expect_status(mara).to_contain_text("A reviewer has been asked")


def approve_drafts(rafael: Page, site: Site) -> None:
    """Approve every rendition that waits for a review."""
    for left in range(len(site.headlines), 0, -1):
        rafael.goto(f"{site.url}/reviews/")
        waiting = rafael.locator("main a[href$='/review/']")
        assert waiting.count() >= left
        waiting.first.click()
        for question in rafael.locator("main fieldset").all():
            question.get_by_label("Yes").check()
            if (evidence := question.get_by_role("textbox")).is_visible():
                evidence.fill("Page 12.")
        rafael.get_by_role("button", name="Approve this text").click()
        expect_status(rafael).to_contain_text("This text is approved.")


def create_placement(mara: Page, pat: Page, site: Site) -> None:
    """Create a placement, embed it in the partner's page and check the tag."""
    mara.goto(f"{site.url}/placements/")
    mara.get_by_role("link", name="Add a placement").click()
    mara.get_by_label("Name", exact=True).fill("Search page")
    mara.get_by_label("Partner", exact=True).select_option("The Shed")
    mara.get_by_label("Sites that can show it").fill(site.partner)
    mara.get_by_role("button", name="Add it").click()
    pat.goto(f"{site.url}/placements/")
    pat.get_by_role("link", name="Search page").click()
    line = pat.locator("pre.copy code").first.inner_text()
    site.pasted.append(line.replace("<script ", '<script data-unit="pats-own-browser" '))
    pat.get_by_role("link", name="Test it").click()
    pat.get_by_role("button", name="Start the test").click()
    mark = pat.locator("pre.copy code").first.inner_text()
    own = pat.context.new_page()
    own.goto(f"{site.partner}/{mark}")
    expect(pat.locator("[data-live]")).to_contain_text("Your page was seen")
    own.close()
    pat.get_by_role("button", name="End the test").click()


def plan_campaign(mara: Page, site: Site) -> None:
    """Answer the questions of the wizard."""
    mara.goto(f"{site.url}/campaigns/new/")
    mara.get_by_label("Name of the campaign").fill("Does the second harm help?")
    mara.get_by_label("What do you expect to find?").fill(
        "Words about himself turn back more people than neutral ones."
    )
    continue_to(mara, 2)
    continue_to(mara, 3)  # the full picture is what is suggested
    mara.locator("input[name=design][value=one]").check()
    continue_to(mara, 4)
    for arm, (key, headline) in zip(("neutral", "victim", "user", "both"), site.headlines.items(), strict=True):
        mara.locator(f"button[value='choose:{arm}']").click()
        mara.get_by_label("Search").fill(headline)
        mara.get_by_role("button", name="Find").click()
        newest = mara.locator("main .rows > li").filter(has_text=key).filter(has_text="You can close this page now.")
        expect(newest).to_have_count(1)
        use = newest.get_by_role("button", name="Use this text")
        (use if use.count() else mara.get_by_role("link", name="Go back without changing anything")).click()
        expect(mara.locator(".progress")).to_have_text(f"Question 4 of {len(QUESTIONS)}")
    continue_to(mara, 5)
    mara.get_by_role("checkbox", name="Search page").check()
    mara.get_by_label("Messages per day").first.fill("1500")
    continue_to(mara, 6)
    continue_to(mara, 7)
    mara.locator("#id_watch_annoyed").check()
    mara.locator("#id_margin_annoyed").fill("5")
    continue_to(mara, 8)
    mara.locator("input[name=monitoring][value=fixed]").check()
    mara.locator("details summary").first.click()
    mara.locator("input[name=unit][value=subject]").check()
    continue_to(mara, 9)
    mara.locator("#id_expected").fill("30")
    mara.locator("#id_smallest").fill("10")
    mara.locator("#id_planned").fill("2000")
    continue_to(mara, 10)
    mara.get_by_label("reference", exact=False).first.fill("Example board, 2026-17")
    continue_to(mara, 11)
    for name in ("ana", "mara"):
        mara.get_by_role("checkbox", name=name).check()
    mara.get_by_role("button", name="Continue").click()
    expect(mara.get_by_role("heading", level=1)).to_have_text("Check your answers")
    mara.get_by_role("button", name="Send for approval").click()
    expect_status(mara).to_contain_text("Sent.")


def launch_campaign(rafael: Page, mara: Page, site: Site) -> None:
    """Have a second person approve the plan, and launch the campaign."""
    rafael.goto(f"{site.url}/reviews/")
    rafael.get_by_role("link", name="Read and decide").click()
    rafael.locator("input[name=have_read]").check()
    rafael.get_by_role("button", name="Approve", exact=True).click()
    expect_status(rafael).to_contain_text("Approved.")
    mara.goto(f"{site.url}/campaigns/does-the-second-harm-help/")
    mara.get_by_role("link", name="Prepare the launch").click()
    mara.get_by_role("button", name="Freeze the plan and launch").click()
    expect_status(mara).to_contain_text("Launched.")


def simulate_visitors(site: Site, number: int, *, begin: int) -> Counter[str]:
    """Simulate subjects who come through the partner's server. Return how many of each arm are counted."""
    arms, dice = run(site.environment, "tests.browser.story:arms_by_headline"), random.Random(begin)
    counted: Counter[str] = Counter()
    events: list[dict[str, str]] = []
    link = http.client.HTTPConnection(site.url.removeprefix("http://"))

    def post(path: str, value: object) -> Any:
        link.request("POST", path, json.dumps(value), {"Content-Type": "application/json"})
        answer = link.getresponse()
        assert answer.status == 200, answer.read()
        return json.loads(answer.read())

    for subject in range(begin, begin + number):
        shown = post("/api/v1/decide", {"placement": "search-page", "locale": "en", "unit": f"subject-{subject}"})
        arm = arms[shown["message"]["headline"]]
        counted[arm if shown["receipt"] else "not counted"] += 1
        if shown["receipt"]:
            does = ["exposed", "left" if dice.random() * 100 < TURN_BACK[arm] else "continued"]
            does += ["annoyed"] if dice.random() * 100 < ANNOY[arm] else []
            events += [{"receipt": shown["receipt"], "outcome": outcome} for outcome in does]
    for start in range(0, len(events), 500):
        assert post("/api/v1/events", events[start : start + 500])["accepted"] == len(events[start : start + 500])
    link.close()
    return counted


def arms_shown(site: Site) -> set[str]:
    """Return the arms of sixty opted-out visitors. The chance that one of four arms is missing is about 1 in 10^7."""
    arms = run(site.environment, "tests.browser.story:arms_by_headline")
    link = http.client.HTTPConnection(site.url.removeprefix("http://"))
    shown = set()
    for number in range(60):
        value = {"placement": "search-page", "locale": "en", "unit": f"asks-{number}"}
        link.request("POST", "/api/v1/decide", json.dumps(value), {"Content-Type": "application/json", "Sec-GPC": "1"})
        shown.add(arms[json.loads(link.getresponse().read())["message"]["headline"]])
    link.close()
    return shown


def test_from_four_drafts_to_a_verdict_and_no_keys(site: Site, page: OpenPage) -> None:
    mara, rafael, ana, pat = (sign_in(site, page(), name) for name in ("mara", "rafael", "ana", "pat"))
    wrong = [collect_errors(tab) for tab in (mara, rafael, ana, pat)]
    submit_drafts(mara, site)
    approve_drafts(rafael, site)
    create_placement(mara, pat, site)
    plan_campaign(mara, site)
    launch_campaign(rafael, mara, site)

    # The first day. Whoever opens the partner's page sees one of the four, and 1,400 more come through its server.
    visitor = page()
    visitor.goto(site.partner)
    reload_until(visitor, visitor.locator("second-thought h2").is_visible)
    first = simulate_visitors(site, 1400, begin=0)
    assert set(first) == set(TURN_BACK), first
    watched = f"{site.url}/campaigns/does-the-second-harm-help/watch/"
    result = site.advance_clock(TWO_DAYS)
    assert (result["open"], result["stopped"]) == (0, ["both"])
    assert result["seen"] in {1400, 1401}  # Pat's own browser may have seen it long enough
    assert result["looks"] == [True], "before the planned look only the data's health is recorded"
    assert {letter.partition(":")[0] for letter in result["mail"]} == {"ana@example.org", "mara@example.org"}

    # The guardrail has stopped one arm: its visitors get the neutral text, uncounted, and the page says what to decide.
    mara.goto(watched)
    expect(mara.get_by_role("region", name="One message was stopped in this campaign")).to_contain_text("Your options")
    assert not mara.get_by_text("turn back", exact=False).filter(has_text="%").count()
    wait_until(lambda: "both" not in arms_shown(site), what="the stop")
    second = simulate_visitors(site, 1000, begin=10_000)
    assert second["both"] == 0
    assert 200 < second["not counted"] < 300  # a quarter, as before

    # The planned people are there: the look is made, and an analyst reads the verdict.
    result = site.advance_clock(TWO_DAYS)
    assert result["looks"][-1] is False, (result, second)
    assert result["seen"] - 1400 in range(sum(second.values()) - second["not counted"], 1002)
    ana.goto(f"{site.url}/campaigns/does-the-second-harm-help/results/")
    expect(ana.locator(".verdict .sentence").first).to_contain_text("turned back")
    expect(ana.locator("main")).to_contain_text("Better")
    expect(ana.get_by_role("region", name="One message was stopped in this campaign")).to_be_visible()

    # The manager closes the campaign: its subjects' key is destroyed, and nobody can recompute an arm any more.
    assert run(site.environment, "tests.browser.story:final_state")["secrets"] != []
    mara.goto(f"{site.url}/campaigns/does-the-second-harm-help/")
    mara.get_by_role("link", name="Close it for good").click()
    mara.get_by_label("I understand that this cannot be undone.").check()
    mara.get_by_role("button", name="Close it for good").click()
    expect_status(mara).to_contain_text("Closed for good.")
    assert run(site.environment, "tests.browser.story:final_state") == {
        "state": "closed",
        "secrets": [],
        "deviations": [],
    }
    mara.goto(f"{site.url}/audit/")
    expect(mara.locator("main")).to_contain_text("destroyed the subject secret of")
    assert wrong == [[], [], [], []]
