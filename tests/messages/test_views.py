"""The library page."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from messages.models import HelpLink, Rendition, Revision
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(world.person("ana", "analyst"))
    return client


def page(client: Client, query: str = "") -> str:
    response = client.get(f"/messages/{query}")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_messages_stand_under_their_frame_with_its_mark(reader: Client) -> None:
    world.approved("victim")
    world.approved("both")
    html = page(reader)
    assert html.index('id="victim"') < html.index("A victim headline") < html.index('id="both"')
    assert 'class="mark frame-victim"' in html
    assert 'id="user"' not in html


def test_a_message_shows_its_claim_and_its_sources(reader: Client) -> None:
    Revision.objects.filter(pk=world.approved("victim").pk).update(
        claim_strength="linked", sources=["Wright et al. 2017", "Somebody 2020"]
    )
    html = page(reader)
    assert "Linked in studies" in html
    assert "Wright et al. 2017" in html
    assert "<dt>Sources</dt>" in html


def test_the_revisions_of_a_message_share_one_card(reader: Client) -> None:
    first = world.approved("user")
    Revision.objects.create(message=first.message, number=2, claim_strength="none", sources=["One 2020"])
    response = reader.get("/messages/")
    (shelf,) = response.context["shelves"]
    assert [[wording.revision.number for wording in card.wordings] for card in shelf.cards] == [[1, 2]]
    assert "Revision 2, draft" in " ".join(response.content.decode().split())


def test_withdrawn_words_are_not_listed(reader: Client) -> None:
    Revision.objects.filter(pk=world.approved("user").pk).update(state="withdrawn")
    assert "The library is empty" in page(reader)


def test_a_search_keeps_what_has_every_word(reader: Client) -> None:
    world.approved("victim", headline="Their name may suffer")
    world.approved("user", headline="Your name may suffer")
    html = page(reader, "?q=NAME+their")
    assert "Their name may suffer" in html
    assert "Your name may suffer" not in html
    assert "1 wording with" in html


def test_a_revision_in_two_languages_is_found_once(reader: Client) -> None:
    world.approved("victim", headline="Their name", locales=("en", "pt"))
    assert reader.get("/messages/?q=name").context["found"] == 1


def test_a_search_without_a_match_says_so_and_keeps_the_word(reader: Client) -> None:
    world.approved("victim")
    html = page(reader, "?q=%3Cxyzzy%3E")
    assert "No message has “&lt;xyzzy&gt;” in it." in html
    assert 'value="&lt;xyzzy&gt;"' in html


@pytest.mark.parametrize("q", ["%00", "%25", "'", "a" * 3000, "%F0%9F%98%80", "_"])
def test_an_odd_search_is_only_a_search(reader: Client, q: str) -> None:
    world.approved("victim")
    page(reader, f"?q={q}")


def test_the_number_of_queries_does_not_grow_with_the_library(
    reader: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for frame in ("victim", "user", "both") * 4:
        world.approved(frame)
    with django_assert_max_num_queries(8):  # session, person, role thrice, revisions, renditions, help links
        reader.get("/messages/")


def test_remarks_stand_beside_the_words_and_calm_words_have_none(reader: Client) -> None:
    world.approved("victim")
    assert 'class="remarks"' not in page(reader, "?q=victim")
    world.approved("user", headline="It always hurts")
    html = page(reader, "?q=always")
    assert "<b>Worth a thought</b> <span>· headline</span><br>“always”: This allows for no exception" in html


def test_a_draft_shows_what_has_to_change(reader: Client) -> None:
    draft = Revision.objects.create(message=world.approved("user").message, number=2, claim_strength="none")
    Rendition.objects.create(revision=draft, locale="en", headline="You <creep>", body="Stop.")
    html = page(reader)
    assert "<b>Has to change</b> <span>· headline</span><br>“creep”:" in html
    assert "<creep>" not in html


def test_help_that_nobody_has_checked_is_told_below_the_messages(reader: Client) -> None:
    world.approved("victim")
    HelpLink.objects.create(key="here", name="Here", url="https://here.example/", lane="self", country="*")
    html = page(reader)
    assert "There is no help link for the person shown." in html
    assert "Nobody has said yet that they opened these and they work: “Here”." in html
    assert 'id="help"' not in page(reader, "?q=victim")
