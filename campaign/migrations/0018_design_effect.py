"""A plan says by what factor strata or clusters change how many people it takes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaign", "0017_proposed_changes")]

    operations = [
        migrations.AddField(
            model_name="analysisplan",
            name="design_effect",
            field=models.FloatField(
                blank=True,
                help_text="By what factor strata or clusters change the people needed; empty: not known.",
                null=True,
            ),
        )
    ]
