"""A role can be "exploratory", and a method's name have 41 letters: longer than their columns. SQLite did not mind.

SQLite writes the table anew to change a column, and its trigger goes with the old one: it is made again.
"""

from importlib import import_module

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

TABLE = "analytics_estimate"
FORBID = import_module("analytics.migrations.0002_append_only").FORBID


def forbid_updates_again(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.alias == "default" and editor.connection.vendor == "sqlite":
        for statement in FORBID["sqlite"]:
            if f" ON {TABLE} " in statement:
                editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("analytics", "0004_open_views_by_closing_hour")]
    operations = [
        migrations.AlterField(model_name="estimate", name="role", field=models.CharField(max_length=11)),
        migrations.AlterField(model_name="estimate", name="method", field=models.CharField(blank=True, max_length=60)),
        migrations.RunPython(forbid_updates_again, migrations.RunPython.noop),
    ]
