"""Triggers that protect records outlive migrations that rebuild their tables."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, connections, transaction

from analytics.guardrails.harm_stop import pause_harmful_arms
from analytics.looks.evaluate import evaluate
from campaign.lifecycle import deviations
from campaign.lifecycle.draft_versions import record_version
from campaign.models import AnalysisPlan, Campaign
from campaign.record_triggers import (
    ALL_TRIGGERS,
    TRIGGERS,
    Trigger,
    changed_triggers,
    foreign_triggers,
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


HARMLESS = {
    "sqlite": "CREATE TRIGGER messaging_auditentry_no_DELETE BEFORE DELETE ON messaging_auditentry BEGIN SELECT 1; END",
    "postgresql": "CREATE OR REPLACE FUNCTION messaging_audit_append_only() RETURNS trigger LANGUAGE plpgsql "
    "AS $$ BEGIN RETURN OLD; END $$",
}
COPIES = {
    "sqlite": ["CREATE TRIGGER mine AFTER INSERT ON messaging_auditentry BEGIN SELECT 1; END"],
    "postgresql": [
        "CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
        "CREATE TRIGGER mine AFTER INSERT ON messaging_auditentry FOR EACH ROW EXECUTE FUNCTION mine()",
    ],
}


@pytest.mark.django_db
def test_a_trigger_of_ours_that_does_nothing_is_found_and_the_next_migration_mends_it() -> None:
    assert changed_triggers(connection) == set()
    name = "messaging_auditentry_no_DELETE" if connection.vendor == "sqlite" else "messaging_auditentry_append_only"
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute(HARMLESS[connection.vendor])
    assert missing() == set()
    assert name in changed_triggers(connection)
    restore_triggers(using="default")
    assert changed_triggers(connection) == set()


NAME, TABLE = "messaging_auditentry_append_only", "messaging_auditentry"
CALLED = "FOR EACH ROW {when}EXECUTE FUNCTION messaging_audit_append_only()"
REWRITTEN = {
    "a condition that never holds": f"BEFORE UPDATE OR DELETE ON {TABLE} {CALLED.format(when='WHEN (false) ')}",
    "one event less": f"BEFORE UPDATE ON {TABLE} {CALLED.format(when='')}",
    "one column alone": f"BEFORE DELETE OR UPDATE OF at ON {TABLE} {CALLED.format(when='')}",
    "too late": f"AFTER UPDATE OR DELETE ON {TABLE} {CALLED.format(when='')}",
}


@pytest.mark.django_db
@pytest.mark.only_on("postgresql", reason="SQLite keeps the words of a trigger, which are compared whole")
@pytest.mark.parametrize("head", REWRITTEN.values(), ids=REWRITTEN)
def test_a_trigger_of_ours_that_is_called_otherwise_is_found_and_mended(head: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {NAME} ON {TABLE}")
        cursor.execute(f"CREATE TRIGGER {NAME} {head}")
    assert (missing(), changed_triggers(connection)) == (set(), {NAME})
    restore_triggers(using="default")
    assert changed_triggers(connection) == set()


@pytest.mark.django_db
@pytest.mark.only_on("postgresql", reason="SQLite has no rules, and disables no trigger")
def test_a_rule_and_a_trigger_for_replicas_alone_are_found() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE RULE mine AS ON DELETE TO {TABLE} DO ALSO NOTHING")
        cursor.execute(f"ALTER TABLE {TABLE} ENABLE REPLICA TRIGGER {NAME}")
    assert foreign_triggers(connection) == {"mine"}
    assert missing() == {NAME}


@pytest.mark.django_db
@pytest.mark.only_on("postgresql", reason="SQLite has no such setting")
def test_a_server_that_calls_no_trigger_at_all_is_found() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    assert NAME in missing()


@pytest.mark.django_db(databases=["default", "audience"])
def test_a_trigger_of_somebody_else_is_found() -> None:
    assert [name for alias in connections for name in foreign_triggers(connections[alias])] == []
    with connection.cursor() as cursor:
        for statement in COPIES[connection.vendor]:
            cursor.execute(statement)
    assert foreign_triggers(connection) == {"mine"}


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


@pytest.fixture
def filled() -> list[str]:
    """The tables with triggers that hold rows."""
    campaign = world.launched(margins={"annoyed": 0.03})
    annoyed = {"neutral": (900, 30), "victim": (900, 45), "user": (900, 40), "both": (900, 700)}
    world.tally(campaign, annoyed, outcome="annoyed")
    pause_harmful_arms(campaign, now=world.NOON)
    evaluate(campaign, now=world.NOON)
    deviations.record_deviation(campaign, what="It rained.", why="Autumn.", by=world.person("mara"), now=world.NOON)
    record_version(world.draft("next", at=world.placement("side-page")), by=world.person("mara"))
    tables = {trigger.table for trigger in TRIGGERS}
    through = Campaign.placements.through._meta.db_table
    return [table for table in sorted(tables) if table == through or MODELS[table]._default_manager.exists()]


def is_refused(sql: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
            transaction.set_rollback(True)
    except IntegrityError:
        return True
    return False


@pytest.mark.django_db
@pytest.mark.only_on("sqlite", reason="PostgreSQL replaces no rows")
def test_no_row_on_record_is_replaced(filled: list[str]) -> None:
    assert {"analytics_guardevent", "analytics_release", "campaign_deviation", "campaign_draftversion"} <= set(filled)
    replacing = "INSERT OR REPLACE INTO {0} SELECT * FROM {0} WHERE rowid = (SELECT max(rowid) FROM {0})"
    assert [table for table in filled if not is_refused(replacing.format(table))] == []


@pytest.mark.django_db
@pytest.mark.only_on("sqlite", reason="PostgreSQL replaces no rows")
def test_nor_by_a_row_that_takes_its_key(filled: list[str]) -> None:
    draft = "(SELECT id FROM campaign_campaign WHERE slug = 'next')"
    for sql in (
        f"UPDATE OR REPLACE campaign_campaign SET slug = 'pilot' WHERE id = {draft}",
        f"UPDATE OR REPLACE campaign_analysisplan SET id = (SELECT min(id) FROM campaign_analysisplan) "
        f"WHERE campaign_id = {draft}",
    ):
        assert is_refused(sql)


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["estimate", "release", "analysis", "guardevent"])
def test_what_a_look_or_the_guard_recorded_is_neither_changed_nor_deleted(filled: list[str], table: str) -> None:
    assert is_refused(f"DELETE FROM analytics_{table}")
    assert is_refused(f"UPDATE analytics_{table} SET id = id + 1000")


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
    declared = {name for trigger in ALL_TRIGGERS for name in trigger.names(connection.vendor)}
    assert trigger_names(connection) == declared
