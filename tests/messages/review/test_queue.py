"""The review queue of each role."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from messages.models import Message, Rendition, Revision
from messages.review import queue, workflow
from tests import world

pytestmark = pytest.mark.django_db


def shown(*roles: str, name: str = "lena") -> dict[str, list[Rendition]]:
    client = Client()
    world.sign_in(client, world.person(name, *roles))
    context = client.get("/reviews/").context
    return {part: [row.rendition for row in context[part]] for part in ("to_review", "sent_back", "elsewhere")}


def sent_back(reason: str = "Too cold.") -> Rendition:
    rendition = world.submitted_rendition()
    rafael = world.person("rafael", "reviewer")
    workflow.send_back(rendition, by=rafael, now=world.NOON, read_digest=rendition.words_digest(), reason=reason)
    return rendition


def test_a_reviewer_sees_what_others_wrote_and_apart_what_is_their_own() -> None:
    theirs = world.submitted_rendition("mara")
    own = world.submitted_rendition("lena", headline="Another headline", body="Other words.")
    assert shown("reviewer") == {"to_review": [theirs], "sent_back": [], "elsewhere": [own]}


def test_a_manager_sees_what_was_sent_back_and_what_waits_for_a_reviewer() -> None:
    back, waiting = sent_back(), world.submitted_rendition()
    assert shown("manager") == {"to_review": [], "sent_back": [back], "elsewhere": [waiting]}


def test_words_that_were_sent_back_and_submitted_again_are_with_the_reviewer() -> None:
    back = sent_back()
    workflow.submit(back, by=world.person("mara", "manager"), now=world.NOON)
    assert shown("reviewer")["to_review"] == [back]
    assert shown("manager", name="mara")["sent_back"] == []


def test_words_that_a_newer_revision_replaced_wait_for_nobody() -> None:
    back = sent_back()
    newer = Revision.objects.create(message=back.revision.message, number=3, claim_strength="none")
    assert shown("manager")["sent_back"] == [back]
    Rendition.objects.create(revision=newer, locale="en", headline="Warmer", body="Words.")
    assert shown("manager")["sent_back"] == []


def test_an_analyst_sees_what_waits_and_an_administrator_reviews_all_but_their_own() -> None:
    words = world.submitted_rendition("root")
    assert shown("analyst") == {"to_review": [], "sent_back": [], "elsewhere": [words]}
    User.objects.filter(username="root").update(is_superuser=True)
    assert shown(name="root") == {"to_review": [], "sent_back": [], "elsewhere": [words]}
    User.objects.create_superuser("otto")
    assert shown(name="otto")["to_review"] == [words]


def test_words_of_a_message_that_was_stopped_everywhere_say_so() -> None:
    stopped = world.submitted_rendition().revision.message
    Message.objects.filter(pk=stopped.pk).update(
        stopped_at=world.NOON, stopped_by=world.person("rafael"), stopped_reason="It may frighten."
    )
    client = Client()
    world.sign_in(client, world.person("lena", "reviewer"))
    for page in ("/reviews/", f"/messages/{stopped.key}/"):
        assert "Stopped everywhere" in client.get(page).content.decode()


def test_an_empty_queue_says_what_will_stand_there() -> None:
    client = Client()
    world.sign_in(client, world.person("rafael", "reviewer"))
    html = client.get("/reviews/").content.decode()
    assert "When a colleague asks for a review, it appears here." in html


def test_a_long_queue_shows_what_waits_longest_and_counts_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "MAX_PER_LIST", 2)
    waiting = [world.submitted_rendition() for _ in range(3)]
    assert shown("reviewer")["to_review"] == waiting[:2]
    client = Client()
    world.sign_in(client, world.person("lena"))
    assert "1 more will appear here when you have finished these." in client.get("/reviews/").content.decode()


@pytest.mark.slow
def test_the_number_of_queries_does_not_grow_much_with_what_waits(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(12):
        sent_back()
    client = Client()
    world.sign_in(client, world.person("mara", "manager"))
    client.get("/reviews/")  # the navigation's counts, kept until the record grows
    with django_assert_max_num_queries(16):
        client.get("/reviews/")
