"""What the audience causes to be written lies in the order of its key, and only whole hours and days fit.

Everything is carried over: open views, tallies, and the notes of what is counted.
"""

import django.db.models.deletion
import django.db.models.functions.math
import django.db.models.functions.text
import django.db.models.lookups
from django.db import migrations, models

from campaign.migration_operations import RemakeInKeyOrder

DATE = models.Func(models.F("day"), function="DATE", output_field=models.DateField())


def whole_hour(field: str) -> models.Q:
    return models.Q(
        (f"{field}__lt", 10_000_000),
        django.db.models.lookups.Exact(django.db.models.functions.math.Round(field), models.F(field)),
    )


def forgotten_by_the_state(name: str) -> migrations.SeparateDatabaseAndState:
    return migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel(name=name)])


class Migration(migrations.Migration):
    dependencies = [("analytics", "0005_role_holds_exploratory"), ("campaign", "0004_scheduled")]

    operations = [
        forgotten_by_the_state("OpenView"),
        RemakeInKeyOrder(
            # A sample of nonces must not lie in the server's statistics long after their views were forgotten.
            unanalysed="nonce",
            name="OpenView",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "closes", "nonce", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("closes", models.PositiveIntegerField()),
                ("nonce", models.BinaryField(max_length=16)),
                ("campaign", models.PositiveIntegerField()),
                ("arm", models.PositiveIntegerField()),
                ("placement", models.PositiveIntegerField()),
                ("locale", models.CharField(max_length=8)),
                ("hour", models.PositiveIntegerField()),
                (
                    "bits",
                    models.PositiveSmallIntegerField(help_text="Outcomes so far, one bit each; see campaign.outcomes."),
                ),
                ("rating", models.PositiveSmallIntegerField(null=True)),
                ("dwell", models.PositiveSmallIntegerField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("closes__gt", models.F("hour"))), name="openview_closes_after_its_hour"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("closes__lte", models.F("hour") + 25)), name="openview_lives_a_day_at_most"
                    ),
                    models.CheckConstraint(condition=whole_hour("hour"), name="openview_hour_is_whole"),
                    models.CheckConstraint(condition=whole_hour("closes"), name="openview_closes_is_whole"),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.Exact(django.db.models.functions.text.Length("nonce"), 16),
                        name="openview_nonce_of_128_bits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rating__range", (1, 5))), name="openview_rating_from_the_list"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("dwell__range", (1, 4))), name="openview_dwell_from_the_list"
                    ),
                ]
            },
        ),
        forgotten_by_the_state("FoldedHour"),
        RemakeInKeyOrder(
            name="FoldedHour",
            fields=[("closes", models.PositiveIntegerField(primary_key=True, serialize=False))],
            options={
                "constraints": [models.CheckConstraint(condition=whole_hour("closes"), name="foldedhour_is_whole")]
            },
        ),
        forgotten_by_the_state("FoldProgress"),
        RemakeInKeyOrder(
            name="FoldProgress",
            fields=[
                ("closes", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("through", models.PositiveIntegerField(default=0)),
                (
                    "compacted",
                    models.BooleanField(default=False, help_text="Whether the table was written anew after it."),
                ),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=whole_hour("closes"), name="foldprogress_is_whole")]
            },
        ),
        forgotten_by_the_state("Tally"),
        RemakeInKeyOrder(
            name="Tally",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "day",
                        "arm_id",
                        "placement_id",
                        "locale",
                        "outcome",
                        "value",
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="tallies", to="campaign.arm"
                    ),
                ),
                (
                    "placement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="campaign.placement"
                    ),
                ),
                ("locale", models.CharField(max_length=8)),
                ("outcome", models.CharField(max_length=16)),
                ("value", models.PositiveSmallIntegerField(default=0)),
                ("count", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "ordering": ["day", "arm", "placement", "outcome", "value"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.IsNull(DATE, False),
                            django.db.models.lookups.Exact(DATE, models.F("day")),
                        ),
                        name="tally_day_is_whole",
                    )
                ],
            },
        ),
    ]
