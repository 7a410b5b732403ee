"""A frozen plan is a promise: the database itself refuses to change one."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def forbid_updates(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.alias == "default" and editor.connection.vendor == "sqlite":
        editor.execute(
            "CREATE TRIGGER campaign_plan_frozen BEFORE UPDATE ON campaign_analysisplan "
            "WHEN OLD.frozen_at IS NOT NULL "
            "BEGIN SELECT RAISE(ABORT, 'a frozen plan cannot be changed'); END"
        )


def allow_updates(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.alias == "default" and editor.connection.vendor == "sqlite":
        editor.execute("DROP TRIGGER campaign_plan_frozen")


class Migration(migrations.Migration):
    dependencies = [("campaign", "0001_initial")]
    operations = [migrations.RunPython(forbid_updates, allow_updates)]
