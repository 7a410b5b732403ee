"""A plan says by how much texts of one appeal may differ."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaign", "0028_launch_queue")]

    operations = [
        migrations.AddField(
            model_name="analysisplan",
            name="text_spread",
            field=models.FloatField(
                blank=True,
                help_text="By how much texts of one appeal may differ, as a share; empty: not said.",
                null=True,
            ),
        )
    ]
