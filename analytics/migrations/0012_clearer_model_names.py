"""Rename three models and a field in Django alone: tables and columns keep their names."""

from django.db import migrations, models

_WITHHELD = "Too few more since the last: nothing of this look is shown."
_CAMPAIGN = {"to": "campaign.campaign", "on_delete": models.PROTECT, "related_name": "data_quality_status"}


class Migration(migrations.Migration):
    dependencies = [("analytics", "0011_outcomes_from_the_catalogue")]
    operations = [
        migrations.AlterModelTable("Telling", "analytics_telling"),
        migrations.RenameModel("Telling", "NoticeDelivery"),
        migrations.AlterField(
            "NoticeDelivery", "notice", models.ForeignKey("analytics.notice", models.PROTECT, related_name="deliveries")
        ),
        migrations.AlterModelTable("Pulse", "analytics_pulse"),
        migrations.RenameModel("Pulse", "DataQualityStatus"),
        migrations.AlterField(
            "DataQualityStatus", "campaign", models.OneToOneField(primary_key=True, serialize=False, **_CAMPAIGN)
        ),
        migrations.AlterModelTable("FoldedHour", "analytics_foldedhour"),
        migrations.RenameModel("FoldedHour", "ShutHour"),
        migrations.AlterField(
            "Release", "held", models.BooleanField(db_column="held", default=False, help_text=_WITHHELD)
        ),
        migrations.RenameField("Release", "held", "is_withheld"),
    ]
