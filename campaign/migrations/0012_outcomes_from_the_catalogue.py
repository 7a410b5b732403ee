"""Read the choices of an outcome from the catalogue, so that a new outcome needs no migration."""

from django.db import migrations, models

from campaign.outcomes import outcome_choices


class Migration(migrations.Migration):
    dependencies = [("campaign", "0011_placement_test")]
    operations = [
        migrations.AlterField("plannedoutcome", "outcome", models.CharField(choices=outcome_choices, max_length=16))
    ]
