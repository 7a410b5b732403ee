"""A language tag has room for language, script and region, such as zh-hant-tw."""

from django.db import migrations, models

from campaign.migration_operations import WidenText


class Migration(migrations.Migration):
    dependencies = [("campaign", "0034_placement_change_seals")]

    operations = [WidenText("servedcount", "locale", models.CharField(max_length=12))]
