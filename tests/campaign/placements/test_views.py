"""The pages of the placements: adding without loss, what to paste, what a test has seen, and who sees which."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from campaign.kill_switch import stop
from campaign.models import Partner, Placement, PlacementTest
from campaign.placements import tag_check
from campaign.staff_site import access
from messages.models import AuditEntry
from tests import world

pytestmark = pytest.mark.django_db
FILLED = {"name": "Search page", "new_partner": "The Shed", "allowed_origins": "https://www.example.org\n"}


@pytest.fixture
def manager(client: Client) -> Client:
    world.sign_in(client, world.person("mara", "manager"))
    return client


@pytest.fixture
def contact() -> Client:
    """Pat, whom the example partner sent."""
    client, pat = Client(), world.person("pat", "partner contact")
    world.placement().partner.contacts.add(pat)
    world.sign_in(client, pat)
    return client


def page(client: Client, url: str = "/placements/") -> str:
    response = client.get(url)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def seen(client: Client, key: str = "quiet-page") -> str:
    """The digest in the form of this placement."""
    answer = client.get(f"/placements/{key}/change/")
    digest: str = answer.context["form"].seen_digest
    assert f'name="was" value="{digest}"' in answer.content.decode()
    return digest


class TestTheList:
    def test_an_empty_one_says_what_to_do_first(self, manager: Client) -> None:
        assert "Add the first placement" in page(manager)

    def test_says_of_each_what_stands_there(self, manager: Client) -> None:
        world.launched()
        world.placement("resting")
        html = page(manager)
        assert "A campaign is running" in html
        assert "No campaign: nothing is shown" in html
        assert html.count("<h2") == 1, "one partner, one heading"

    def test_asks_no_more_the_more_there_are(self, manager: Client, django_assert_max_num_queries: object) -> None:
        world.launched()
        for number in range(30):
            world.placement(f"page-{number}")
        with django_assert_max_num_queries(20):  # type: ignore[operator]  # pytest-django's
            page(manager)


class TestAdding:
    def test_leads_to_what_to_paste(self, manager: Client) -> None:
        response = manager.post("/placements/add/", FILLED)
        assert response.headers["Location"] == "/placements/search-page/"
        made = Placement.objects.get()
        assert (made.partner.name, made.allowed_origins, made.expected_per_day) == (
            "The Shed",
            ["https://www.example.org"],
            0,
        )
        html = page(manager, "/placements/search-page/")
        assert "data-placement=&quot;search-page&quot;" in html or 'data-placement="search-page" async&gt;' in html
        assert "http://testserver/api/v1/decide" in html
        assert "http://testserver/m/search-page/" in html

    @pytest.mark.parametrize(
        ("field", "typed", "said"),
        [
            ("allowed_origins", "https://a.example\nhttp://b.example", "Line 2: Use https://"),
            ("allowed_origins", "https://a.example/page", "Line 1: Enter only the site’s address"),
            ("allowed_origins", "\n".join(f"https://a{n}.example" for n in range(51)), "Enter at most 50 sites."),
            ("leave_url", "http://a.example/", "begins with https://"),
            ("continue_url", "not an address", "Enter an address"),
            ("expected_per_day", "-1", "greater than or equal to 0"),
            ("expected_per_day", "many", "Enter a whole number"),
            ("key", "add", "already uses this key"),
            ("key", "two words", "Enter a valid"),
            ("key", "quiet-page", "already exists"),
            ("name", "", "required"),
            ("new_partner", "example PARTNER", "already exists"),
            ("partner", "999", "valid choice"),
            ("fallback", "999", "valid choice"),
        ],
    )
    def test_says_beside_the_field_what_is_wrong_and_keeps_what_was_typed(
        self, manager: Client, field: str, typed: str, said: str
    ) -> None:
        world.placement()
        told = {**FILLED, field: typed}
        response = manager.post("/placements/add/", told)
        assert response.status_code == 200
        assert said in " ".join(response.context["form"].errors[field])
        assert told["allowed_origins"].splitlines()[0] in response.content.decode()
        assert Placement.objects.count() == 1

    def test_wants_one_partner_neither_none_nor_two(self, manager: Client) -> None:
        there = str(world.placement().partner_id)
        none = manager.post("/placements/add/", {**FILLED, "new_partner": ""}).context["form"].errors
        two = manager.post("/placements/add/", {**FILLED, "partner": there}).context["form"].errors
        assert none == {"partner": ["Choose a partner, or enter a new one below."]}
        assert two == {"new_partner": ["Choose a partner above or enter a new one here, not both."]}

    def test_offers_approved_neutral_words_alone(self, manager: Client) -> None:
        neutral = world.approved_revision("neutral", headline="Take a moment")
        world.approved_revision("victim", headline="Think of her")
        world.draft_rendition()
        html = page(manager, "/placements/add/")
        assert "Take a moment" in html
        assert "Think of her" not in html
        manager.post("/placements/add/", {**FILLED, "fallback": str(neutral.pk)})
        assert Placement.objects.get().fallback == neutral

    def test_neither_offers_nor_takes_words_that_were_stopped_everywhere(self, manager: Client) -> None:
        neutral = world.approved_revision("neutral", headline="Take a moment")
        stop.stop_message(
            neutral.message, by=world.person("rafael", "reviewer"), reason="It may frighten.", now=world.NOON
        )
        assert "Take a moment" not in page(manager, "/placements/add/")
        response = manager.post("/placements/add/", {**FILLED, "fallback": str(neutral.pk)})
        assert response.context["form"].errors == {
            "fallback": ["This text was stopped everywhere. Choose another, or none."]
        }
        assert "https://www.example.org" in response.content.decode(), "what was typed is kept"
        assert not Placement.objects.exists()


class TestChanging:
    def test_keeps_the_rest(self, manager: Client) -> None:
        place = world.placement(leave_url="https://partner.example/bye")
        html = page(manager, "/placements/quiet-page/change/")
        assert "https://partner.example/bye" in html
        told = {"name": "A new name", "key": "new-key", "partner": str(place.partner_id), "expected_per_day": "12"}
        told |= {"allowed_origins": world.PARTNER_ORIGIN, "was": seen(manager)}
        response = manager.post("/placements/quiet-page/change/", told)
        assert response.headers["Location"] == "/placements/new-key/"
        assert "https://partner.example/bye" not in page(manager, "/placements/new-key/")
        assert AuditEntry.objects.get().detail["fields"] == "name, key, leave_url, expected_per_day"

    def test_no_longer_offers_its_own_words_once_they_were_stopped(self, manager: Client) -> None:
        neutral = world.approved_revision("neutral", headline="Take a moment")
        world.placement(fallback=neutral)
        assert "Take a moment" in page(manager, "/placements/quiet-page/change/")
        stop.stop_message(
            neutral.message, by=world.person("rafael", "reviewer"), reason="It may frighten.", now=world.NOON
        )
        Placement.objects.update(fallback=neutral)  # as if it had been chosen in the same moment
        assert "Take a moment" not in page(manager, "/placements/quiet-page/change/")

    def test_of_a_key_ends_with_the_first_launch(self, manager: Client) -> None:
        place = world.launched().placements.get()
        assert "You cannot change this: a campaign was launched here" in page(manager, "/placements/quiet-page/change/")
        told = {"name": "Same place", "key": "another", "partner": str(place.partner_id), "was": seen(manager)}
        assert manager.post("/placements/quiet-page/change/", told).headers["Location"] == "/placements/quiet-page/"
        place.refresh_from_db()
        assert (place.key, place.name) == ("quiet-page", "Same place")

    def test_from_a_page_that_a_colleague_overtook_loses_nothing_of_either(self, manager: Client) -> None:
        place = world.placement()
        told = {"name": "As Mara wrote it", "partner": str(place.partner_id), "was": seen(manager)}
        Placement.objects.update(allowed_origins=["https://eve.example"])
        answer = manager.post("/placements/quiet-page/change/", told)
        html = answer.content.decode()
        assert "A colleague changed this while you were writing" in html
        assert "As Mara wrote it" in html
        assert "https://eve.example" in html
        place.refresh_from_db()
        assert (place.name, place.allowed_origins) == ("quiet-page", ["https://eve.example"])
        manager.post("/placements/quiet-page/change/", {**told, "was": answer.context["form"].seen_digest})
        place.refresh_from_db()
        assert place.name == "As Mara wrote it"


class TestATest:
    def test_says_when_the_page_was_seen(self, manager: Client) -> None:
        place = world.placement()
        assert "Start the test" in page(manager, "/placements/quiet-page/test/")
        manager.post("/placements/quiet-page/test/", {"do": "begin"})
        html = page(manager, "/placements/quiet-page/test/")
        assert "Nothing seen yet." in html
        assert f"#{tag_check.FRAGMENT_PREFIX}{tag_check.sign_mark(place.test)}" in html
        at = timezone.now() - timedelta(seconds=12)
        PlacementTest.objects.update(seen_at=at, seen_by="page")
        assert "Your page was seen 12 seconds ago." in page(manager, "/placements/quiet-page/test/")

    def test_says_what_is_wrong(self, manager: Client) -> None:
        world.placement()
        manager.post("/placements/quiet-page/test/")
        wrong = {"failed_at": timezone.now(), "problem": "origin", "origin": "https://www.partner.example"}
        PlacementTest.objects.update(**wrong)
        assert "Your page is on <code>https://www.partner.example</code>" in page(
            manager, "/placements/quiet-page/test/"
        )
        PlacementTest.objects.update(problem="key", origin="")
        assert "the key does not match" in page(manager, "/placements/quiet-page/test/")

    def test_that_is_ended_is_forgotten(self, manager: Client) -> None:
        world.placement()
        manager.post("/placements/quiet-page/test/")
        manager.post("/placements/quiet-page/test/", {"do": "end"})
        assert not PlacementTest.objects.exists()


class TestAPartnerContact:
    def test_comes_to_the_placements_from_the_front_door(self, contact: Client) -> None:
        assert contact.get("/").headers["Location"] == "/placements/"

    def test_sees_their_own_alone(self, contact: Client) -> None:
        shed = Partner.objects.create(name="The Shed")
        Placement.objects.create(key="their-page", name="Search page of the Shed", partner=shed)
        html = page(contact)
        assert "quiet-page" in html
        assert "Shed" not in html
        for address in ("", "test/", "change/"):
            assert contact.get(f"/placements/their-page/{address}").status_code in (403, 404)
        assert contact.get("/placements/their-page/").status_code == 404
        assert contact.post("/placements/their-page/test/").status_code == 404
        assert not PlacementTest.objects.exists()

    def test_who_is_nobodys_contact_sees_none(self, contact: Client) -> None:
        world.person("pat").groups.clear()
        Partner.objects.get().contacts.clear()
        world.person("pat", "partner contact")
        assert "You have no placements yet" in page(contact)
        assert contact.get("/placements/quiet-page/").status_code == 404

    def test_sees_that_a_campaign_runs_and_nothing_of_it(self, contact: Client) -> None:
        campaign = world.launched()
        html = page(contact) + page(contact, "/placements/quiet-page/") + page(contact, "/placements/quiet-page/test/")
        assert "A campaign is running" in html
        assert campaign.name not in html
        assert f"/campaigns/{campaign.slug}" not in html
        for closed in (f"/campaigns/{campaign.slug}/", f"/campaigns/{campaign.slug}/results/", "/messages/", "/audit/"):
            assert contact.get(closed).status_code == 403

    def test_may_begin_a_test(self, contact: Client) -> None:
        assert contact.post("/placements/quiet-page/test/").status_code == 302
        assert "Nothing seen yet." in page(contact, "/placements/quiet-page/test/")

    def test_a_list_that_shows_everybody_everything_is_found(
        self, contact: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(access, "has_role", lambda user, *roles: True)
        with pytest.raises(AssertionError):
            self.test_sees_their_own_alone(contact)


class TestContacts:
    def test_are_chosen_by_an_administrator_who_has_confirmed(self, client: Client) -> None:
        partner, pat = world.placement().partner, world.person("pat", "partner contact")
        world.sign_in(client, world.person("otto", "administrator"))
        address = f"/partners/{partner.pk}/contacts/"
        assert "pat" in page(client, address)
        assert client.post(address, {"contacts": [pat.pk], "was": ""}).status_code == 302
        assert list(partner.contacts.all()) == [pat]
        session = client.session
        session["confirmed_at"] = 0
        session.save()
        assert client.post(address, {"contacts": []}).headers["Location"].startswith("/account/confirm/")
        assert list(partner.contacts.all()) == [pat]

    def test_that_were_taken_away_meanwhile_do_not_come_back(self, client: Client) -> None:
        partner, pat = world.placement().partner, world.person("pat", "partner contact")
        pia = world.person("pia", "partner contact")
        partner.contacts.add(pat)
        world.sign_in(client, world.person("otto", "administrator"))
        address = f"/partners/{partner.pk}/contacts/"
        was = client.get(address).context["form"].seen
        partner.contacts.clear()
        told = {"contacts": [pat.pk, pia.pk], "was": was}
        assert "A colleague has changed these contacts" in client.post(address, told, follow=True).content.decode()
        assert not partner.contacts.exists()

    def test_are_never_people_of_another_role(self, client: Client) -> None:
        partner, ana = world.placement().partner, world.person("ana", "analyst")
        world.sign_in(client, world.person("otto", "administrator"))
        address = f"/partners/{partner.pk}/contacts/"
        assert "Invite someone" in page(client, address)
        assert client.post(address, {"contacts": [ana.pk]}).status_code == 200
        assert not partner.contacts.exists()

    def test_a_manager_renames_and_assigns_nobody(self, manager: Client) -> None:
        partner = world.placement().partner
        assert manager.post(f"/partners/{partner.pk}/", {"name": ""}).status_code == 200
        stale = {"name": "The Shed", "was": manager.get(f"/partners/{partner.pk}/").context["form"].seen_digest}
        Partner.objects.update(name="As Eve named it")
        answer = manager.post(f"/partners/{partner.pk}/", stale)
        assert "A colleague changed this while you were writing" in answer.content.decode()
        again = stale | {"was": answer.context["form"].seen_digest}
        assert manager.post(f"/partners/{partner.pk}/", again).status_code == 302
        assert "The Shed" in page(manager, f"/partners/{partner.pk}/")
        assert manager.get(f"/partners/{partner.pk}/contacts/").status_code == 403


@pytest.mark.parametrize("name", ["leave_url", "continue_url"])
@pytest.mark.parametrize(
    "url",
    [
        "https://bank.example@evil.example/",
        "https://a:b@evil.example/",
        "https://@evil.example/",
        "http://evil.example/",
        "http://localhost@evil.example/",
        "https://evil.example\\@bank.example/",
    ],
)
def test_visitors_are_led_to_no_address_that_looks_like_another(name: str, url: str) -> None:
    client = Client()
    world.sign_in(client, world.person("mara", "manager"))
    typed = {"name": "A page", "new_partner": "Somebody", "allowed_origins": "https://a.example", name: url}
    assert client.post("/placements/add/", typed).status_code == 200
    assert not Placement.objects.exists()
