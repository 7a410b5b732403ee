"""Triggers that protect records outlive migrations that rebuild their tables."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection

from analytics.looks.evaluate import evaluate
from campaign.models import AnalysisPlan
from campaign.record_triggers import (
    TRIGGERS,
    Trigger,
    missing_triggers,
    restore_triggers,
    suspend_triggers,
    trigger_names,
)
from tests import world

MODELS = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}


def missing() -> set[str]:
    return missing_triggers(connection)


def rebuild_table(trigger: Trigger) -> None:
    """As a migration does on SQLite; PostgreSQL alters tables in place, so there the trigger is dropped."""
    suspend_triggers(using="default")  # as `migrate` does first
    with connection.schema_editor() as editor:
        if connection.vendor == "sqlite":
            editor._remake_table(MODELS[trigger.table])  # type: ignore[attr-defined]
        else:
            for statement in trigger.drop(connection.vendor):
                editor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_a_trigger_is_back_after_a_migration_that_rebuilt_its_table() -> None:
    assert missing() == set()
    for trigger in TRIGGERS:
        rebuild_table(trigger)
        assert missing() >= set(trigger.names(connection.vendor))
        call_command("migrate", database="default", verbosity=0)
        assert missing() == set()
    world.launched()
    with pytest.raises(IntegrityError, match="a frozen plan cannot be changed"):
        AnalysisPlan.objects.update(frozen_at=world.NOON + timedelta(days=1))


def test_a_trigger_has_a_name_for_each_of_its_events_on_sqlite() -> None:
    assert [trigger for trigger in TRIGGERS if len(trigger.names("sqlite")) != len(trigger.events)] == []


@pytest.mark.django_db
@pytest.mark.only_on("postgresql", reason="SQLite has no TRUNCATE")
@pytest.mark.parametrize("table", sorted({trigger.table for trigger in TRIGGERS}))
def test_no_table_on_record_is_truncated(table: str) -> None:
    refusals = "|".join(trigger.refusal for trigger in TRIGGERS)
    with pytest.raises(IntegrityError, match=refusals), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.django_db
@pytest.mark.only_on("postgresql", reason="SQLite disables no trigger")
def test_a_trigger_that_was_disabled_is_missing_until_the_next_migration() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE messaging_auditentry DISABLE TRIGGER USER")
    assert missing() == {"messaging_auditentry_append_only", "messaging_auditentry_append_only_truncate"}
    restore_triggers(using="default")
    assert missing() == set()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("app", ["messaging", "campaign", "analytics"])
def test_no_migration_drops_what_is_on_record(app: str) -> None:
    evaluate(world.launched(), now=world.NOON)
    before = connection.introspection.table_names()
    with pytest.raises(CommandError, match="which holds what is on record"):
        call_command("migrate", app, "zero", database="default", verbosity=0)
    assert connection.introspection.table_names() == before
    assert missing() == set()


@pytest.mark.django_db
def test_restoring_triggers_that_are_there_changes_nothing() -> None:
    before = trigger_names(connection)
    restore_triggers(using="default")
    assert trigger_names(connection) == before


@pytest.mark.django_db
def test_every_trigger_of_the_database_is_declared() -> None:
    declared = {name for trigger in TRIGGERS for name in trigger.names(connection.vendor)}
    assert trigger_names(connection) == declared
