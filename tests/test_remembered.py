"""A world that is put there again holds what the real verbs made, to the last row, and is taken for no other."""

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
from messages.audit import log
from messages.models import HelpLink, Message
from messages.review import workflow
from tests import remembered, world

pytestmark = pytest.mark.django_db

MAKERS: dict[str, Callable[[], models.Model]] = {
    "approved words": lambda: world.approved_revision("victim", locales=("en", "es"), headline="It's theirs"),
    "words of somebody": lambda: world.draft_rendition("ana", body="It's {new}"),
    "words that wait": world.submitted_rendition,
    "a draft": lambda: world.draft(plan={"planned_per_arm": 250, "smallest_difference": 1 / 3}),
    "a running campaign": world.launched,
    "a second one": lambda: world.launched("second", at=world.placement("second-page")),
}


@pytest.fixture(autouse=True)
def nothing_is_known_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "_kept", {})


def held() -> dict[str, object]:
    """All rows of our tables, with names for people, and who they are."""
    names = dict(User.objects.values_list("pk", "username"))

    def told(row: models.Model) -> Iterator[tuple[str, Any]]:
        for column in row._meta.concrete_fields:
            value = getattr(row, column.attname)
            yield column.name, names.get(value) if column.related_model is User else value

    ours = [one for one in apps.get_models(include_auto_created=True) if one.__module__.split(".")[0] in _OURS]
    rows = {
        one._meta.label: [dict(told(row)) for row in one._base_manager.order_by("pk")]
        for one in ours
        if router.allow_migrate_model("default", one)
    }
    people = {one.username: {group.name for group in one.groups.all()} for one in User.objects.all()}
    return {**rows, "people": people}


_OURS = ("messages", "campaign", "analytics")


def left_by(make: Callable[[], models.Model]) -> tuple[object, dict[str, object]]:
    """What a maker answers and leaves behind; then it is as if it had never been asked."""
    with transaction.atomic():
        answer = make()
        left = (type(answer), answer.pk), held()
        transaction.set_rollback(True)
    return left


def for_real(make: Callable[[], models.Model], monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether a maker goes through the verbs."""
    approve = Mock(wraps=workflow.approve)
    with monkeypatch.context() as patch:
        patch.setattr(workflow, "approve", approve)
        left_by(make)
    return bool(approve.called)


ON_SQLITE = pytest.mark.only_on("sqlite", reason="PostgreSQL gives no key twice, so what is there is never the same")


@pytest.mark.slow
@pytest.mark.parametrize(
    "what", [pytest.param(what, marks=ON_SQLITE) if what == "a second one" else what for what in MAKERS]
)
def test_what_is_put_there_again_is_what_was_made(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert for_real(MAKERS[what], monkeypatch)
    monkeypatch.setattr(remembered, "_kept", {})
    made = left_by(MAKERS[what])
    assert not for_real(MAKERS[what], monkeypatch)
    assert left_by(MAKERS[what]) == made


def test_the_audit_record_of_it_is_whole(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "DATA_DIRECTORY", tmp_path)
    left_by(world.launched)
    with django_capture_on_commit_callbacks(execute=True):
        world.launched()
    verdict = log.verify()
    assert (verdict.problems, verdict.count) == ((), 11)


def test_one_can_go_on_with_it() -> None:
    left_by(world.launched)
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
def test_another_world_is_made_for_real(other: Callable[[], models.Model], monkeypatch: pytest.MonkeyPatch) -> None:
    left_by(lambda: world.approved_revision("victim"))
    assert not for_real(lambda: world.approved_revision("victim"), monkeypatch)
    assert for_real(other, monkeypatch)


def test_what_changes_what_was_there_is_made_for_real_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    link = HelpLink.objects.create(key="new", name="New", url="https://new.example/", lane="self", country="*")
    left_by(world.draft)
    link.refresh_from_db()
    assert link.verified_on is None
    world.draft()
    link.refresh_from_db()
    assert link.verified_on is not None


def test_people_keep_the_roles_that_a_test_gave_them() -> None:
    def with_roles(*roles: str) -> dict[str, object]:
        return left_by(lambda: (world.person("mara", *roles), world.launched())[1])[1]

    with_roles("analyst")
    assert with_roles("reviewer")["people"] == {"mara": {"reviewer", "manager"}, "rafael": {"reviewer"}}


@pytest.mark.django_db(transaction=True)
def test_outside_of_a_transaction_all_is_made_for_real(monkeypatch: pytest.MonkeyPatch) -> None:
    world.approved_revision("victim")
    assert not remembered._kept
