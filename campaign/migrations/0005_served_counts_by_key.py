"""Counts of messages sent lie in the order of their key: no number says in which order they were first needed."""

import django.db.models.deletion
import django.db.models.lookups
from django.db import migrations, models

from campaign.migration_operations import RemakeInKeyOrder

DATE = models.Func(models.F("day"), function="DATE", output_field=models.DateField())


class Migration(migrations.Migration):
    dependencies = [("campaign", "0004_scheduled")]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel(name="ServedCount")]),
        RemakeInKeyOrder(
            name="ServedCount",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "day",
                        "arm_id",
                        "placement_id",
                        "locale",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("day", models.DateField()),
                (
                    "arm",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="served", to="campaign.arm"
                    ),
                ),
                (
                    "placement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="campaign.placement"
                    ),
                ),
                ("locale", models.CharField(max_length=8)),
                ("count", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.IsNull(DATE, False),
                            django.db.models.lookups.Exact(DATE, models.F("day")),
                        ),
                        name="served_count_day_is_whole",
                    )
                ]
            },
        ),
    ]
