"""The pages of help links: known and unknown facts, checking one after another, and conflicts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from messages.models import AuditEntry, HelpLink
from tests import world

pytestmark = pytest.mark.django_db

FILLED = {
    "name": "Somewhere",
    "url": "https://some.example/help",
    "lane": "self",
    "audience": "adult",
    "country": "GB",
    "language": "en",
    "channels": ["web"],
    "note": "For adults in Britain.",
    "source": "Somebody, Britain",
}


@pytest.fixture
def manager(client: Client) -> Client:
    world.sign_in(client, world.person("mara", "manager"))
    return client


@pytest.fixture
def reviewer() -> Client:
    client = Client()
    world.sign_in(client, world.person("rafael", "reviewer"))
    return client


def text(response: object) -> str:
    return " ".join(response.content.decode().split())  # type: ignore[attr-defined]  # whatever the client answers


def page(client: Client, url: str = "/help-links/") -> str:
    response = client.get(url)
    assert response.status_code == 200
    return text(response)


def a_link(key: str = "somewhere", **fields: object) -> HelpLink:
    told = {**FILLED, "verified_on": timezone.localdate(), "verified_by": "rafael"} | fields
    return HelpLink.objects.create(key=key, **told)


class TestTheDirectory:
    def test_an_empty_one_says_what_to_do_first(self, manager: Client) -> None:
        html = page(manager)
        assert "No help links yet" in html
        assert "There is no help link for the person shown." in html

    def test_a_new_installation_sees_which_to_check_first(self, manager: Client) -> None:
        world.load_starter_library()
        html = page(manager)
        assert "27 help links to check" in html
        assert html.count("Not opened yet") == 27
        assert "Start with" in html

    def test_what_is_not_known_is_said(self, manager: Client) -> None:
        a_link(hours="9 to 17")
        html = page(manager)
        assert "Not known: cost" in html
        assert '<dd><span class="soft">not known</span></dd>' in page(manager, "/help-links/somewhere/")

    def test_who_checked_it_and_until_when_it_counts_stands_beside_it(self, manager: Client) -> None:
        a_link(verified_on=timezone.localdate() - timedelta(days=10))
        until = timezone.localdate() + timedelta(days=170)
        html = page(manager)
        assert "by rafael" in html
        assert f"valid until {until.day} {until:%B %Y}" in html

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", {"adult-gb", "anyone-everywhere", "child-us"}),
            ("?for=stop", {"adult-gb"}),
            ("?for=shown", {"anyone-everywhere", "child-us"}),
            ("?for=under18", {"anyone-everywhere", "child-us"}),
            ("?for=parent", {"anyone-everywhere"}),
            ("?country=GB", {"adult-gb", "anyone-everywhere"}),
            ("?country=FR", {"anyone-everywhere"}),
            ("?channel=phone", {"child-us"}),
            ("?show=due", {"child-us"}),
            ("?show=flagged", {"adult-gb"}),
            ("?show=retired", {"old"}),
            ("?for=under18&country=US&channel=phone&show=due", {"child-us"}),
            ("?for=<b>&show=nonsense", {"adult-gb", "anyone-everywhere", "child-us"}),
        ],
    )
    def test_it_is_filtered(self, manager: Client, query: str, found: set[str]) -> None:
        a_link("adult-gb", probe="moved", probe_said="Elsewhere.", probed_at=timezone.now())
        a_link("anyone-everywhere", lane="affected", audience="anyone", country="*")
        a_link("child-us", lane="affected", audience="under18", country="US", channels=["phone"], verified_on=None)
        a_link("old", retired_on=timezone.localdate())
        response = manager.get(f"/help-links/{query}")
        assert {row.link.key for _, rows in response.context["lanes"] for row in rows} == found

    def test_what_a_machine_found_stands_beside_it_as_a_flag(self, manager: Client) -> None:
        a_link(probe="moved", probe_said="It sends people on to x.example.", probed_at=timezone.now())
        html = page(manager)
        assert 'class="probe flagged"' in html
        assert "It sends people on to x.example." in html

    def test_it_costs_few_queries_however_many_they_are(
        self, manager: Client, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        for number in range(30):
            a_link(f"link-{number}", verified_on=None)
        page(manager)  # the navigation's counts, kept until the record grows
        with django_assert_max_num_queries(10):
            page(manager)


class TestChecking:
    def test_each_leads_to_the_next_until_all_are_checked(self, reviewer: Client) -> None:
        world.load_starter_library()
        address = "/help-links/shore/"
        for left in range(26, -1, -1):
            seen = reviewer.get(address).context["seen"]
            answer = reviewer.post(f"{address}check/", {"seen": seen, "found": "fits"})
            address = answer.headers["Location"]
            assert HelpLink.objects.filter(verified_on=None).count() == left
        assert address == "/help-links/"
        assert set(HelpLink.objects.values_list("verified_by", flat=True)) == {"rafael"}
        assert "All links are checked" in page(reviewer)
        assert AuditEntry.objects.filter(action="help-check", actor="rafael").count() == 27

    def test_a_telephone_number_that_changed_since_the_page_was_opened_is_not_checked(self, reviewer: Client) -> None:
        a_link(verified_on=None, contact="116 123")
        seen = reviewer.get("/help-links/somewhere/").context["seen"]
        HelpLink.objects.update(contact="0900 666")
        answer = reviewer.post("/help-links/somewhere/check/", {"seen": seen, "found": "fits"}, follow=True)
        assert "A colleague has changed this link" in text(answer)
        assert HelpLink.objects.get().verified_on is None

    def test_a_request_that_does_not_say_what_was_seen_checks_nothing(self, reviewer: Client) -> None:
        a_link(verified_on=None)
        reviewer.post("/help-links/somewhere/check/", {"found": "fits"})
        assert HelpLink.objects.get().verified_on is None

    def found(self, client: Client, found: str) -> str:
        a_link(verified_on=None)
        seen = client.get("/help-links/somewhere/").context["seen"]
        answer = client.post("/help-links/somewhere/check/", {"seen": seen, "found": found}, follow=True)
        assert HelpLink.objects.get().verified_on is None
        return text(answer)

    def test_it_is_not_checked_before_somebody_says_what_they_saw(self, reviewer: Client) -> None:
        assert "Open the link first, then say what you saw." in self.found(reviewer, "")

    def test_what_is_not_true_any_more_is_changed_and_not_checked(self, manager: Client) -> None:
        assert "Change here what is no longer true" in self.found(manager, "differs")

    def test_what_is_gone_can_be_retired_at_once(self, manager: Client) -> None:
        assert "say why and retire it" in self.found(manager, "gone")

    @pytest.mark.parametrize("found", ["differs", "gone"])
    def test_a_reviewer_who_saw_something_else_tells_a_manager(self, reviewer: Client, found: str) -> None:
        assert "Tell a manager what you saw" in self.found(reviewer, found)

    def test_an_analyst_reads_and_has_no_button(self, client: Client) -> None:
        a_link(verified_on=None)
        world.sign_in(client, world.person("ana", "analyst"))
        html = page(client, "/help-links/somewhere/")
        assert "Save what I saw" not in html
        assert "Retire" not in html

    def test_the_link_is_opened_without_telling_it_of_us(self, reviewer: Client) -> None:
        a_link()
        assert 'rel="noopener noreferrer" referrerpolicy="no-referrer"' in page(reviewer, "/help-links/somewhere/")


class TestWriting:
    def test_a_manager_adds_one_and_is_asked_to_open_it(self, manager: Client) -> None:
        answer = manager.post("/help-links/add/", FILLED, follow=True)
        assert answer.redirect_chain[-1][0] == "/help-links/somewhere/"
        assert "Not opened yet" in text(answer)
        assert HelpLink.objects.get().channels == ["web"]

    @pytest.mark.parametrize(
        ("change", "field", "said"),
        [
            ({"url": "http://some.example/"}, "url", "begins with https://"),
            ({"url": "https://some.example:8443/"}, "url", "without a port or password"),
            ({"url": "https://a:b@some.example/"}, "url", "without a port or password"),
            ({"url": "https://10.0.0.1/"}, "url", "name of a site"),
            ({"url": "nonsense"}, "url", "Enter an address"),
            ({"url": ""}, "url", "required"),
            ({"lane": ""}, "lane", "required"),
            ({"country": "XX"}, "country", "valid choice"),
            ({"channels": []}, "channels", "required"),
            ({"note": ""}, "note", "required"),
            ({"hours": "9 to 17"}, "facts_from", "where you read"),
            ({"channels": ["web", "phone"]}, "facts_from", "where you read"),
            ({"cost": "free"}, "facts_from", "where you read"),
        ],
    )
    def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
        self, manager: Client, change: dict[str, object], field: str, said: str
    ) -> None:
        answer = manager.post("/help-links/add/", {**FILLED, **change, "staff_note": "Something long & typed"})
        assert said in " ".join(answer.context["form"].errors[field])
        html = text(answer)
        assert f'id="id_{field}_error"' in html
        assert "Something long &amp; typed" in html
        assert not HelpLink.objects.exists()

    def test_a_change_is_kept_and_a_new_address_has_to_be_opened(self, manager: Client) -> None:
        was = _state(manager, a_link())
        answer = manager.post(
            "/help-links/somewhere/change/", {**FILLED, "url": "https://new.example/", "was": was}, follow=True
        )
        assert "once a colleague has opened the link and checked it" in text(answer)
        assert HelpLink.objects.get().verified_on is None

    def test_two_people_at_one_link_lose_nothing_and_are_told(self, manager: Client) -> None:
        was = _state(manager, a_link())
        HelpLink.objects.update(note="As Eve wrote it.")
        mine = {**FILLED, "note": "As Mara wrote it."}
        answer = manager.post("/help-links/somewhere/change/", {**mine, "was": was})
        html = text(answer)
        assert "A colleague changed this while you were writing" in html
        assert "As Eve wrote it." in html
        assert "As Mara wrote it." in html
        assert HelpLink.objects.get().note == "As Eve wrote it."
        manager.post("/help-links/somewhere/change/", {**mine, "was": answer.context["form"].seen_digest})
        assert HelpLink.objects.get().note == "As Mara wrote it."

    def test_retiring_asks_for_a_reason(self, manager: Client) -> None:
        a_link()
        answer = manager.post("/help-links/somewhere/retire/", {"reason": "  "})
        assert "Enter a reason" in text(answer)
        manager.post("/help-links/somewhere/retire/", {"reason": "It closed."})
        assert HelpLink.objects.get().retired_on == timezone.localdate()
        assert "It closed." in page(manager, "/audit/?kind=help")
        manager.post("/help-links/somewhere/restore/")
        assert HelpLink.objects.get().retired_on is None


class TestOnTheCampaignsPage:
    @pytest.mark.parametrize(
        ("make", "said"),
        [(world.draft, "Before launch: check 4 help links"), (world.launched, "has not been checked recently")],
    )
    def test_links_that_wait_are_named(self, reviewer: Client, make: Callable[[], object], said: str) -> None:
        make()
        assert "Help: self" not in page(reviewer, "/campaigns/pilot/")
        HelpLink.objects.update(verified_on=timezone.localdate() - timedelta(days=181))
        html = page(reviewer, "/campaigns/pilot/")
        assert said in html
        assert 'href="/help-links/help-self/"' in html
        assert "last opened 181 days ago" in html

    def test_a_closed_campaign_asks_for_nothing(self, reviewer: Client) -> None:
        world.launched()
        type(world.draft("other")).objects.filter(slug="pilot").update(state="closed")
        HelpLink.objects.update(verified_on=None)
        assert "help-self" not in page(reviewer, "/campaigns/pilot/")


def _state(client: Client, link: HelpLink) -> str:
    """The digest in the form of this link."""
    state: str = client.get(f"/help-links/{link.key}/change/").context["form"].seen_digest
    assert f'name="was" value="{state}"' in text(client.get(f"/help-links/{link.key}/change/"))
    return state
