"""Campaigns may share a place: each has some of the 100 slots of its views, fixed from its launch on."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def drop_changed_trigger(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """The one that fits is created after all migrations."""
    if editor.connection.vendor == "postgresql":  # on SQLite all are dropped before migrations
        editor.execute("DROP TRIGGER IF EXISTS campaign_launched_fixed ON campaign_campaign")


class Migration(migrations.Migration):
    dependencies = [("campaign", "0032_placement_countries")]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="first_slot",
            field=models.PositiveSmallIntegerField(
                default=1, help_text="It has the views of its places from this slot on, out of 100."
            ),
        ),
        migrations.AddField(
            model_name="campaign",
            name="last_slot",
            field=models.PositiveSmallIntegerField(default=100, help_text="And up to this one: 1 to 100 are all."),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("first_slot__gte", 1), ("last_slot__gte", models.F("first_slot")), ("last_slot__lte", 100)
                ),
                name="campaign_slots_of_a_hundred",
            ),
        ),
        migrations.RunPython(drop_changed_trigger, drop_changed_trigger),
    ]
