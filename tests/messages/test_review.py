import pytest
from django.db import IntegrityError, transaction
from pytest_django import Settings

from messages import review
from messages.models import Rendition, Revision
from messages.review import ReviewRefused
from tests import world

pytestmark = pytest.mark.django_db


def written(by: str, *, body: str = "Words.") -> Revision:
    message = world.approved("victim").message
    revision = Revision.objects.create(message=message, number=2, claim_strength="value", author=world.person(by))
    Rendition.objects.create(revision=revision, locale="en", headline="A headline", body=body)
    return revision


def test_a_colleague_approves_the_exact_words() -> None:
    revision = written("mara")
    review.submit(revision)
    record = review.approve(revision, by=world.person("rafael"), now=world.NOON)
    assert record.digest == revision.digest == revision.words_digest()
    assert review.stands(revision)


def test_nobody_approves_their_own_words() -> None:
    revision = written("mara")
    review.submit(revision)
    with pytest.raises(ReviewRefused, match="own words"):
        review.approve(revision, by=world.person("mara"), now=world.NOON)


def test_words_cannot_skip_review() -> None:
    with pytest.raises(ReviewRefused, match="Draft"):
        review.approve(written("mara"), by=world.person("rafael"), now=world.NOON)


def test_an_empty_revision_cannot_be_submitted() -> None:
    revision = written("mara")
    revision.renditions.all().delete()
    with pytest.raises(ReviewRefused, match="no words"):
        review.submit(revision)


def test_withdrawn_words_no_longer_stand() -> None:
    revision = world.approved("user")
    review.withdraw(revision, by=world.person("rafael"), now=world.NOON, comment="A better source says otherwise.")
    assert not review.stands(revision)


def test_approved_words_need_a_digest() -> None:
    revision = world.approved("user")
    with pytest.raises(IntegrityError), transaction.atomic():
        Revision.objects.filter(pk=revision.pk).update(digest="")


def test_words_that_have_to_change_cannot_be_submitted_and_the_refusal_says_where() -> None:
    revision = written("mara", body="Only a creep would do this. You can stop here.")
    with pytest.raises(ReviewRefused, match="cannot be shown") as refused:
        review.submit(revision)
    assert list(refused.value.fields) == ["renditions.en.body"]
    assert refused.value.fields["renditions.en.body"].startswith("“creep”: ")
    revision.refresh_from_db()
    assert revision.state == Revision.State.DRAFT


def test_a_claim_without_a_source_is_refused_once_whatever_the_number_of_languages() -> None:
    revision = written("mara", body="It can hurt.")
    revision.claim_strength = "reported"
    Rendition.objects.create(revision=revision, locale="es", headline="Un titular", body="Puede doler.")
    with pytest.raises(ReviewRefused) as refused:
        review.submit(revision)
    assert refused.value.fields == {"sources": "The message claims something. Please name what that rests on."}


def test_words_that_are_worth_a_thought_can_be_submitted() -> None:
    review.submit(written("mara", body="It always hurts!"))


def test_words_edited_after_they_were_submitted_are_read_again_at_approval() -> None:
    revision = written("mara")
    review.submit(revision)
    revision.renditions.update(body="She asked for it.")
    with pytest.raises(ReviewRefused, match="cannot be shown"):
        review.approve(revision, by=world.person("rafael"), now=world.NOON)


def test_a_name_that_this_installation_keeps_out_is_refused(settings: Settings) -> None:
    settings.NEVER_NAME = ["fakemaker*"]
    with pytest.raises(ReviewRefused) as refused:
        review.submit(written("mara", body="Leave Fakemaker3000 alone."))
    assert "“Fakemaker3000”" in refused.value.fields["renditions.en.body"]
