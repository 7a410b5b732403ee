"""What is shown in a wash-out and not counted has a count of its own."""

import django.db.models.deletion
import django.db.models.lookups
from django.db import migrations, models

from campaign.migration_operations import RemakeInKeyOrder

DATE = models.Func(models.F("day"), function="DATE", output_field=models.DateField())


class Migration(migrations.Migration):
    dependencies = [("campaign", "0030_deviation_by_the_worker")]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel(name="LeftOutCount")]),
        RemakeInKeyOrder(
            name="LeftOutCount",
            had_key_order=True,
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
                        choices=[
                            ("machine", "Asked for by a machine"),
                            ("crowd", "One network asked too often"),
                            ("washout", "At a time of the period that is not counted"),
                        ],
                        max_length=8,
                    ),
                ),
                ("count", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.IsNull(DATE, False),
                            django.db.models.lookups.Exact(DATE, models.F("day")),
                        ),
                        name="left_out_count_day_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason__in", ("machine", "crowd", "washout"))),
                        name="left_out_count_reason_is_listed",
                    ),
                ]
            },
        ),
    ]
