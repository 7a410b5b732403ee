"""Tests of the row cache: cached rows equal those of a real run, and are used for no other data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.db import models, router, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from campaign.lifecycle import transitions
from messages.audit import verification
from messages.models import HelpLink, Message
from messages.review import workflow
from tests import row_cache, world

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

BUILDERS: dict[str, Callable[[], models.Model]] = {
    "approved words": lambda: world.approved_revision("victim", locales=("en", "es"), headline="It's theirs"),
    "words of somebody": lambda: world.draft_rendition("ana", body="It's {new}"),
    "words that wait": world.submitted_rendition,
    "a draft": lambda: world.draft(plan={"planned_per_arm": 250, "smallest_difference": 1 / 3}),
    "a running campaign": world.launched,
    "a second one": lambda: world.launched("second", at=world.placement("second-page")),
}


@pytest.fixture(autouse=True)
def empty_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_cache, "_cache", {})


def table_content() -> dict[str, object]:
    """Return all rows of the project's tables, with user names for references to people, and the people."""
    names = dict(User.objects.values_list("pk", "username"))

    def values(row: models.Model) -> Iterator[tuple[str, Any]]:
        for column in row._meta.concrete_fields:
            value = getattr(row, column.attname)
            yield column.name, names.get(value) if column.related_model is User else value

    ours = [one for one in apps.get_models(include_auto_created=True) if one.__module__.split(".")[0] in _OURS]
    rows = {
        one._meta.label: [dict(values(row)) for row in one._base_manager.order_by("pk")]
        for one in ours
        if router.allow_migrate_model("default", one)
    }
    people = {one.username: {group.name for group in one.groups.all()} for one in User.objects.all()}
    return {**rows, "people": people}


_OURS = ("messages", "campaign", "analytics")


def run_and_roll_back(build: Callable[[], models.Model]) -> tuple[object, dict[str, object]]:
    """Run a builder and roll back. Return its result and the content of the tables."""
    with transaction.atomic():
        result = build()
        outcome = (type(result), result.pk), table_content()
        transaction.set_rollback(True)
    row_cache.restart_sequences()
    return outcome


def runs_for_real(build: Callable[[], models.Model], monkeypatch: pytest.MonkeyPatch) -> bool:
    """Return whether a builder runs for real, that is, calls the review workflow."""
    approve = Mock(wraps=workflow.approve)
    with monkeypatch.context() as patch:
        patch.setattr(workflow, "approve", approve)
        run_and_roll_back(build)
    return bool(approve.called)


@pytest.mark.parametrize("what", BUILDERS)
def test_cached_rows_equal_those_of_a_real_run(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert runs_for_real(BUILDERS[what], monkeypatch)
    monkeypatch.setattr(row_cache, "_cache", {})
    made = run_and_roll_back(BUILDERS[what])
    assert not runs_for_real(BUILDERS[what], monkeypatch)
    assert run_and_roll_back(BUILDERS[what]) == made


def test_the_audit_log_of_cached_rows_is_valid(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "KEY_DIRECTORY", tmp_path)
    run_and_roll_back(world.launched)
    with django_capture_on_commit_callbacks(execute=True):
        world.launched()
    verdict = verification.verify()
    assert (verdict.problems, verdict.count) == ((), 12)


def test_cached_rows_can_be_built_upon() -> None:
    run_and_roll_back(world.launched)
    made = world.launched()
    transitions.pause(made, by=world.person("mara"))
    assert world.launched("second", at=world.placement("second-page")).pk != made.pk


@pytest.mark.parametrize(
    "other",
    [
        lambda: world.approved_revision("user"),
        lambda: world.approved_revision("victim", locales=("es",)),
        lambda: (Message.objects.all(), world.approved_revision("neutral"), world.approved_revision("victim"))[-1],
    ],
    ids=["another frame", "another language", "beside other words"],
)
def test_other_data_is_built_for_real(other: Callable[[], models.Model], monkeypatch: pytest.MonkeyPatch) -> None:
    run_and_roll_back(lambda: world.approved_revision("victim"))
    assert not runs_for_real(lambda: world.approved_revision("victim"), monkeypatch)
    assert runs_for_real(other, monkeypatch)


def test_a_builder_that_changes_existing_rows_always_runs_for_real(monkeypatch: pytest.MonkeyPatch) -> None:
    link = HelpLink.objects.create(key="new", name="New", url="https://new.example/", lane="self", country="*")
    run_and_roll_back(world.draft)
    link.refresh_from_db()
    assert link.verified_on is None
    world.draft()
    link.refresh_from_db()
    assert link.verified_on is not None


def test_people_keep_the_roles_that_a_test_gave_them() -> None:
    def with_roles(*roles: str) -> dict[str, object]:
        return run_and_roll_back(lambda: (world.person("mara", *roles), world.launched())[1])[1]

    with_roles("analyst")
    assert with_roles("reviewer")["people"] == {"mara": {"reviewer", "manager"}, "rafael": {"reviewer"}}


@pytest.mark.django_db(transaction=True)
def test_outside_of_a_transaction_every_builder_runs_for_real(monkeypatch: pytest.MonkeyPatch) -> None:
    world.approved_revision("victim")
    assert not row_cache._cache
