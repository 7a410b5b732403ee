"""Triggers that protect records: declared here for both engines, and restored after every migration.

SQLite drops the triggers of a table when a migration rebuilds it, and cannot rebuild a table that the trigger of
another one reads: such triggers are dropped before a migration. A trigger is known by its name: a migration that
changes one drops the old one, and `restore_triggers` creates the new one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.management.base import CommandError
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.migrations import CreateModel, Migration
from django.db.models import UniqueConstraint

_DIFFERS = {"sqlite": "IS NOT", "postgresql": "IS DISTINCT FROM"}
# Each trigger by its name, and all that it does. On PostgreSQL that is its table, when it is called (`tgtype`), and its
# function: the triggers of this program have neither a condition nor columns of their own there, because the server
# tells them back in other words, which nobody could compare. A rule of the server is told as a trigger would be.
_DEFINITIONS = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname, concat_ws(' ', tgrelid::regclass, tgtype, lanname, proname || '()' || prosrc, "
    "'WHEN ' || tgqual::text, nullif('OF ' || tgattr::text, 'OF '), nullif('WITH ' || encode(tgargs, 'hex'), 'WITH ')) "
    "FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid JOIN pg_language ON pg_language.oid = prolang "
    "WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND pg_table_is_visible(tgrelid) "
    "AND current_setting('session_replication_role') <> 'replica' "
    "UNION ALL SELECT rulename, 'a rule' FROM pg_rules WHERE schemaname = ANY (current_schemas(false))",
}
_TIMES = {"ROW": 1, "BEFORE": 2, "INSERT": 4, "DELETE": 8, "UPDATE": 16, "TRUNCATE": 32}  # the bits of `tgtype`
_FUNCTION = re.compile(r"CREATE OR REPLACE FUNCTION (\w+\(\)) RETURNS trigger LANGUAGE plpgsql AS \$\$([^$]*)\$\$")


@dataclass(frozen=True, slots=True)
class Trigger:
    """Refuses to change rows of `table` or, if `fixed` names columns, to change rows in these columns.

    `parent` names a table, the column that points to it, and a column of it: rows are refused once that one is set.
    Where that column is of another table, `through` names the table between them and its column. With `outlived_by`, a
    table and the column that refers to it, rows are refused as long as theirs is there.

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
    parent: tuple[str, str, str] | None = None
    outlived_by: tuple[str, str] | None = None
    through: tuple[str, str] | None = None

    def columns(self) -> set[str]:
        """The columns without which the trigger cannot be created, as in the middle of old migrations."""
        named = ("state", "frozen_at", "launched_at", "submitted_at")
        return {*self.fixed, *(column for column in named if f"OLD.{column}" in self.condition)}

    def names(self, vendor: str) -> dict[str, str]:
        """The trigger's names in the database, each with its events."""
        if vendor == "sqlite":
            return {(self.sqlite_name or self.name).format(event=event): event for event in self.events}
        return {self.name: " OR ".join(self.events), f"{self.name}_truncate": "TRUNCATE"}

    def create(self, vendor: str, name: str) -> Iterator[str]:
        """The statements that create it under one of its names."""
        events = self.names(vendor)[name]
        when = self._when(vendor, events)
        replacing = "" if vendor == "sqlite" else "OR REPLACE "  # one that was disabled is enabled again
        head = f"CREATE {replacing}TRIGGER {name} BEFORE {events} ON {self.table} "
        if vendor == "sqlite":
            yield f"{head}{when and f'WHEN {when} '}BEGIN SELECT RAISE(ABORT, '{self.refusal}'); END"
            return
        refuse = f"RAISE EXCEPTION USING MESSAGE = '{self.refusal}', ERRCODE = 'integrity_constraint_violation';"
        function, body, each = self.function, refuse, "ROW "
        if events == "TRUNCATE":
            each = "STATEMENT "
        elif when:
            function = f"{self.name}_rows"
            body = "".join(
                f"IF TG_OP = '{event}' THEN IF {self._when(vendor, event)} THEN {refuse} END IF; END IF; "
                for event in self.events
            )
            body += "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW;"
        yield f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
        yield f"{head}FOR EACH {each}EXECUTE FUNCTION {function}()"

    def _when(self, vendor: str, event: str) -> str:
        """The condition under which an event is refused; empty if it always is."""
        changed = " OR ".join(f"OLD.{column} {_DIFFERS[vendor]} NEW.{column}" for column in self.fixed)
        if self.outlived_by:
            table, key = self.outlived_by
            return f"EXISTS (SELECT 1 FROM {table} WHERE id = OLD.{key})"  # noqa: S608
        if self.parent is None:
            return self.condition.format(changed=changed)
        table, key, column = self.parent
        rows = {"INSERT": ("NEW",), "DELETE": ("OLD",)}.get(event, ("OLD", "NEW"))
        decided = " OR ".join(
            f"EXISTS (SELECT 1 FROM {table} WHERE id = {self._parent_id(row, key)} AND {column} IS NOT NULL)"  # noqa: S608
            for row in rows
        )
        return f"({decided}) AND ({changed})" if event == "UPDATE" and changed else f"({decided})"

    def _parent_id(self, row: str, key: str) -> str:
        if self.through is None:
            return f"{row}.{key}"
        table, column = self.through
        return f"(SELECT {column} FROM {table} WHERE id = {row}.{key})"  # noqa: S608

    def drop(self, vendor: str) -> Iterator[str]:
        """The statements that drop it."""
        for name in self.names(vendor):
            yield f"DROP TRIGGER IF EXISTS {name}" + ("" if vendor == "sqlite" else f" ON {self.table}")


@dataclass(frozen=True, slots=True)
class ReplaceTrigger:
    """Refuses a row on SQLite that would take the place of another, as with INSERT OR REPLACE.

    SQLite then deletes the other one without asking the triggers that refuse to delete it.
    """

    table: str

    def keys(self) -> list[tuple[str, ...]]:
        """The columns of which no two rows have the same values; of a table between two others, its own key alone."""
        model = next(each for each in apps.get_models(include_auto_created=True) if each._meta.db_table == self.table)
        single = [(str(field.column),) for field in model._meta.concrete_fields if field.unique]
        rules = [rule for rule in model._meta.constraints if isinstance(rule, UniqueConstraint) and not rule.condition]
        several = [tuple(str(model._meta.get_field(name).column) for name in rule.fields) for rule in rules]  # type: ignore[union-attr]
        return single + ([] if model._meta.auto_created else several)

    def columns(self) -> set[str]:
        """The columns without which the trigger cannot be created, as in the middle of old migrations."""
        return {column for key in self.keys() for column in key}

    def names(self, vendor: str) -> dict[str, str]:
        """The trigger's names in the database, each with its event; PostgreSQL replaces no rows."""
        return {f"{self.table}_replace_{event}": event for event in ("INSERT", "UPDATE")} if vendor == "sqlite" else {}

    def create(self, vendor: str, name: str) -> Iterator[str]:
        """The statements that create it under one of its names."""
        event = self.names(vendor)[name]
        same = " OR ".join(
            "(" + " AND ".join(f"{column} = NEW.{column}" for column in key) + ")" for key in self.keys()
        )
        when = f"EXISTS (SELECT 1 FROM {self.table} WHERE ({same}){' AND rowid <> OLD.rowid' * (event == 'UPDATE')})"  # noqa: S608
        yield (
            f"CREATE TRIGGER {name} BEFORE {event} ON {self.table} WHEN {when} "
            "BEGIN SELECT RAISE(ABORT, 'a row on record cannot be replaced'); END"
        )

    def drop(self, vendor: str) -> Iterator[str]:
        """The statements that drop it."""
        for name in self.names(vendor):
            yield f"DROP TRIGGER IF EXISTS {name}"


_BOTH = ("UPDATE", "DELETE")
_ALL = ("INSERT", "UPDATE", "DELETE")
_FROZEN = ("campaign_plan_frozen", "a frozen plan cannot be changed")
_SENT = ("campaign_submitted", "a campaign that was sent for approval stays")
_VERSION = "a version of a draft on record cannot be changed"
_APPROVED = "OLD.state IN ('approved', 'withdrawn') AND "
_ON_RECORD = ("analytics_append_only", "an analysis on record cannot be changed")
_APPROVED_WORDS = ("messaging_approved_words", "approved words cannot be changed: write a new revision")
_REVIEW = ("messaging_review_append_only", "what was decided or said in a review stays as it is")
TRIGGERS = (
    *(
        Trigger(f"analytics_{name}", f"analytics_{name}_append_only", *_ON_RECORD)
        for name in ("analysis", "estimate", "release")
    ),
    *(
        Trigger(f"analytics_{name}", f"analytics_{name}_stays", *_ON_RECORD, events=("DELETE",))
        for name in ("analysis", "estimate", "release")
    ),
    Trigger(
        "analytics_guardevent",
        "analytics_guardevent_stays",
        *_ON_RECORD,
        sqlite_name="analytics_guardevent_stays_{event}",
        events=_BOTH,
    ),
    Trigger("campaign_analysisplan", "campaign_plan_frozen", *_FROZEN, condition="OLD.frozen_at IS NOT NULL"),
    Trigger(
        "campaign_analysisplan",
        "campaign_plan_stays",
        *_FROZEN,
        events=("DELETE",),
        condition="OLD.frozen_at IS NOT NULL",
    ),
    # The rest of a frozen plan. What may still change are labels, pauses and states.
    Trigger(
        "campaign_campaign",
        "campaign_launched_fixed",
        *_FROZEN,
        condition="OLD.launched_at IS NOT NULL AND ({changed})",
        fixed=(
            *(
                "slug",
                "name",
                "hypothesis",
                "unit",
                "salt",
                "locales",
                "launched_at",
                "created_by_id",
                "approved_by_id",
            ),
            *("approved_fingerprint", "ethics_reference", "ethics_exemption", "first_slot", "last_slot"),
        ),
    ),
    # A campaign that was sent for approval stays, so that whoever reviewed it finds what they read.
    Trigger(
        "campaign_campaign",
        "campaign_submitted_fixed",
        *_SENT,
        condition="OLD.submitted_at IS NOT NULL AND ({changed})",
        fixed=("submitted_at",),
    ),
    Trigger(
        "campaign_campaign",
        "campaign_submitted_stays",
        *_SENT,
        events=("DELETE",),
        condition="OLD.submitted_at IS NOT NULL",
    ),
    Trigger(
        "campaign_campaign",
        "campaign_launched_stays",
        *_FROZEN,
        events=("DELETE",),
        condition="OLD.launched_at IS NOT NULL",
    ),
    Trigger(
        "campaign_arm",
        "campaign_arm_fixed",
        *_FROZEN,
        sqlite_name="campaign_arm_fixed_{event}",
        events=_ALL,
        fixed=("campaign_id", "key", "name", "weight", "is_control", "position"),
        parent=("campaign_campaign", "campaign_id", "launched_at"),
    ),
    Trigger(
        "campaign_armtext",
        "campaign_text_fixed",
        *_FROZEN,
        sqlite_name="campaign_text_fixed_{event}",
        events=_ALL,
        fixed=("arm_id", "position", "revision_id"),
        parent=("campaign_campaign", "arm_id", "launched_at"),
        through=("campaign_arm", "campaign_id"),
    ),
    Trigger(
        "campaign_plannedoutcome",
        "campaign_outcome_fixed",
        *_FROZEN,
        sqlite_name="campaign_outcome_fixed_{event}",
        events=_ALL,
        parent=("campaign_analysisplan", "plan_id", "frozen_at"),
    ),
    Trigger(
        "campaign_campaign_placements",
        "campaign_placements_fixed",
        *_FROZEN,
        sqlite_name="campaign_placements_fixed_{event}",
        events=_ALL,
        parent=("campaign_campaign", "campaign_id", "launched_at"),
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
        _VERSION,
        sqlite_name="campaign_draftversion_{event}",
    ),
    # The versions of a draft that was never sent go after it, in one transaction.
    Trigger(
        "campaign_draftversion",
        "campaign_draftversion_kept",
        "campaign_draftversion_kept",
        _VERSION,
        sqlite_name="campaign_draftversion_{event}",
        events=("DELETE",),
        outlived_by=("campaign_campaign", "campaign_id"),
    ),
    Trigger(
        "messaging_message",
        "messaging_message_fixed",
        "messaging_message_fixed",
        "what a message appeals to stays as it is",
        condition="{changed}",
        fixed=("frame", "matched_set"),
    ),
    Trigger(
        "campaign_placementchange",
        "campaign_placementchange_stays",
        "campaign_placementchange_stays",
        "who changed a placement stays on record",
        sqlite_name="campaign_placementchange_{event}",
        events=_BOTH,
    ),
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
        "messaging_overwrittenwords",
        "messaging_overwrittenwords_stay",
        "messaging_overwrittenwords_stay",
        "who wrote which words stays on record",
        sqlite_name="messaging_overwrittenwords_{event}",
        events=_BOTH,
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
REPLACE_TRIGGERS = tuple(ReplaceTrigger(table) for table in sorted({trigger.table for trigger in TRIGGERS}))
ALL_TRIGGERS: tuple[Trigger | ReplaceTrigger, ...] = (*TRIGGERS, *REPLACE_TRIGGERS)


def restore_triggers(*, using: str, **_: Any) -> None:
    """Receive `post_migrate`: create the triggers that are missing, as far as their tables exist, and those that do
    something else."""
    if using != "default":
        return
    connection = connections[using]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        present, changed = trigger_names(connection), changed_triggers(connection)
        tables = connection.introspection.table_names(cursor)
        for trigger in ALL_TRIGGERS:
            names = trigger.names(connection.vendor)
            if names.keys() <= present - changed or trigger.table not in tables:
                continue
            if trigger.columns() <= _columns(cursor, trigger.table):
                for name in names.keys() - (present - changed):
                    if name in changed and connection.vendor == "sqlite":  # which has no CREATE OR REPLACE
                        cursor.execute(f"DROP TRIGGER {name}")
                    for statement in trigger.create(connection.vendor, name):
                        cursor.execute(statement)


def suspend_triggers(*, using: str, **_: Any) -> None:
    """Receive `pre_migrate`: on SQLite drop the triggers, which name columns and tables that a migration may remove."""
    connection = connections[using]
    if using != "default" or connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        for trigger in ALL_TRIGGERS:
            for statement in trigger.drop("sqlite"):
                cursor.execute(statement)


class RecordsWouldBeDropped(CommandError):
    """A migration backwards would drop a table whose rows stay."""


def refuse_to_drop_records(*, plan: Sequence[tuple[Migration, bool]], using: str, **_: Any) -> None:
    """Receive `pre_migrate`: refuse `migrate APP zero` and the like as long as such a table holds rows."""
    dropped = {
        f"{migration.app_label}_{operation.name_lower}"
        for migration, is_backwards in plan
        if is_backwards
        for operation in migration.operations
        if isinstance(operation, CreateModel)
    }
    with connections[using].cursor() as cursor:
        for table in sorted(dropped & {trigger.table for trigger in TRIGGERS}):
            cursor.execute(f"SELECT 1 FROM {table} LIMIT 1")  # noqa: S608  (a name from TRIGGERS)
            if cursor.fetchone() is not None:
                raise RecordsWouldBeDropped(f"This would drop {table}, which holds what is on record.")


def missing_triggers(connection: BaseDatabaseWrapper) -> set[str]:
    """The names of the triggers that were dropped or disabled."""
    return {name for trigger in ALL_TRIGGERS for name in trigger.names(connection.vendor)} - trigger_names(connection)


def foreign_triggers(connection: BaseDatabaseWrapper) -> set[str]:
    """The names of the triggers that this program did not create: such a one could copy each visit, or undo a stop."""
    return trigger_names(connection) - {name for trigger in ALL_TRIGGERS for name in trigger.names(connection.vendor)}


def changed_triggers(connection: BaseDatabaseWrapper) -> set[str]:
    """The names of the triggers that have a name of ours and do something else."""
    present, vendor = _definitions(connection), connection.vendor
    return {
        name
        for trigger in ALL_TRIGGERS
        for name in trigger.names(vendor)
        if name in present and present[name] != _definition(trigger, vendor, name)
    }


def trigger_names(connection: BaseDatabaseWrapper) -> set[str]:
    """The names of all triggers that are at work in the database."""
    return set(_definitions(connection))


def _definitions(connection: BaseDatabaseWrapper) -> dict[str, str]:
    found: dict[str, str] = {}
    with connection.cursor() as cursor:
        cursor.execute(_DEFINITIONS[connection.vendor])
        for name, definition in cursor.fetchall():  # PostgreSQL has a trigger of one name on each table
            found[name] = f"{found[name]} and {definition}" if name in found else definition
    return found


def _definition(trigger: Trigger | ReplaceTrigger, vendor: str, name: str) -> str:
    """What the database says of a trigger that does what was declared."""
    first = next(iter(trigger.create(vendor, name)))
    function = _FUNCTION.fullmatch(first)
    if function is None:
        return first
    events = trigger.names(vendor)[name].split(" OR ")
    times = sum(_TIMES[each] for each in ("BEFORE", *events, *(() if events == ["TRUNCATE"] else ("ROW",))))
    return f"{trigger.table} {times} plpgsql {function[1]}{function[2]}"


def _columns(cursor: CursorWrapper, table: str) -> set[str]:
    cursor.execute(f"SELECT * FROM {table} LIMIT 0")  # noqa: S608  (Django's introspection parses the table's SQL)
    return {column for column, *_ in cursor.description}
