"""How often an arm was paused: an arm that is paused already was paused once."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def count_those_before(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.alias == "default":
        apps.get_model("campaign", "Arm").objects.filter(paused_at__isnull=False).update(pauses=1)


class Migration(migrations.Migration):
    dependencies = [("campaign", "0009_planning")]
    operations = [
        migrations.AddField(
            model_name="arm",
            name="pauses",
            field=models.PositiveSmallIntegerField(
                default=0,
                help_text="How often it was paused: since the first time it has been seen less than its weight says.",
            ),
        ),
        migrations.RunPython(count_those_before, migrations.RunPython.noop),
    ]
