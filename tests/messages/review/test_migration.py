"""The migration to a review per language keeps approvals in every language."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import StateApps

from campaign.record_triggers import restore_triggers, suspend_triggers
from messages.models import Rendition, Review, Revision
from messages.review import workflow
from tests import world

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = [("messaging", "0004_audit"), ("campaign", "0006_left_out")]


def migrate(targets: list[tuple[str, str]]) -> StateApps:
    suspend_triggers(using="default")
    apps = MigrationExecutor(connection).migrate(targets).apps
    restore_triggers(using="default")
    return apps


@pytest.fixture
def before() -> Iterator[StateApps]:
    """The schema before the migration; the current one is restored afterwards."""
    now = MigrationExecutor(connection).loader.graph.leaf_nodes()
    yield migrate(BEFORE)
    migrate(now)


def digest_then(words: dict[str, list[str]]) -> str:
    return hashlib.sha256(json.dumps(words, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def write(apps: StateApps, state: str, number: int, *, changed: bool = False) -> Any:
    """A revision in two languages by mara in the old schema, approved by rafael unless it is a draft."""
    message, theme = (apps.get_model("messaging", name) for name in ("Message", "Theme"))
    mara, rafael = (User.objects.get_or_create(username=name)[0] for name in ("mara", "rafael"))
    argument, _ = theme.objects.get_or_create(key="t", defaults={"name": "T", "frame": "user", "line": "…"})
    idea, _ = message.objects.get_or_create(key="m", defaults={"theme": argument, "frame": "user"})
    words = {"en": ["Stop", "You can."], "es": ["Para", "Puedes."]}
    revision = apps.get_model("messaging", "Revision").objects.create(
        message=idea,
        number=number,
        state="draft",
        claim_strength="linked",
        sources=["Somebody 2020"],
        author_id=mara.pk,
        digest="" if state == "draft" else "void" if changed else digest_then(words),
    )
    for locale, (headline, body) in words.items():
        apps.get_model("messaging", "Rendition").objects.create(
            revision=revision, locale=locale, headline=headline, body=body
        )
    type(revision).objects.filter(pk=revision.pk).update(state=state)
    if state != "draft":
        apps.get_model("messaging", "Review").objects.create(
            revision=revision, reviewer_id=rafael.pk, decision="approved", digest=revision.digest, at=world.NOON
        )
    return revision


@pytest.mark.proof
def test_the_migration_keeps_what_was_approved_and_approves_nothing_else(before: StateApps) -> None:
    """One test, because migrating back and forth takes longer than all that is looked at afterwards."""
    approved, draft, void, withdrawn = (
        write(before, "approved", 1),
        write(before, "draft", 2),
        write(before, "approved", 3, changed=True),
        write(before, "withdrawn", 4),
    )
    migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())
    assert_each_language_is_approved_under_its_own_digest(approved)
    states = {
        r.pk: {words.state for words in Rendition.objects.filter(revision=r.pk)} for r in (draft, void, withdrawn)
    }
    assert states == {draft.pk: {"draft"}, void.pk: {"approved"}, withdrawn.pk: {"withdrawn"}}
    others = Rendition.objects.filter(revision__in=states)
    assert len(others) == 6
    assert not any(workflow.is_approval_valid(rendition) for rendition in others)
    assert Review.objects.filter(rendition__revision=withdrawn.pk).count() == 2
    for revision in (approved, withdrawn):
        assert_words_stay_fixed(revision)


def assert_each_language_is_approved_under_its_own_digest(revision: Any) -> None:
    renditions = list(Rendition.objects.filter(revision=revision.pk))
    assert [rendition.locale for rendition in renditions] == ["en", "es"]
    assert all(workflow.is_approval_valid(rendition) for rendition in renditions)
    assert len({rendition.digest for rendition in renditions}) == 2
    for rendition in renditions:
        approval = workflow.approval_of(rendition)
        assert approval is not None
        assert (str(approval.by), approval.at, approval.digest) == ("rafael", world.NOON, rendition.digest)
        assert str(rendition.author) == "mara"


def assert_words_stay_fixed(revision: Any) -> None:
    refused: list[Callable[[], object]] = [
        lambda: Rendition.objects.filter(revision=revision.pk).update(headline="Other"),
        lambda: Rendition.objects.filter(revision=revision.pk).update(state="draft"),
        lambda: Revision.objects.filter(pk=revision.pk).update(claim_strength="value"),
        lambda: Review.objects.filter(rendition__revision=revision.pk).update(comment="Other"),
        lambda: Review.objects.filter(rendition__revision=revision.pk).delete(),
    ]
    for change in refused:
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
