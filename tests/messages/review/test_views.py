"""The review page of a rendition: its content, its steps, and that typed text is kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from messages.models import Comment, Rendition, Revision
from messages.review import workflow
from messages.review.authorship import record_writing
from messages.staff_mail import mailboxes
from tests import world

pytestmark = pytest.mark.django_db

ANSWERS = {f"checklist.{key}": answer for key, answer in world.CHECKLIST_ALL_YES.items()}


def signed_in(name: str, *roles: str) -> Client:
    client = Client()
    world.sign_in(client, world.person(name, *roles))
    return client


@pytest.fixture
def reviewer() -> Client:
    return signed_in("rafael", "reviewer")


@pytest.fixture
def manager() -> Client:
    return signed_in("mara", "manager")


@pytest.fixture
def administrator() -> Client:
    client = Client()
    world.sign_in(client, User.objects.create_superuser("root"))
    return client


def address(rendition: Rendition, step: str = "review") -> str:
    revision = rendition.revision
    return f"/messages/{revision.message.key}/{revision.number}/{rendition.locale}/{step}/"


def page(client: Client, rendition: Rendition) -> str:
    response = client.get(address(rendition))
    assert response.status_code == 200
    return text(response)


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def post(client: Client, rendition: Rendition, step: str, **fields: str) -> Any:
    return client.post(address(rendition, step), {"read": rendition.words_digest(), **fields})


def state(rendition: Rendition) -> str:
    return Rendition.objects.get(pk=rendition.pk).state


def goes_on(response: HttpResponse, rendition: Rendition) -> bool:
    return response.status_code == 302 and response["Location"] == f"/messages/{rendition.revision.message.key}/"


class TestReading:
    def test_the_words_stand_as_a_visitor_reads_them_beside_the_remarks(self, reviewer: Client) -> None:
        html = page(reviewer, world.submitted_rendition(body="It always hurts.\n\nStop <i>here</i>."))
        assert "<p>It always hurts.</p><p>Stop &lt;i&gt;here&lt;/i&gt;.</p>" in html
        assert "“always”: This allows no exception" in html

    def test_arabic_stands_from_right_to_left(self, reviewer: Client) -> None:
        assert 'class="as-seen" lang="ar" dir="rtl"' in page(reviewer, world.submitted_rendition(locale="ar"))

    def test_the_words_that_are_approved_so_far_are_at_hand(self, reviewer: Client) -> None:
        assert "Approved so far: version 1" in page(reviewer, world.submitted_rendition())

    def test_an_analyst_reads_and_finds_no_steps(self) -> None:
        html = page(signed_in("ana", "analyst"), world.submitted_rendition())
        assert "<form class=" not in html.replace('<form class="who"', "")

    @pytest.mark.parametrize("place", ["nothing/1/en", "{key}/9/en", "{key}/2/fr", "{key}/99999999999999999999/en"])
    def test_what_is_not_there_is_not_found(self, reviewer: Client, place: str) -> None:
        place = place.format(key=world.draft_rendition().revision.message.key)
        assert reviewer.get(f"/messages/{place}/review/").status_code == 404


class TestApproving:
    def test_a_reviewer_answers_the_checklist_and_approves(self, reviewer: Client) -> None:
        rendition = world.submitted_rendition()
        assert "Approve this text" in page(reviewer, rendition)
        assert goes_on(post(reviewer, rendition, "approve", **ANSWERS), rendition)
        rendition.refresh_from_db()
        assert workflow.is_approval_valid(rendition)

    def test_an_unanswered_question_is_said_beside_it_and_what_was_typed_stays(self, reviewer: Client) -> None:
        rendition = world.submitted_rendition()
        answers = {key: value for key, value in ANSWERS.items() if key != "checklist.speaker"}
        response = post(reviewer, rendition, "approve", said="A good one.", **answers)
        html = text(response)
        assert response.status_code == 200
        assert '<p class="error" id="speaker-error">Choose yes or no.</p>' in html
        assert '<input type="radio" name="checklist.accurate" value="yes" checked>' in html
        assert ">A good one.</textarea>" in html
        assert state(rendition) == "submitted"

    def test_what_is_amiss_is_told_once_above_and_leads_to_its_first_place(self, reviewer: Client) -> None:
        html = text(post(reviewer, world.submitted_rendition(), "approve"))
        above, beside_the_button = 1, 1
        assert html.count('<a href="#accurate-error">Choose yes or no.</a>') == above + beside_the_button
        assert html.count("Choose yes or no.") == above + beside_the_button + len(world.CHECKLIST_YES)
        assert html.index("Not decided yet:") < html.index("Approve this text")

    def test_words_that_changed_while_they_were_read_are_shown_anew(self, reviewer: Client) -> None:
        rendition = world.submitted_rendition()
        read = rendition.words_digest()
        Rendition.objects.filter(pk=rendition.pk).update(body="Quite other words.")
        response = post(reviewer, rendition, "approve", **{**ANSWERS, "read": read, "said": "Kept."})
        html = text(response)
        assert response.status_code == 200
        assert "This text changed while you were reading" in html
        assert "Quite other words." in html
        assert ">Kept.</textarea>" in html
        assert state(rendition) == "submitted"

    def test_sources_help_the_real_page_and_the_original_stand_beside_the_words(self, reviewer: Client) -> None:
        rendition = world.submitted_rendition()
        world.mark_help_links_checked()
        original = Rendition.objects.create(
            revision=rendition.revision, locale="es", headline="Detrás hay una persona", body="Uno."
        )
        html = page(reviewer, original)
        assert f'src="/preview/?rendition={original.pk}"' in html
        assert "<h3>Original</h3>" in html
        assert rendition.headline in html
        assert "help links</summary>" in html
        assert html.index('<h2 id="as-seen"') < html.index("Decisions and comments")

    def test_the_decision_stands_where_one_has_read(self, reviewer: Client) -> None:
        html = page(reviewer, world.submitted_rendition())
        assert html.index("As a visitor sees it") < html.index("Your decision") < html.index("Decisions and comments")

    def test_own_words_have_no_button(self, reviewer: Client) -> None:
        rendition = world.submitted_rendition("rafael")
        html = page(reviewer, rendition)
        assert "Approve this text" not in html
        assert "nobody approves their own text" in html
        assert "own text" in text(post(reviewer, rendition, "approve", **ANSWERS))
        assert state(rendition) == "submitted"


class TestAnException:
    def test_is_offered_to_an_administrator_alone_and_says_that_it_stays(self, administrator: Client) -> None:
        rendition = world.draft_rendition(body="She asked for it.")
        assert "The reason is always shown" in page(administrator, rendition)
        response = post(administrator, rendition, "submit")
        assert 'id="override-error">Enter a reason for the exception' in text(response)
        assert goes_on(post(administrator, rendition, "submit", override="A court's words."), rendition)
        assert rendition.reviews.get(decision="submitted").override == "A court's words."

    def test_is_not_offered_for_own_words(self, administrator: Client) -> None:
        rendition = world.submitted_rendition("root")
        html = page(administrator, rendition)
        assert "nobody approves their own text" in html
        assert "Approve this text" not in html
        assert "own text" in text(post(administrator, rendition, "approve", override="Alone today.", **ANSWERS))
        assert state(rendition) == "submitted"

    def test_is_not_asked_for_where_nothing_stands_in_the_way(self, administrator: Client) -> None:
        assert "make an exception" not in page(administrator, world.submitted_rendition())

    def test_lets_words_with_a_remark_go_to_review(self, administrator: Client) -> None:
        rendition = world.draft_rendition(body="She asked for it.")
        assert goes_on(post(administrator, rendition, "submit", override="A court's words."), rendition)
        assert state(rendition) == "submitted"


class TestSendingBack:
    def test_says_what_should_change(self, reviewer: Client) -> None:
        rendition = world.submitted_rendition()
        assert goes_on(post(reviewer, rendition, "send-back", said="Too cold."), rendition)
        assert state(rendition) == "draft"

    def test_without_a_reason_it_is_refused_and_the_answers_stay(self, reviewer: Client) -> None:
        response = post(reviewer, world.submitted_rendition(), "send-back", **{"checklist.accurate": "no"})
        html = text(response)
        assert response.status_code == 200
        assert 'id="said-error">Say what should change' in html
        assert '<input type="radio" name="checklist.accurate" value="no" checked>' in html


class TestSubmitting:
    def test_a_manager_asks_for_a_review(self, manager: Client) -> None:
        rendition = world.draft_rendition()
        assert "Ask for a review" in page(manager, rendition)
        assert goes_on(post(manager, rendition, "submit"), rendition)
        assert state(rendition) == "submitted"

    def test_words_that_have_to_change_say_so_in_place_of_the_button(self, manager: Client) -> None:
        rendition = world.draft_rendition(body="She asked for it.")
        assert "Something has to change first" in page(manager, rendition)
        assert "“asked for it”" in text(post(manager, rendition, "submit"))
        assert state(rendition) == "draft"


class TestWithdrawing:
    def test_takes_a_reason(self, manager: Client) -> None:
        rendition = world.approved_revision("user").renditions.get()
        assert "Withdraw this text for good" in page(manager, rendition)
        response = post(manager, rendition, "withdraw")
        assert (response.status_code, "It stays on record" in text(response)) == (200, True)
        assert goes_on(post(manager, rendition, "withdraw", said="A better source."), rendition)
        assert state(rendition) == "withdrawn"


class TestCommenting:
    def test_stays_on_the_page_and_is_seen_there(self, reviewer: Client) -> None:
        rendition = world.draft_rendition()
        response = post(reviewer, rendition, "comment", text="Kinder?")
        assert (response.status_code, response["Location"]) == (302, address(rendition))
        assert "<q>Kinder?</q>" in page(reviewer, rendition)

    def test_a_comment_says_who_gets_a_mail_and_who_does_not(self, reviewer: Client) -> None:
        mailboxes.confirm(world.person("ana", "analyst"), "ana@ngo.example")
        world.person("mara", "manager")
        rendition = world.draft_rendition()
        post(reviewer, rendition, "comment", text="@ana @mara Kinder?")
        answer = page(reviewer, rendition)
        assert (
            "Your comment is saved. A mail goes to: ana. mara will get no mail, so please tell them yourself." in answer
        )

    def test_a_comment_that_is_too_long_stays_in_its_field(self, reviewer: Client) -> None:
        response = post(reviewer, world.draft_rendition(), "comment", text="x" * 1001)
        assert response.status_code == 200
        assert "x" * 1001 in text(response)
        assert 'id="text-error">This has 1001 characters. The limit is 1000.' in text(response)

    def test_a_letter_that_a_database_cannot_keep_is_refused(self, reviewer: Client) -> None:
        assert post(reviewer, world.draft_rendition(), "comment", text="Kin\0der?").status_code == 400
        assert not Comment.objects.exists()


@pytest.mark.parametrize("step", ["submit", "comment", "approve", "send-back", "withdraw"])
def test_every_step_wants_a_token_of_this_page(step: str) -> None:
    client = Client(enforce_csrf_checks=True)
    world.sign_in(client, world.person("lena", "manager", "reviewer"))
    rendition = world.submitted_rendition()
    assert post(client, rendition, step, said="x", text="x", **ANSWERS).status_code == 403
    assert state(rendition) == "submitted"


def test_each_revision_is_reviewed_by_its_own_number(reviewer: Client) -> None:
    first = world.submitted_rendition()
    second = Revision.objects.create(message=first.revision.message, number=3, claim_strength="none")
    words = Rendition.objects.create(revision=second, locale="en", headline="Other", body="Other.")
    record_writing(words, by=world.person("mara"))
    workflow.submit(words, now=world.NOON)
    post(reviewer, words, "approve", **ANSWERS)
    assert (state(first), state(words)) == ("submitted", "approved")
