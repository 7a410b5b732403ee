"""Analyses and estimates are append-only: the database itself refuses to change one."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

TABLES = ("analytics_analysis", "analytics_estimate")
REFUSAL = "an analysis on record cannot be changed"
FORBID = {
    "sqlite": [
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        for table in TABLES
    ],
    "postgresql": [
        "CREATE FUNCTION analytics_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION USING MESSAGE = '{REFUSAL}', ERRCODE = 'integrity_constraint_violation'; "
        "END $$",
        *(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION analytics_append_only()"
            for table in TABLES
        ),
    ],
}
ALLOW = {
    "sqlite": [f"DROP TRIGGER {table}_append_only" for table in TABLES],
    "postgresql": ["DROP FUNCTION analytics_append_only() CASCADE"],
}


def forbid_updates(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.alias == "default":
        for statement in FORBID[editor.connection.vendor]:
            editor.execute(statement)


def allow_updates(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.alias == "default":
        for statement in ALLOW[editor.connection.vendor]:
            editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("analytics", "0001_initial")]
    operations = [migrations.RunPython(forbid_updates, allow_updates)]
