"""Analyses and estimates are append-only: the database itself refuses to change one."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

TABLES = ("analytics_analysis", "analytics_estimate")


def forbid_updates(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.alias != "default" or editor.connection.vendor != "sqlite":
        return
    for table in TABLES:
        editor.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'an analysis on record cannot be changed'); END"
        )


def allow_updates(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.alias == "default" and editor.connection.vendor == "sqlite":
        for table in TABLES:
            editor.execute(f"DROP TRIGGER {table}_append_only")


class Migration(migrations.Migration):
    dependencies = [("analytics", "0001_initial")]
    operations = [migrations.RunPython(forbid_updates, allow_updates)]
