"""The review of a rendition: permissions, what an approval covers, and what is recorded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from pytest_django import Settings

from messages.audit_pages.wording import describe_action
from messages.models import AuditEntry, Comment, Rendition, Review, Revision
from messages.review import checklist, workflow
from messages.review.authorship import record_writing
from messages.review.workflow import ReviewRefused
from tests import world

pytestmark = pytest.mark.django_db


def rafael() -> User:
    return world.person("rafael", "reviewer")


def mara() -> User:
    return world.person("mara", "manager")


def root() -> User:
    return User.objects.update_or_create(username="root", defaults={"is_superuser": True})[0]


def approve(rendition: Rendition, by: User | None = None, **more: Any) -> Review:
    """Approve with the digest that was read, and a checklist answered with yes."""
    options = {"read_digest": rendition.words_digest(), "checklist": world.CHECKLIST_ALL_YES, **more}
    return workflow.approve(rendition, by=by or rafael(), now=world.NOON, **options)


def translated(revision: Revision, locale: str = "es", **words: Any) -> Rendition:
    rendition = Rendition.objects.create(
        revision=revision, locale=locale, **{"headline": "Un titular", "body": "Palabras.", **words}
    )
    record_writing(rendition, by=mara())
    return rendition


class TestAnApproval:
    def test_a_colleague_approves_the_exact_words(self) -> None:
        rendition = world.submitted_rendition()
        decided = approve(rendition)
        assert decided.digest == rendition.digest == rendition.words_digest()
        assert workflow.is_approval_valid(rendition)
        assert workflow.approval_of(rendition) == decided
        rendition.revision.refresh_from_db()
        assert rendition.revision.state == Revision.State.APPROVED

    def test_its_digest_can_be_computed_by_anyone(self) -> None:
        """The rule of docs/reviewing-messages.md."""
        rendition = world.submitted_rendition()
        covered = {
            "message": rendition.revision.message.key,
            "locale": "en",
            "headline": "A headline",
            "body": "Words.",
            "claim_strength": "none",
            "sources": [],
        }
        canonical = json.dumps(covered, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        assert approve(rendition).digest == hashlib.sha256(canonical.encode()).hexdigest()

    @pytest.mark.parametrize("edit", [{"headline": "Other"}, {"body": "Other."}, {"locale": "fr"}])
    def test_the_database_refuses_an_edit_of_what_it_covers(self, edit: dict[str, str]) -> None:
        rendition = world.submitted_rendition()
        approve(rendition)
        with pytest.raises(IntegrityError, match="new revision"), transaction.atomic():
            Rendition.objects.filter(pk=rendition.pk).update(**edit)

    @pytest.mark.parametrize("edit", [{"claim_strength": "value"}, {"sources": ["Somebody 2020"]}, {"number": 9}])
    def test_the_database_refuses_other_claims_and_sources_too(self, edit: dict[str, Any]) -> None:
        rendition = world.submitted_rendition()
        approve(rendition)
        with pytest.raises(IntegrityError, match="new revision"), transaction.atomic():
            Revision.objects.filter(pk=rendition.revision_id).update(**edit)

    @pytest.mark.parametrize("state", ["draft", "submitted"])
    def test_approved_words_never_become_a_draft_again(self, state: str) -> None:
        rendition = world.submitted_rendition()
        approve(rendition)
        with pytest.raises(IntegrityError, match="new revision"), transaction.atomic():
            Rendition.objects.filter(pk=rendition.pk).update(state=state)

    @pytest.mark.parametrize(
        "edit",
        [
            lambda r: setattr(r, "headline", "Other"),
            lambda r: setattr(r, "body", "Other."),
            lambda r: setattr(r, "locale", "en-gb"),
            lambda r: setattr(r.revision, "claim_strength", "value"),
            lambda r: setattr(r.revision, "sources", ["Somebody 2020"]),
            lambda r: setattr(r.revision.message, "key", "another"),
        ],
    )
    def test_an_edit_that_got_past_the_database_voids_it(self, edit: Callable[[Rendition], None]) -> None:
        rendition = world.submitted_rendition()
        approve(rendition)
        assert workflow.is_approval_valid(rendition)
        edit(rendition)
        assert not workflow.is_approval_valid(rendition)
        assert workflow.approval_of(rendition) is None

    def test_approved_words_need_a_digest(self) -> None:
        rendition = world.submitted_rendition()
        with pytest.raises(IntegrityError), transaction.atomic():
            Rendition.objects.filter(pk=rendition.pk).update(state="approved")

    def test_words_cannot_skip_review(self) -> None:
        with pytest.raises(ReviewRefused, match="“Draft”, not “Waiting for review”"):
            approve(world.draft_rendition())

    def test_it_is_of_the_words_that_were_read(self) -> None:
        rendition = world.submitted_rendition()
        read = rendition.words_digest()
        Rendition.objects.filter(pk=rendition.pk).update(body="Other words.")
        with pytest.raises(ReviewRefused, match="changed while you were reading"):
            approve(rendition, read_digest=read)

    def test_its_words_are_read_by_the_lint_again(self) -> None:
        rendition = world.submitted_rendition()
        Rendition.objects.filter(pk=rendition.pk).update(body="She asked for it.")
        rendition.refresh_from_db()
        record_writing(rendition, by=mara())
        with pytest.raises(ReviewRefused, match="cannot be shown"):
            approve(rendition)

    def test_nobody_approves_what_the_record_says_nobody_wrote(self) -> None:
        rendition = world.submitted_rendition()
        Rendition.objects.filter(pk=rendition.pk).update(body="Of somebody who holds the database.")
        rendition.refresh_from_db()
        with pytest.raises(ReviewRefused, match="does not say who wrote"):
            approve(rendition)


class TestNobodyApprovesTheirOwnWords:
    def test_not_the_author_of_the_revision(self) -> None:
        rendition = world.submitted_rendition("rafael")
        with pytest.raises(ReviewRefused, match="own text"):
            approve(rendition)

    def test_not_who_wrote_the_translation(self) -> None:
        rendition = world.submitted_rendition("mara", author=rafael())
        with pytest.raises(ReviewRefused, match="own text"):
            approve(rendition)

    @pytest.mark.parametrize("kept", ["headline", "body"])
    def test_not_whose_headline_or_body_was_taken_over_from_an_earlier_revision(self, kept: str) -> None:
        before = world.draft_rendition("rafael", headline="Stop here", body="You can.")
        words = {"headline": "Other", "body": "Other.", kept: getattr(before, kept)}
        after = Revision.objects.create(message=before.revision.message, number=3, claim_strength="none", author=mara())
        rendition = Rendition.objects.create(revision=after, locale="en", author=mara(), **words)
        workflow.submit(rendition, by=mara(), now=world.NOON)
        with pytest.raises(ReviewRefused, match="own text"):
            approve(rendition)

    def test_who_wrote_another_language_may(self) -> None:
        rendition = world.submitted_rendition("mara")
        translated(rendition.revision, author=rafael())
        approve(rendition)
        assert workflow.is_approval_valid(rendition)

    def test_a_second_reviewer_may(self) -> None:
        rendition = world.submitted_rendition("rafael")
        approve(rendition, world.person("ines", "reviewer"))
        assert workflow.is_approval_valid(rendition)


class TestEachLanguage:
    def test_has_a_review_of_its_own(self) -> None:
        english = world.submitted_rendition()
        spanish = translated(english.revision)
        approve(english)
        assert workflow.approved_locales(english.revision) == {"en"}
        workflow.submit(spanish, by=mara(), now=world.NOON)
        approve(spanish)
        assert workflow.approved_locales(english.revision) == {"en", "es"}

    def test_a_translation_is_written_after_the_first_language_was_approved(self) -> None:
        english = world.submitted_rendition()
        approve(english)
        spanish = translated(english.revision)
        Rendition.objects.filter(pk=spanish.pk).update(body="Otras palabras.")
        assert workflow.approved_locales(english.revision) == {"en"}

    def test_withdrawing_one_leaves_the_other(self) -> None:
        revision = world.approved_revision("user", locales=("en", "es"))
        workflow.withdraw(revision.renditions.get(locale="es"), by=rafael(), now=world.NOON, reason="It sounds cold.")
        assert workflow.approved_locales(revision) == {"en"}
        revision.refresh_from_db()
        assert revision.state == Revision.State.APPROVED
        assert revision.digest == revision.words_digest()

    def test_withdrawing_all_withdraws_the_revision(self) -> None:
        revision = world.approved_revision("user")
        workflow.withdraw(revision.renditions.get(), by=rafael(), now=world.NOON, reason="A better source.")
        revision.refresh_from_db()
        assert revision.state == Revision.State.WITHDRAWN
        assert workflow.approved_locales(revision) == set()


class TestTheChecklist:
    def test_is_kept_with_who_when_and_which_version(self) -> None:
        decided = approve(world.submitted_rendition())
        assert decided.checklist == {"version": 2, "answers": world.CHECKLIST_YES, "evidence": world.CHECKLIST_EVIDENCE}
        assert (decided.by, decided.at) == (rafael(), world.NOON)
        assert [one.is_yes for one in checklist.answered_questions(decided.checklist)] == [True] * 7

    @pytest.mark.parametrize("question", world.CHECKLIST_YES)
    def test_every_question_has_to_be_answered(self, question: str) -> None:
        with pytest.raises(ReviewRefused, match="checklist") as refused:
            approve(
                world.submitted_rendition(),
                checklist={k: v for k, v in world.CHECKLIST_ALL_YES.items() if k != question},
            )
        assert refused.value.fields == {f"checklist.{question}": "Choose yes or no."}

    def test_a_no_is_a_reason_to_send_back(self) -> None:
        rendition = world.submitted_rendition()
        answers = {**world.CHECKLIST_ALL_YES, "accurate": "no"}
        with pytest.raises(ReviewRefused) as refused:
            approve(rendition, checklist=answers)
        assert "Send it back" in refused.value.fields["checklist.accurate"]
        sent = workflow.send_back(
            rendition,
            by=rafael(),
            now=world.NOON,
            read_digest=rendition.words_digest(),
            reason="No.",
            checklist=answers,
        )
        assert checklist.answered_questions(sent.checklist)[0][1] is False

    def test_an_administrator_answers_it_too(self) -> None:
        with pytest.raises(ReviewRefused, match="checklist"):
            approve(world.submitted_rendition(), root(), checklist={}, override="In a hurry.")

    def test_answers_to_questions_that_nobody_asked_are_not_kept(self) -> None:
        decided = approve(world.submitted_rendition(), checklist={**world.CHECKLIST_ALL_YES, "other": "yes"})
        assert decided.checklist == {"version": 2, "answers": world.CHECKLIST_YES, "evidence": world.CHECKLIST_EVIDENCE}

    def test_a_claim_needs_its_source_and_a_translation_its_reader(self) -> None:
        rendition = world.submitted_rendition()
        rendition.revision.claim_strength = "documented"
        rendition.revision.save(update_fields=["claim_strength"])
        with pytest.raises(ReviewRefused, match="checklist") as refused:
            approve(rendition, checklist=world.CHECKLIST_YES)
        assert refused.value.fields == {"checklist.accurate.evidence": "Add a short note or a link for this point."}
        translation = Rendition.objects.create(revision=rendition.revision, locale="es", headline="Hola", body="Uno.")
        assert "speaker" in workflow.points_with_evidence(translation)

    def test_what_is_no_finding_needs_no_source(self) -> None:
        rendition = world.submitted_rendition()
        rendition.revision.claim_strength = "value"
        assert workflow.points_with_evidence(rendition) == set()

    def test_answers_of_the_first_version_keep_their_questions(self) -> None:
        stored = {"version": 1, "answers": {"accurate": "yes"}}
        (one,) = checklist.answered_questions(stored)
        assert (str(one.text), one.is_yes, one.evidence) == ("Is it accurate?", True, "")

    def test_an_approval_from_before_there_was_one_shows_none(self) -> None:
        assert checklist.answered_questions({}) == []


class TestSendingBack:
    def test_makes_it_a_draft_again_and_keeps_the_reason(self) -> None:
        rendition = world.submitted_rendition()
        sent = workflow.send_back(
            rendition, by=rafael(), now=world.NOON, read_digest=rendition.words_digest(), reason=" Why? "
        )
        assert (rendition.state, sent.comment) == ("draft", "Why?")
        rendition.revision.refresh_from_db()
        assert rendition.revision.state == "draft"
        workflow.submit(rendition, by=mara(), now=world.NOON)
        approve(rendition)

    @pytest.mark.parametrize("reason", ["", " ", "x" * 501])
    def test_needs_a_reason_that_can_be_kept(self, reason: str) -> None:
        rendition = world.submitted_rendition()
        with pytest.raises(ReviewRefused) as refused:
            workflow.send_back(
                rendition, by=rafael(), now=world.NOON, read_digest=rendition.words_digest(), reason=reason
            )
        assert list(refused.value.fields) == ["reason"]
        assert Rendition.objects.get(pk=rendition.pk).state == "submitted"


class TestWithdrawing:
    def test_words_no_longer_stand_and_the_reason_stays(self) -> None:
        rendition = world.approved_revision("user").renditions.get()
        workflow.withdraw(rendition, by=mara(), now=world.NOON, reason="A better source says otherwise.")
        assert not workflow.is_approval_valid(rendition)
        assert rendition.reviews.last().comment == "A better source says otherwise."  # type: ignore[union-attr]

    def test_needs_a_reason(self) -> None:
        with pytest.raises(ReviewRefused) as refused:
            workflow.withdraw(world.approved_revision("user").renditions.get(), by=mara(), now=world.NOON, reason=" ")
        assert list(refused.value.fields) == ["reason"]


class TestSubmitting:
    def test_words_that_have_to_change_are_refused_and_the_refusal_says_where(self) -> None:
        rendition = world.draft_rendition(body="Only a creep would do this. You can stop here.")
        with pytest.raises(ReviewRefused, match="cannot be shown") as refused:
            workflow.submit(rendition, by=mara(), now=world.NOON)
        assert list(refused.value.fields) == ["renditions.en.body"]
        assert refused.value.fields["renditions.en.body"].startswith("“creep”: ")
        rendition.refresh_from_db()
        assert rendition.state == Revision.State.DRAFT

    def test_a_claim_without_a_source_is_refused(self) -> None:
        rendition = world.draft_rendition(body="It can hurt.")
        Revision.objects.filter(pk=rendition.revision_id).update(claim_strength="reported")
        with pytest.raises(ReviewRefused) as refused:
            workflow.submit(rendition, by=mara(), now=world.NOON)
        assert refused.value.fields == {"sources": "The message makes a claim. Name its source."}

    def test_words_that_are_worth_a_thought_are_not(self) -> None:
        workflow.submit(world.draft_rendition(body="It always hurts!"), by=mara(), now=world.NOON)

    def test_a_name_that_this_installation_keeps_out_is_refused(self, settings: Settings) -> None:
        settings.NEVER_NAME = ["fakemaker*"]
        with pytest.raises(ReviewRefused) as refused:
            workflow.submit(world.draft_rendition(body="Leave Fakemaker3000 alone."), by=mara(), now=world.NOON)
        assert "“Fakemaker3000”" in refused.value.fields["renditions.en.body"]


class TestAnException:
    def test_an_administrator_does_not_approve_own_words_whatever_the_reason(self) -> None:
        with pytest.raises(ReviewRefused, match="own text"):
            approve(world.submitted_rendition("root"), root(), override="Nobody else speaks English this week.")

    def test_it_needs_its_reason(self) -> None:
        rendition = world.draft_rendition(body="She asked for it. You can stop.")
        with pytest.raises(ReviewRefused) as refused:
            workflow.submit(rendition, by=root(), now=world.NOON, override="  ")
        assert list(refused.value.fields) == ["override"]

    def test_nobody_else_makes_one(self) -> None:
        rendition = world.draft_rendition(body="She asked for it. You can stop.")
        with pytest.raises(ReviewRefused, match="cannot be shown"):
            workflow.submit(rendition, by=mara(), now=world.NOON, override="I am sure.")

    def test_a_remark_is_passed_at_both_steps_and_named(self) -> None:
        rendition = world.draft_rendition(body="She asked for it. You can stop.")
        workflow.submit(rendition, by=root(), now=world.NOON, override="A quotation in a court's words.")
        decided = approve(rendition, root(), override="The court's words.")
        assert [made.override for made in workflow.exceptions(rendition)] == [
            "A quotation in a court's words.",
            "The court's words.",
        ]
        assert any("asked for it" in said for said in decided.overridden)

    def test_a_reason_without_need_is_none(self) -> None:
        assert approve(world.submitted_rendition(), root(), override="Just in case.").override == ""

    def test_the_database_keeps_no_exception_without_a_reason(self) -> None:
        rendition = world.submitted_rendition()
        with pytest.raises(IntegrityError), transaction.atomic():
            Review.objects.create(
                rendition=rendition, decision="approved", digest="x", overridden=["Something"], at=world.NOON
            )

    def test_it_stands_on_the_audit_record(self) -> None:
        rendition = world.draft_rendition(body="She asked for it. You can stop.")
        workflow.submit(rendition, by=root(), now=world.NOON, override="A court's words.")
        last = AuditEntry.objects.all()[0]
        assert describe_action(last.action, label=last.label, detail=last.detail) == (
            "made an exception (submitted) for the message “victim”, version 2 in “en”: A court's words."
        )


class TestRoles:
    STEPS: dict[str, Callable[[User], object]] = {
        "submit": lambda by: workflow.submit(world.draft_rendition(), by=by, now=world.NOON),
        "comment": lambda by: workflow.comment(world.draft_rendition(), by=by, now=world.NOON, text="Hm."),
        "approve": lambda by: approve(world.submitted_rendition(), by),
        "send back": lambda by: workflow.send_back(
            (rendition := world.submitted_rendition()),
            by=by,
            now=world.NOON,
            read_digest=rendition.words_digest(),
            reason="Hm.",
        ),
        "withdraw": lambda by: workflow.withdraw(
            world.approved_revision("user").renditions.get(), by=by, now=world.NOON, reason="Hm."
        ),
    }
    ALLOWED = {
        "manager": {"submit", "comment", "withdraw"},
        "reviewer": {"comment", "approve", "send back", "withdraw"},
        "analyst": set[str](),
    }

    @pytest.mark.parametrize("step", STEPS)
    @pytest.mark.parametrize("role", ALLOWED)
    def test_a_step_is_taken_by_those_whose_it_is(self, role: str, step: str) -> None:
        person = world.person(f"one {role}", role)
        if step in self.ALLOWED[role]:
            self.STEPS[step](person)
        else:
            with pytest.raises(ReviewRefused, match="role"):
                self.STEPS[step](person)


class TestTheRecord:
    def test_tells_every_step(self) -> None:
        rendition = world.submitted_rendition()
        workflow.comment(rendition, by=rafael(), now=world.NOON, text="Kinder?")
        read = rendition.words_digest()
        workflow.send_back(rendition, by=rafael(), now=world.NOON, read_digest=read, reason="Too cold.")
        workflow.submit(rendition, by=mara(), now=world.NOON)
        approve(rendition)
        workflow.withdraw(rendition, by=mara(), now=world.NOON, reason="Old.")
        told = [
            f"{row.actor} {describe_action(row.action, label=row.label, detail=row.detail)}"
            for row in AuditEntry.objects.filter(actor__in=["mara", "rafael"]).order_by("number")
        ]
        words = "the message “victim”, version 2 in “en”"
        assert told == [
            f"mara wrote {words}",
            f"mara asked for a review of {words}",
            f"rafael commented on {words}",
            f"rafael sent back {words}: Too cold.",
            f"mara asked for a review of {words}",
            f"rafael approved {words}",
            f"mara withdrew {words}: Old.",
        ]

    def test_a_comment_is_of_the_words_as_they_were(self) -> None:
        rendition = world.draft_rendition()
        made = workflow.comment(rendition, by=mara(), now=world.NOON, text=" Shorter? ")
        assert (made.text, made.digest) == ("Shorter?", rendition.words_digest())

    @pytest.mark.parametrize("text", ["", "  ", "x" * 1001])
    def test_a_comment_says_something_and_not_too_much(self, text: str) -> None:
        with pytest.raises(ReviewRefused) as refused:
            workflow.comment(world.draft_rendition(), by=mara(), now=world.NOON, text=text)
        assert list(refused.value.fields) == ["text"]

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE messaging_review SET comment = 'x'",
            "DELETE FROM messaging_review",
            "UPDATE messaging_comment SET text = 'x'",
            "DELETE FROM messaging_comment",
        ],
    )
    def test_neither_changes_nor_goes(self, statement: str) -> None:
        workflow.comment(world.submitted_rendition(), by=mara(), now=world.NOON, text="Hm.")
        with pytest.raises(IntegrityError, match="stays as it is"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert (Review.objects.filter(by=mara()).count(), Comment.objects.count()) == (1, 1)

    def test_a_step_that_is_refused_leaves_nothing(self) -> None:
        rendition = world.submitted_rendition()
        before = (AuditEntry.objects.count(), Review.objects.count())
        with pytest.raises(ReviewRefused):
            workflow.withdraw(rendition, by=mara(), now=world.NOON, reason="Hm.")
        assert (AuditEntry.objects.count(), Review.objects.count()) == before
