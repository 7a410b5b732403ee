"""Which text of its arm a view was shown, and tallies by text for arms with several.

The column is added in place, as left_out was in 0015.
"""

import django.db.models.deletion
from django.db import migrations, models

from campaign.migration_operations import CreateInKeyOrder


class Migration(migrations.Migration):
    dependencies = [("analytics", "0021_method_of_each_p_value"), ("campaign", "0019_arm_texts")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE analytics_openview ADD COLUMN text smallint NOT NULL DEFAULT 0 CHECK (text >= 0)",
            "ALTER TABLE analytics_openview DROP COLUMN text",
            hints={"model_name": "openview"},
            state_operations=[
                migrations.AddField(
                    "OpenView",
                    "text",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, help_text="Which text of the arm was shown."
                    ),
                )
            ],
        ),
        CreateInKeyOrder(
            name="TextTally",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        *("text_id", "placement_id", "outcome", "value"),
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "text",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tallies", to="campaign.armtext"
                    ),
                ),
                (
                    "placement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="campaign.placement"
                    ),
                ),
                ("outcome", models.CharField(max_length=16)),
                ("value", models.PositiveSmallIntegerField(default=0)),
                ("count", models.PositiveBigIntegerField(default=0)),
            ],
        ),
    ]
