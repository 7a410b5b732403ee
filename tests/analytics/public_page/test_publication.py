"""Results on a public page: proposed by one person, published by a second, and taken down by either."""

from __future__ import annotations

import json
import re

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from pytest_django import Settings

from analytics.looks.evaluate import evaluate
from analytics.models import PublicPage
from analytics.public_page import publication
from campaign.lifecycle import transitions
from campaign.models import Campaign
from messages.models import AuditEntry
from tests import world

pytestmark = pytest.mark.django_db
COUNTS = {"neutral": (5012, 1354), "victim": (4987, 1596), "user": (5020, 1541), "both": (4981, 1798)}
PUBLIC, STAFF = "/published/pilot/", "/campaigns/pilot/results/"


@world.cached_rows
def closed(counts: dict[str, tuple[int, int]] = COUNTS) -> Campaign:
    campaign = world.launched()
    world.tally(campaign, counts)
    evaluate(campaign, now=world.NOON)
    transitions.close(Campaign.objects.get(), by=world.person("mara", "manager"), now=world.NOON)
    return Campaign.objects.get()


def client_of(name: str, role: str) -> Client:
    client = Client()
    world.sign_in(client, world.person(name, role))
    return client


@pytest.fixture
def mara() -> Client:
    return client_of("mara", "manager")


@pytest.fixture
def rafael() -> Client:
    return client_of("rafael", "reviewer")


def press(client: Client, button: str, **fields: str) -> str:
    """Press a button of the results page, and return what the page then says."""
    response = client.post(f"{STAFF}public/{button}/", fields)
    assert response.headers["Location"] == f"{STAFF}#publish"
    return client.get(STAFF).content.decode()


def published(mara: Client, rafael: Client) -> str:
    press(mara, "propose")
    assert "Published. Anyone can read it now." in press(rafael, "publish", look="1")
    response = Client().get(PUBLIC)
    assert response.status_code == 200
    return response.content.decode()


def test_a_second_person_publishes_it_and_anybody_reads_it(mara: Client, rafael: Client) -> None:
    closed()
    assert Client().get(PUBLIC).status_code == 404
    assert "Proposed. A colleague has to read the page" in press(mara, "propose")
    assert Client().get(PUBLIC).status_code == 404
    assert "a colleague has to publish it" in press(mara, "publish", look="1")
    assert "Published." in press(rafael, "publish", look="1")
    assert "36 turned back; 9 more than with the neutral text" in Client().get(PUBLIC).content.decode()
    actions = AuditEntry.objects.filter(action__startswith="results-").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["results-propose", "results-publish"]


@pytest.mark.parametrize("name", ["mara", "rafael"])
def test_either_takes_it_down_at_once(mara: Client, rafael: Client, name: str) -> None:
    closed()
    published(mara, rafael)
    assert "Taken down." in press({"mara": mara, "rafael": rafael}[name], "take-down")
    assert Client().get(PUBLIC).status_code == 404
    assert Client().get(f"{PUBLIC}counts.csv").status_code == 404


def test_what_the_second_person_did_not_see_is_not_published(mara: Client, rafael: Client) -> None:
    closed()
    press(mara, "propose")
    assert "A newer look has been proposed" in press(rafael, "publish", look="2")
    assert "A newer look has been proposed" in press(rafael, "publish", look="9" * 5000)
    assert Client().get(PUBLIC).status_code == 404


def test_the_database_refuses_one_person_as_both() -> None:
    campaign, mara = closed(), world.person("mara")
    both = {"proposed_by": mara, "published_by": mara, "proposed_at": world.NOON, "published_at": world.NOON}
    with pytest.raises(IntegrityError), transaction.atomic():
        PublicPage.objects.create(campaign=campaign, look=1, **both)


def test_a_running_campaign_is_not_published(mara: Client) -> None:
    campaign = world.launched()
    world.tally(campaign, COUNTS)
    evaluate(campaign, now=world.NOON)
    assert "after the campaign is closed" in press(mara, "propose")
    assert "Public page" not in mara.get(STAFF).content.decode()
    assert mara.get(f"{STAFF}public/").headers["Location"] == f"{STAFF}#publish"


def test_an_analyst_neither_proposes_nor_publishes(mara: Client) -> None:
    closed()
    ana = client_of("ana", "analyst")
    assert ana.post(f"{STAFF}public/propose/").status_code == 403
    press(mara, "propose")
    assert ana.post(f"{STAFF}public/publish/", {"look": "1"}).status_code == 403


def test_staff_read_the_page_before_it_is_proposed(rafael: Client) -> None:
    closed()
    html = rafael.get(f"{STAFF}public/").content.decode()
    assert "This is a preview." in html
    assert "application/ld+json" not in html


class TestThePage:
    def test_it_names_no_place_no_partner_and_nobody(self, mara: Client, rafael: Client) -> None:
        campaign = closed()
        html = published(mara, rafael)
        place = campaign.placements.get()
        for name in (place.key, place.name, place.partner.name, "mara", "rafael"):
            assert name not in html

    def test_it_sets_no_cookie_and_asks_nothing_of_others(self, mara: Client, rafael: Client) -> None:
        closed()
        published(mara, rafael)
        response = Client().get(PUBLIC)
        assert not response.cookies
        loaded = re.findall(r'(?:src|href)="([^"]*\.(?:css|js|png|svg)[^"]*)"', response.content.decode())
        assert loaded
        assert all(address.startswith("/") for address in loaded)

    def test_it_has_a_language_by_its_address_and_by_the_browser(self, mara: Client, rafael: Client) -> None:
        closed()
        published(mara, rafael)
        for response in (
            Client().get(f"{PUBLIC}?language=es"),
            Client().get(PUBLIC, headers={"accept-language": "es"}),
        ):
            assert '<html lang="es"' in response.content.decode()
            assert "De cada 100 personas" in response.content.decode()
        assert '<html lang="en"' in Client().get(f"{PUBLIC}?language=xx").content.decode()

    def test_search_engines_read_a_dataset_and_no_text_ends_its_element(
        self, mara: Client, rafael: Client, settings: Settings
    ) -> None:
        settings.ORGANISATION = "</script><b>&amp;"
        closed()
        html = published(mara, rafael)
        data = json.loads(re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)[0])
        assert (data["@type"], data["creator"]["name"]) == ("Dataset", "</script><b>&amp;")
        assert {Client().get(each["contentUrl"]).status_code for each in data["distribution"]} == {200}

    def test_a_small_count_is_hidden_and_so_it_is_in_its_files(self, mara: Client, rafael: Client) -> None:
        closed(COUNTS | {"both": (2000, 3)})
        assert "fewer than 10" in published(mara, rafael)
        counts = Client().get(f"{PUBLIC}counts.csv").content.decode()
        assert not [line for line in counts.splitlines() if '"both"' in line and line.endswith('"3"')]

    def test_files_that_name_places_are_not_there(self, mara: Client, rafael: Client) -> None:
        closed()
        published(mara, rafael)
        for name in ("counts-by-placement.csv", "data-package.zip", "bundle.zip", "report.pdf", "nothing"):
            assert Client().get(PUBLIC + name).status_code == 404

    def test_a_backfire_is_told_as_plainly(self, mara: Client, rafael: Client) -> None:
        closed(COUNTS | {"both": (4981, 998)})
        assert "7 fewer than with the neutral text" in published(mara, rafael)

    def test_once_the_plan_is_not_the_frozen_one_nothing_is_shown(self, mara: Client, rafael: Client) -> None:
        campaign = closed()
        published(mara, rafael)
        world.drop_triggers()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE campaign_analysisplan SET planned_per_arm = 7 WHERE campaign_id = %s", [campaign.pk])
        assert Client().get(PUBLIC).status_code == 404
        assert Client().get(f"{PUBLIC}counts.csv").status_code == 404
        assert rafael.get(f"{STAFF}public/").headers["Location"] == f"{STAFF}#publish"


class TestRowsThatSqlWrote:
    """A row says that it is published; the audit record does not."""

    def test_an_inserted_page_is_published_to_nobody(self) -> None:
        two = {"proposed_by": world.person("mara"), "published_by": world.person("rafael", "reviewer")}
        times = {"proposed_at": world.NOON, "published_at": world.NOON}
        PublicPage.objects.create(campaign=closed(), look=1, **two, **times)
        assert Client().get(PUBLIC).status_code == 404
        assert Client().get(f"{PUBLIC}counts.csv").status_code == 404

    def test_nor_is_a_proposal_that_somebody_marked_as_published(self, mara: Client) -> None:
        closed()
        press(mara, "propose")
        PublicPage.objects.update(published_by=world.person("rafael", "reviewer"), published_at=world.NOON)
        assert Client().get(PUBLIC).status_code == 404

    def test_nor_one_that_was_taken_down(self, mara: Client, rafael: Client) -> None:
        closed()
        published(mara, rafael)
        (row,) = PublicPage.objects.all()
        press(mara, "take-down")
        row.save(force_insert=True)
        assert Client().get(PUBLIC).status_code == 404

    def test_nor_another_look_than_the_second_person_read(self, mara: Client, rafael: Client) -> None:
        closed()
        published(mara, rafael)
        PublicPage.objects.update(look=2)
        assert publication.published_look("pilot") is None
        PublicPage.objects.update(look=1)
        assert publication.published_look("pilot") is not None

    def test_nobody_publishes_their_own_proposal_under_the_name_of_a_colleague(self, mara: Client) -> None:
        closed()
        press(mara, "propose")
        PublicPage.objects.update(proposed_by=world.person("rafael", "reviewer"))
        assert "The audit record does not hold this proposal." in press(mara, "publish", look="1")
        assert Client().get(PUBLIC).status_code == 404
