"""A seal on each test of a webhook; one of before is done again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaign", "0039_periods_in_hours")]

    operations = [
        migrations.AddField(
            model_name="webhooktest",
            name="seal",
            field=models.CharField(
                blank=True, db_default="", help_text="Of the row, by a key of the key directory.", max_length=64
            ),
        )
    ]
