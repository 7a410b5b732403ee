"""A seal on each version of a draft, by a key that no database holds."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaign", "0023_version_put_back")]

    operations = [
        migrations.AddField(
            model_name="draftversion",
            name="seal",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Of the row and the one before it, by a key of the key directory.",
                max_length=64,
            ),
        )
    ]
