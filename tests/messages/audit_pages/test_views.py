"""The page of the audit record."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from messages.audit import log
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(client: Client) -> Client:
    world.sign_in(client, world.person("mara", "manager"))
    return client


def page(client: Client, query: str = "") -> str:
    response = client.get(f"/audit/{query}")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def add(number: int = 1, label: str = "The pilot") -> None:
    for _ in range(number):
        log.record(log.Action.CAMPAIGN_PAUSE, by="mara", kind=log.ObjectKind.CAMPAIGN, ref="pilot", label=label)


def test_an_empty_record_says_when_it_fills(manager: Client) -> None:
    assert "No entries yet" in page(manager)


def test_the_newest_stands_first_in_plain_words(manager: Client) -> None:
    world.launched()
    html = page(manager)
    assert "<b>mara</b> launched the campaign “The pilot”" in html
    assert html.index("launched the campaign “The pilot”") < html.index(
        "<b>rafael</b> approved the campaign “The pilot”"
    )
    assert "<b>starter library</b> approved the message “victim”, version 1" in html


def test_one_kind_and_one_thing_can_be_asked_for(manager: Client) -> None:
    world.launched()
    html = page(manager, "?kind=campaign&about=PILOT")
    assert "4 entries about “PILOT”." in html
    assert "(message)" not in html
    assert 'value="campaign" selected' in html
    assert "There are no entries about “xyzzy”." in page(manager, "?about=xyzzy")


def test_each_entry_leads_to_all_about_the_same(manager: Client) -> None:
    add()
    assert 'href="?kind=campaign&amp;about=pilot"' in page(manager)


def test_pages_lead_on_and_keep_what_was_asked(manager: Client) -> None:
    add(51)
    first, second = page(manager, "?kind=campaign"), page(manager, "?kind=campaign&page=2")
    assert 'href="?kind=campaign&amp;page=2">Older' in first
    assert "Newer" not in first
    assert 'href="?kind=campaign">Newer' in second
    assert second.count(">All entries about this<") == 1
    assert "Page 2 of 2" in second


def test_pages_lead_on_in_the_readers_language_as_in_every_list(manager: Client) -> None:
    add(51)
    turned = [template.name for template in manager.get("/audit/").templates]
    assert "includes/pagination.html" in turned


@pytest.mark.parametrize("query", ["?page=0", "?page=2", "?page=x", "?page=99999999999", "?kind=nothing"])
def test_what_is_not_there_is_not_found(manager: Client, query: str) -> None:
    assert manager.get(f"/audit/{query}").status_code == 404


@pytest.mark.parametrize("about", ["%25", "'", "a" * 3000, "%F0%9F%98%80", "%3Cscript%3E"])
def test_an_odd_word_is_only_a_word(manager: Client, about: str) -> None:
    add()
    assert "<script>" not in page(manager, f"?about={about}")


def test_names_are_shown_as_they_are_and_never_as_markup(manager: Client) -> None:
    add(label="<b>{detail.__class__}</b>")
    assert "“&lt;b&gt;{detail.__class__}&lt;/b&gt;”" in page(manager)


@pytest.mark.parametrize("role", ["reviewer", "analyst"])
def test_others_are_refused_and_see_no_link(client: Client, role: str) -> None:
    world.sign_in(client, world.person("other", role))
    assert client.get("/audit/").status_code == 403
    assert "/audit/" not in client.get("/").content.decode()


def test_a_manager_and_an_administrator_are_led_there(client: Client) -> None:
    for person in (world.person("mara", "manager"), User.objects.create_superuser("root")):
        world.sign_in(client, person)
        assert '<a href="/audit/">Audit</a>' in client.get("/").content.decode()
        assert '<a href="/audit/" aria-current="page">' in client.get("/audit/").content.decode()


def test_it_is_read_and_never_written(manager: Client) -> None:
    assert manager.post("/audit/").status_code == 405


def test_the_number_of_queries_does_not_grow_with_the_record(
    manager: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    add(60)
    manager.get("/audit/")  # the navigation's counts, kept until the record grows
    with django_assert_max_num_queries(9):  # older?, session, person, role, count, entries; navigation: roles, newest
        manager.get("/audit/")
