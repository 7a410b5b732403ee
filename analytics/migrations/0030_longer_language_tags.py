"""A language tag has room for language, script and region, such as zh-hant-tw."""

from django.db import migrations, models

from campaign.migration_operations import WidenText


class Migration(migrations.Migration):
    dependencies = [("analytics", "0029_look_seals")]

    operations = [
        WidenText("openview", "locale", models.CharField(max_length=12)),
        WidenText("tally", "locale", models.CharField(max_length=12)),
    ]
