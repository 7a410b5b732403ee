"""The page of a message: its text, its history, and the next step for each role."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from messages.models import Rendition, Revision, Theme
from messages.review import workflow
from tests import world

pytestmark = pytest.mark.django_db


def signed_in(name: str, *roles: str) -> Client:
    client = Client()
    world.sign_in(client, world.person(name, *roles))
    return client


def page(client: Client, rendition: Rendition) -> str:
    response = client.get(f"/messages/{rendition.revision.message.key}/")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def next_step(client: Client, rendition: Rendition) -> tuple[str, str]:
    """The sentence and the button of the next step."""
    step = client.get(f"/messages/{rendition.revision.message.key}/").context["step"]
    return step.sentence, step.button


class TestTheNextStep:
    def test_a_reviewer_is_led_to_words_that_wait(self) -> None:
        rendition = world.submitted_rendition()
        client = signed_in("rafael", "reviewer")
        assert next_step(client, rendition)[1] == "Review the text in English"
        assert f'href="/messages/{rendition.revision.message.key}/2/en/review/"' in page(client, rendition)

    def test_an_earlier_revision_that_still_waits_is_not_forgotten(self) -> None:
        rendition = world.submitted_rendition()
        newer = Revision.objects.create(message=rendition.revision.message, number=3, claim_strength="none")
        Rendition.objects.create(revision=newer, locale="en", headline="Other", body="Other.")
        client = signed_in("rafael", "reviewer")
        assert "/2/en/review/" in client.get(f"/messages/{newer.message.key}/").context["step"].url

    def test_a_reviewer_is_not_led_to_their_own_words(self) -> None:
        says, button = next_step(signed_in("rafael", "reviewer"), world.submitted_rendition("rafael"))
        assert "another reviewer reads it" in says
        assert button == ""

    def test_a_manager_waits_for_the_reviewer(self) -> None:
        says, button = next_step(signed_in("mara", "manager"), world.submitted_rendition())
        assert says == "A reviewer will read this text next. You have nothing to do."
        assert button == ""

    def test_a_manager_asks_for_a_review_with_one_press(self) -> None:
        rendition = world.draft_rendition()
        client = signed_in("mara", "manager")
        assert next_step(client, rendition)[1] == "Ask for a review"
        assert f'action="/messages/{rendition.revision.message.key}/2/en/submit/"' in page(client, rendition)

    def test_words_with_something_to_change_are_not_offered_for_review(self) -> None:
        says, button = next_step(signed_in("mara", "manager"), world.draft_rendition(body="She asked for it."))
        assert "Something has to change" in says
        assert button != "Ask for a review"

    def test_words_that_were_sent_back_come_with_their_reason(self) -> None:
        rendition = world.submitted_rendition()
        rafael = world.person("rafael", "reviewer")
        workflow.send_back(
            rendition, by=rafael, now=world.NOON, read_digest=rendition.words_digest(), reason="Too cold."
        )
        client = signed_in("mara", "manager")
        assert next_step(client, rendition)[0] == "rafael sent back the text in English: “Too cold.”"
        Rendition.objects.filter(pk=rendition.pk).update(body="Warmer words.")
        assert next_step(client, rendition)[1] == "Ask for a review"

    def test_approved_words_wait_for_nobody(self) -> None:
        rendition = world.approved_revision("user").renditions.get()
        for role in ("manager", "reviewer", "analyst"):
            says, button = next_step(signed_in(role, role), rendition)
            assert "can be used in a campaign" in says
            assert button == ""


class TestWhatItShows:
    def test_the_states_of_each_language(self) -> None:
        english = world.submitted_rendition()
        Rendition.objects.create(revision=english.revision, locale="ar", headline="عنوان", body="كلمات.")
        html = page(signed_in("ana", "analyst"), english)
        assert '<h3>English</h3><p class="state state-submitted">Waiting for review</p>' in html
        assert '<h3>Arabic</h3><p class="state state-draft">Draft</p>' in html
        assert 'lang="ar" dir="rtl"' in html

    def test_earlier_revisions_are_a_page_away(self) -> None:
        rendition = world.draft_rendition()
        html = page(signed_in("ana", "analyst"), rendition)
        assert "Text: version 2" in html
        assert f'<a href="/messages/{rendition.revision.message.key}/1/en/review/">English' in html

    def test_remarks_stand_beside_the_words(self) -> None:
        assert "“creep”" in page(signed_in("ana", "analyst"), world.draft_rendition(headline="You <creep>"))

    def test_who_decided_and_said_what_newest_first(self) -> None:
        rendition = world.submitted_rendition()
        rafael = world.person("rafael", "reviewer")
        workflow.comment(rendition, by=rafael, now=world.NOON, text="<b>Kinder?</b>")
        workflow.approve(
            rendition,
            by=rafael,
            now=world.NOON,
            read_digest=rendition.words_digest(),
            checklist=world.CHECKLIST_ALL_YES,
            comment="Good.",
        )
        html = page(signed_in("ana", "analyst"), rendition)
        assert "<b>rafael</b> commented on" in html
        assert "<q>&lt;b&gt;Kinder?&lt;/b&gt;</q>" in html
        assert html.index("<q>Good.</q>") < html.index("<b>mara</b> asked for a review of")
        assert "Has someone who speaks this language read it? <b>Yes</b>" in html
        assert rendition.digest[:12] in html

    def test_an_exception_and_its_reason_for_ever(self) -> None:
        root = User.objects.create_superuser("root")
        rendition = world.draft_rendition(body="You asked for it.")
        workflow.submit(rendition, by=root, now=world.NOON, override="Quoted.")
        workflow.approve(
            rendition,
            by=root,
            now=world.NOON,
            read_digest=rendition.words_digest(),
            checklist=world.CHECKLIST_ALL_YES,
            override="Alone.",
        )
        workflow.withdraw(rendition, by=root, now=world.NOON, reason="Old.")
        html = page(signed_in("ana", "analyst"), rendition)
        assert "<b>Exception by root, 2 March 2026</b> (Approved). “Alone.”" in html
        assert "Part of this text cannot be shown as it is." in html

    def test_words_that_changed_since_they_were_approved_are_not_called_approved(self) -> None:
        rendition = world.draft_rendition()
        Rendition.objects.filter(pk=rendition.pk).update(state="approved", digest="another")
        assert "Changed since it was approved" in page(signed_in("ana", "analyst"), rendition)

    def test_a_message_without_words_says_so(self) -> None:
        rendition = world.draft_rendition()
        empty = Revision.objects.create(message=rendition.revision.message, number=3, claim_strength="none")
        assert "No text yet." in page(signed_in("ana", "analyst"), rendition)
        empty.message.revisions.filter(number=3).delete()

    def test_what_is_not_there_is_not_found(self) -> None:
        assert signed_in("ana", "analyst").get("/messages/nothing/").status_code == 404

    def test_a_content_note_stands_before_the_words(self) -> None:
        rendition = world.draft_rendition(headline="It counts as child abuse.", body="It is rape.\n\nStop.")
        reader = signed_in("ana", "analyst")
        assert "Content note." not in page(reader, rendition)
        Theme.objects.update(content_note="Talks about <fear>.")
        html = page(reader, rendition)
        assert "<b>Content note.</b> Talks about &lt;fear&gt;." in html
        assert html.index("Talks about") < html.index("Show the text") < html.index("It counts as")

    def test_hard_words_are_veiled_until_somebody_wants_to_see_them(self) -> None:
        rendition = world.draft_rendition(headline="It counts as child abuse.", body="It is rape.\n\nStop.")
        Theme.objects.update(content_note="Take care.")
        reader = signed_in("ana", "analyst")
        assert page(reader, rendition).count(">rape</span>") == page(reader, rendition).count(">child abuse</span>") > 0
        reader.post("/terms/", {"show": "1"})
        html = page(reader, rendition)
        assert "<p>It is rape.</p> <p>Stop.</p>" in html
        assert "Show the text" not in html

    def test_what_colleagues_said_is_veiled_too(self) -> None:
        rendition = world.submitted_rendition()
        workflow.comment(rendition, by=world.person("rafael", "reviewer"), now=world.NOON, text="Not “rape”.")
        assert '<span class="veil" aria-hidden="true">rape</span>' in page(signed_in("ana", "analyst"), rendition)

    @pytest.mark.slow
    def test_the_number_of_queries_does_not_grow_with_its_history(
        self, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        rendition = world.submitted_rendition()
        client = signed_in("rafael", "reviewer")
        for number in range(3, 12):
            revision = Revision.objects.create(message=rendition.revision.message, number=number, claim_strength="none")
            for locale in ("en", "es", "fr"):
                words = Rendition.objects.create(revision=revision, locale=locale, headline="A", body="B.")
                workflow.submit(words, now=world.NOON)
                workflow.comment(words, by=world.person("rafael"), now=world.NOON, text="Hm.")
        client.get("/messages/")  # the navigation's counts, kept until the record grows
        with django_assert_max_num_queries(21):
            client.get(f"/messages/{rendition.revision.message.key}/")
