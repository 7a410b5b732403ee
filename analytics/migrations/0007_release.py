"""What of each look may be shown, append-only like the look itself. Looks made before have none, so they show no count."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

TRIGGER = "CREATE TRIGGER analytics_release_append_only BEFORE UPDATE ON analytics_release "
FORBID = {
    "sqlite": TRIGGER + "BEGIN SELECT RAISE(ABORT, 'an analysis on record cannot be changed'); END",
    "postgresql": TRIGGER + "FOR EACH ROW EXECUTE FUNCTION analytics_append_only()",
}


def forbid_updates(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.alias == "default":
        editor.execute(FORBID[editor.connection.vendor])


class Migration(migrations.Migration):
    dependencies = [("analytics", "0006_whole_hours_in_key_order")]
    operations = [
        migrations.CreateModel(
            name="Release",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("least", models.PositiveSmallIntegerField(help_text="SMALL_CELL at that time.")),
                (
                    "held",
                    models.BooleanField(
                        default=False, help_text="Too few more since the last: nothing of this look is shown."
                    ),
                ),
                (
                    "arms",
                    models.JSONField(
                        default=dict, help_text="Arm -> n, served, and for each outcome its parts; null is hidden."
                    ),
                ),
                (
                    "verdicts",
                    models.JSONField(
                        default=dict, help_text="Outcome -> each comparison beside hidden ones, judged without."
                    ),
                ),
                (
                    "table",
                    models.JSONField(help_text="Arm -> who saw it and the parts, by placement and locale.", null=True),
                ),
                (
                    "analysis",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="release", to="analytics.analysis"
                    ),
                ),
            ],
            options={"ordering": ["-analysis__look"]},
        ),
        migrations.RunPython(forbid_updates, migrations.RunPython.noop),
    ]
