"""How many messages were shown and left out of the trial, by day, placement and reason."""

import django.db.models.deletion
import django.db.models.lookups
from django.db import migrations, models

from campaign.migration_operations import CreateInKeyOrder


class Migration(migrations.Migration):
    dependencies = [("campaign", "0005_served_counts_by_key")]

    operations = [
        CreateInKeyOrder(
            name="LeftOutCount",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "day", "placement_id", "reason", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField()),
                (
                    "placement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="campaign.placement"
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[("machine", "Asked for by a machine"), ("crowd", "One network asked too often")],
                        max_length=8,
                    ),
                ),
                ("count", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.IsNull(
                                models.Func(models.F("day"), function="DATE", output_field=models.DateField()), False
                            ),
                            django.db.models.lookups.Exact(
                                models.Func(models.F("day"), function="DATE", output_field=models.DateField()),
                                models.F("day"),
                            ),
                        ),
                        name="left_out_count_day_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason__in", ("machine", "crowd"))), name="left_out_count_reason_is_listed"
                    ),
                ]
            },
        )
    ]
