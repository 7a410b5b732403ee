"""Add what may be shown of each look. Earlier looks have none, so they show no count."""

import django.db.models.deletion
from django.db import migrations, models


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
        )
    ]
