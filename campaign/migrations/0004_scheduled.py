from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaign", "0003_checks_and_dunnett")]

    operations = [
        migrations.AlterField(
            model_name="campaign",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("submitted", "Waiting for approval"),
                    ("approved", "Approved"),
                    ("scheduled", "Launched, not started yet"),
                    ("running", "Running"),
                    ("paused", "Paused"),
                    ("closed", "Closed"),
                ],
                default="draft",
                max_length=10,
            ),
        )
    ]
