"""A plan says how the texts of its arms relate."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaign", "0020_network_sketch")]

    operations = [
        migrations.AddField(
            model_name="analysisplan",
            name="texts",
            field=models.CharField(
                blank=True,
                choices=[("matched", "Matched sets"), ("different", "Different texts in each message")],
                default="",
                help_text="How the texts of arms relate; empty: one each.",
                max_length=10,
            ),
        )
    ]
