"""The names of a launched campaign and of its arms stay as they were approved: sentences of results say them."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def drop_changed_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Those that fit are created after all migrations."""
    if editor.connection.vendor == "postgresql":  # on SQLite all are dropped before migrations
        editor.execute("DROP TRIGGER IF EXISTS campaign_arm_fixed ON campaign_arm")
        editor.execute("DROP TRIGGER IF EXISTS campaign_launched_fixed ON campaign_campaign")


class Migration(migrations.Migration):
    dependencies = [("campaign", "0021_text_design")]

    operations = [migrations.RunPython(drop_changed_triggers, drop_changed_triggers)]
