"""Triggers that protect records: declared here for both engines, and restored after every migration.

SQLite drops the triggers of a table when a migration rebuilds it. A trigger is known by its name: a migration that
changes one drops the old one, and `restore_triggers` creates the new one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

_DIFFERS = {"sqlite": "IS NOT", "postgresql": "IS DISTINCT FROM"}
_NAMES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND pg_table_is_visible(tgrelid)",
}


@dataclass(frozen=True, slots=True)
class Trigger:
    """Refuses to change rows of `table` or, if `fixed` names columns, approved rows in these columns.

    PostgreSQL has one trigger for all events, and SQLite one for each: `sqlite_name` then has a gap for it. On
    PostgreSQL a second trigger refuses TRUNCATE, which passes by those for rows; SQLite has no such statement.
    """

    table: str
    name: str
    function: str
    refusal: str
    sqlite_name: str = ""
    events: tuple[str, ...] = ("UPDATE",)
    condition: str = ""
    fixed: tuple[str, ...] = ()

    def columns(self) -> set[str]:
        """The columns without which the trigger cannot be created, as in the middle of old migrations."""
        return {*self.fixed, *(column for column in ("state", "frozen_at") if f"OLD.{column}" in self.condition)}

    def names(self, vendor: str) -> dict[str, str]:
        """The trigger's names in the database, each with its events."""
        if vendor == "sqlite":
            return {(self.sqlite_name or self.name).format(event=event): event for event in self.events}
        return {self.name: " OR ".join(self.events), f"{self.name}_truncate": "TRUNCATE"}

    def create(self, vendor: str, name: str) -> Iterator[str]:
        """The statements that create it under one of its names."""
        when = self.condition.format(changed=" OR ".join(f"OLD.{c} {_DIFFERS[vendor]} NEW.{c}" for c in self.fixed))
        events = self.names(vendor)[name]
        head = f"CREATE TRIGGER {name} BEFORE {events} ON {self.table} "
        if vendor == "sqlite":
            yield f"{head}{when and f'WHEN {when} '}BEGIN SELECT RAISE(ABORT, '{self.refusal}'); END"
            return
        yield (
            f"CREATE OR REPLACE FUNCTION {self.function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION USING MESSAGE = '{self.refusal}', ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        each = "STATEMENT " if events == "TRUNCATE" else f"ROW {when and f'WHEN ({when}) '}"
        yield f"{head}FOR EACH {each}EXECUTE FUNCTION {self.function}()"

    def drop(self, vendor: str) -> Iterator[str]:
        """The statements that drop it."""
        for name in self.names(vendor):
            yield f"DROP TRIGGER IF EXISTS {name}" + ("" if vendor == "sqlite" else f" ON {self.table}")


_BOTH = ("UPDATE", "DELETE")
_APPROVED = "OLD.state IN ('approved', 'withdrawn') AND "
_ON_RECORD = ("analytics_append_only", "an analysis on record cannot be changed")
_APPROVED_WORDS = ("messaging_approved_words", "approved words cannot be changed: write a new revision")
_REVIEW = ("messaging_review_append_only", "what was decided or said in a review stays as it is")
TRIGGERS = (
    *(
        Trigger(f"analytics_{name}", f"analytics_{name}_append_only", *_ON_RECORD)
        for name in ("analysis", "estimate", "release")
    ),
    Trigger(
        "campaign_analysisplan",
        "campaign_plan_frozen",
        "campaign_plan_frozen",
        "a frozen plan cannot be changed",
        condition="OLD.frozen_at IS NOT NULL",
    ),
    Trigger(
        "campaign_deviation",
        "campaign_deviation_stays",
        "campaign_deviation_stays",
        "a deviation on record cannot be changed",
        sqlite_name="campaign_deviation_{event}",
        events=_BOTH,
    ),
    Trigger(
        "campaign_draftversion",
        "campaign_draftversion_stays",
        "campaign_draftversion_stays",
        "a version of a draft on record cannot be changed",
        sqlite_name="campaign_draftversion_{event}",
        events=_BOTH,
    ),
    # None of them reads another table: when SQLite rebuilds that table, the trigger would find it missing.
    Trigger(
        "messaging_rendition",
        "messaging_approved_words",
        *_APPROVED_WORDS,
        condition=_APPROVED + "(NEW.state NOT IN (OLD.state, 'withdrawn') OR {changed})",
        fixed=("revision_id", "locale", "headline", "body", "digest"),
    ),
    Trigger(
        "messaging_revision",
        "messaging_approved_claim",
        *_APPROVED_WORDS,
        condition=_APPROVED + "({changed})",
        fixed=("message_id", "number", "claim_strength", "sources"),
    ),
    *(
        Trigger(table, f"{table}_append_only", *_REVIEW, sqlite_name=f"{table}_no_{{event}}", events=_BOTH)
        for table in ("messaging_review", "messaging_comment")
    ),
    Trigger(
        "messaging_auditentry",
        "messaging_auditentry_append_only",
        "messaging_audit_append_only",
        "an entry on the audit record stays as it is",
        sqlite_name="messaging_auditentry_no_{event}",
        events=_BOTH,
    ),
)


def restore_triggers(*, using: str, **_: Any) -> None:
    """Receive `post_migrate`: create the triggers that are missing, as far as their tables exist."""
    if using != "default":
        return
    connection = connections[using]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        present = trigger_names(connection)
        tables = connection.introspection.table_names(cursor)
        for trigger in TRIGGERS:
            missing = trigger.names(connection.vendor).keys() - present
            if missing and trigger.table in tables and trigger.columns() <= _columns(cursor, trigger.table):
                for name in missing:
                    for statement in trigger.create(connection.vendor, name):
                        cursor.execute(statement)


def trigger_names(connection: BaseDatabaseWrapper) -> set[str]:
    """The names of all triggers in the database."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMES[connection.vendor])
        return {name for (name,) in cursor.fetchall()}


def _columns(cursor: CursorWrapper, table: str) -> set[str]:
    cursor.execute(f"SELECT * FROM {table} LIMIT 0")  # noqa: S608  (Django's introspection parses the table's SQL)
    return {column for column, *_ in cursor.description}
