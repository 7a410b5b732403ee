"""Read the choices of an outcome from the catalogue, so that a new outcome needs no migration."""

from django.db import migrations, models

from campaign.outcomes import outcome_choices


class Migration(migrations.Migration):
    dependencies = [("analytics", "0010_rehearsal")]
    operations = [migrations.AlterField("tally", "outcome", models.CharField(choices=outcome_choices, max_length=16))]
