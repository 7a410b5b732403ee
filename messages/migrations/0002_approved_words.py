"""Approved words never change: the database itself refuses to edit them."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def forbid_updates(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.alias == "default" and editor.connection.vendor == "sqlite":
        editor.execute(
            "CREATE TRIGGER messaging_approved_words BEFORE UPDATE ON messaging_rendition "
            "WHEN (SELECT state FROM messaging_revision WHERE id = OLD.revision_id) IN ('approved', 'withdrawn') "
            "BEGIN SELECT RAISE(ABORT, 'approved words cannot be changed: write a new revision'); END"
        )


def allow_updates(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.alias == "default" and editor.connection.vendor == "sqlite":
        editor.execute("DROP TRIGGER messaging_approved_words")


class Migration(migrations.Migration):
    dependencies = [("messaging", "0001_initial")]
    operations = [migrations.RunPython(forbid_updates, allow_updates)]
