import pytest
from django.db import IntegrityError, transaction

from messages import review
from messages.models import Rendition, Revision
from messages.review import ReviewRefused
from tests import world

pytestmark = pytest.mark.django_db


def written(by: str) -> Revision:
    message = world.approved("victim").message
    revision = Revision.objects.create(message=message, number=2, claim_strength="value", author=world.person(by))
    Rendition.objects.create(revision=revision, locale="en", headline="A headline", body="Words.")
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
