"""How many sketches counted networks on each day."""

import django.db.models.functions.text
import django.db.models.lookups
from django.db import migrations, models

from campaign.migration_operations import CreateInKeyOrder


class Migration(migrations.Migration):
    dependencies = [("campaign", "0019_arm_texts")]

    operations = [
        CreateInKeyOrder(
            name="NetworkSketch",
            fields=[
                (
                    "number",
                    models.BinaryField(
                        editable=False,
                        help_text="Random, and of no other use.",
                        max_length=16,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("day", models.DateField()),
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
                        name="network_sketch_day_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.Exact(django.db.models.functions.text.Length("number"), 16),
                        name="network_sketch_number_of_128_bits",
                    ),
                ]
            },
        )
    ]
