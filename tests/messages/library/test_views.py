"""The library page."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from messages.library.views import PER_PAGE, LibraryFilter, search_revisions
from messages.models import HelpLink, Message, Rendition, Revision
from messages.search_words import MAX_WORDS
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(client: Client) -> Client:
    world.sign_in(client, world.person("ana", "analyst"))
    return client


def page(client: Client, query: str = "") -> str:
    response = client.get(f"/messages/{query}")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_messages_stand_under_their_frame_with_its_mark(reader: Client) -> None:
    world.approved_revision("victim")
    world.approved_revision("both")
    html = page(reader)
    assert html.index('id="victim"') < html.index("A victim headline") < html.index('id="both"')
    assert 'class="mark frame-victim"' in html
    assert 'id="user"' not in html


def test_a_card_leads_to_its_message_and_says_how_well_the_claim_is_known(reader: Client) -> None:
    world.approved_revision("victim", claim_strength="linked", sources=["Wright et al. 2017"])
    html = page(reader)
    assert '<a href="/messages/victim-0/">victim</a>' in html
    assert "linked in studies" in html


def test_the_revisions_of_a_message_share_one_card_with_the_newest_words(reader: Client) -> None:
    first = world.approved_revision("user")
    second = Revision.objects.create(message=first.message, number=2, claim_strength="none")
    Rendition.objects.create(revision=second, locale="en", headline="Newer words", body="x")
    html = page(reader)
    assert "2 versions · version 2, draft · English" in html
    assert "Newer words" in html
    assert "A user headline" not in html


def test_withdrawn_words_are_not_listed(reader: Client) -> None:
    Revision.objects.filter(pk=world.approved_revision("user").pk).update(state="withdrawn")
    html = page(reader)
    assert "The library is empty" in html
    assert "Ask the person who runs this site to load it." in html
    assert "Import from a file" not in html, "a reader may not"


def test_a_search_keeps_what_has_every_word(reader: Client) -> None:
    world.approved_revision("victim", headline="Their name may suffer")
    world.approved_revision("user", headline="Your name may suffer")
    html = page(reader, "?q=NAME+their")
    assert "Their name may suffer" in html
    assert "Your name may suffer" not in html
    assert "1 message with “NAME their”." in html


def test_a_revision_in_two_languages_is_found_once(reader: Client) -> None:
    world.approved_revision("victim", headline="Their name", locales=("en", "pt"))
    assert reader.get("/messages/?q=name").context["found"] == 1


def test_a_search_without_a_match_says_so_and_keeps_the_word(reader: Client) -> None:
    world.approved_revision("victim")
    html = page(reader, "?q=%3Cxyzzy%3E")
    assert "No message contains “&lt;xyzzy&gt;”." in html
    assert 'value="&lt;xyzzy&gt;"' in html


@pytest.mark.parametrize("q", ["%25", "'", "a" * 3000, "%F0%9F%98%80", "_"])
def test_an_odd_search_is_only_a_search(reader: Client, q: str) -> None:
    world.approved_revision("victim")
    page(reader, f"?q={q}")


def test_the_number_of_queries_does_not_grow_with_the_library(
    reader: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for frame in ("victim", "user", "both") * 4:
        world.approved_revision(frame)
    reader.get("/messages/")  # the navigation's counts, kept until the record grows
    with django_assert_max_num_queries(
        15
    ):  # older?, session, user, roles, newest entry, count, messages, renditions, choices
        reader.get("/messages/")


def test_a_card_counts_what_a_reviewer_would_say_and_calm_words_have_none(reader: Client) -> None:
    world.approved_revision("victim")
    assert "remarked" not in page(reader)
    world.approved_revision("user", headline="It always hurts")
    assert "1 thing to check" in page(reader)


def test_a_draft_shows_what_has_to_change(reader: Client) -> None:
    draft = Revision.objects.create(message=world.approved_revision("user").message, number=2, claim_strength="none")
    Rendition.objects.create(revision=draft, locale="en", headline="You <creep>", body="Stop.")
    html = page(reader)
    assert "<b>1 thing must change</b>" in html
    assert "<creep>" not in html


def test_help_that_nobody_has_checked_is_told_below_the_messages(reader: Client) -> None:
    world.approved_revision("victim")
    HelpLink.objects.create(key="here", name="Here", url="https://here.example/", lane="self", country="*")
    html = page(reader)
    assert "There is no help link for the person shown." in html
    assert "Nobody has confirmed yet that these links work: “Here”." in html
    assert 'id="help"' not in page(reader, "?q=victim")


class TestNarrowingDown:
    @pytest.fixture(autouse=True)
    def three(self, db: None) -> None:
        """A message of the starter library, a translated one by staff, and a withdrawn one."""
        world.approved_revision("victim")
        ours = Revision.objects.create(
            message=world.approved_revision("user").message,
            number=2,
            claim_strength="none",
            author=world.person("mara"),
        )
        Rendition.objects.create(revision=ours, locale="en", headline="Our own text", body="x")
        Rendition.objects.create(revision=ours, locale="ar", headline="كلماتنا", body="x")
        Revision.objects.filter(pk=world.approved_revision("both").pk).update(state="withdrawn")

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", ["victim-0", "user-1"]),
            ("?frame=user", ["user-1"]),
            ("?theme=theme-victim", ["victim-0"]),
            ("?language=ar", ["user-1"]),
            ("?state=withdrawn", ["both-2"]),
            ("?state=draft", ["user-1"]),
            ("?by=us", ["user-1"]),
            ("?by=starter", ["victim-0", "user-1"]),
            ("?by=starter&q=victim", ["victim-0"]),
            ("?frame=other", []),
        ],
    )
    def test_the_library_shows_what_was_asked_for(self, reader: Client, query: str, found: list[str]) -> None:
        shelves = reader.get(f"/messages/{query}").context["shelves"]
        assert [card.message.key for shelf in shelves for card in shelf.cards] == found

    def test_the_words_are_shown_in_the_language_that_was_asked_for(self, reader: Client) -> None:
        assert '<blockquote class="words" lang="ar" dir="rtl"> <p class="headline">كلماتنا</p>' in page(
            reader, "?language=ar"
        )

    def test_what_was_asked_for_stays_chosen(self, reader: Client) -> None:
        assert '<option value="draft" selected>Draft</option>' in page(reader, "?state=draft")

    @pytest.mark.parametrize("query", ["?frame=x", "?state=x", "?by=x", "?page=2", "?page=0", "?page=x"])
    def test_what_does_not_exist_is_not_found(self, reader: Client, query: str) -> None:
        assert reader.get(f"/messages/{query}").status_code == 404

    def test_only_a_manager_is_offered_to_write(self, reader: Client, client: Client) -> None:
        assert "Write a new message" not in page(reader)
        world.sign_in(client, world.person("mara", "manager"))
        assert "Write a new message" in page(client)


def test_a_long_library_has_pages_that_keep_what_was_asked_for(reader: Client) -> None:
    for _ in range(PER_PAGE + 1):
        world.approved_revision("victim")
    assert 'href="?q=victim&amp;page=2"' in page(reader, "?q=victim")
    assert page(reader, "?q=victim&page=2").count('class="card arm') == 1


def test_a_message_that_was_stopped_everywhere_says_so_on_its_card(reader: Client) -> None:
    stopped = world.approved_revision("victim").message
    world.approved_revision("user")
    Message.objects.filter(pk=stopped.pk).update(
        stopped_at=world.NOON, stopped_by=world.person("rafael"), stopped_reason="It may frighten."
    )
    html = page(reader)
    assert html.count("Stopped everywhere") == 1
    assert '<a href="/messages/victim-0/">victim</a> <span class="tag">Stopped everywhere</span>' in html


def test_a_search_for_many_words_joins_nothing_for_each_of_them(reader: Client) -> None:
    """With joins, four languages made the rows grow fourfold from word to word: ten words held a server for minutes."""
    queries = str(search_revisions(LibraryFilter(q=" ".join(f"a{n}" for n in range(60)), language="en")).query)
    assert queries.count("JOIN") <= 2  # the message and its theme
    assert queries.count("EXISTS") == MAX_WORDS + 1
    assert page(reader, "?q=" + "+".join(["a"] * 60))


def test_a_search_finds_words_that_stand_in_different_languages_once(reader: Client) -> None:
    revision = world.approved_revision("victim", headline="Their name may suffer")
    Rendition.objects.create(revision=revision, locale="es", headline="Su nombre", body="x")
    html = page(reader, "?q=name+nombre+name")
    assert html.count('href="/messages/victim-0/"') == 1
    assert "A user headline" not in html
