"""Rename three models and a field in Django alone: tables and columns keep their names."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("analytics", "0011_outcomes_from_the_catalogue")]
    operations = [
        migrations.AlterModelTable("Telling", "analytics_telling"),
        migrations.RenameModel("Telling", "NoticeDelivery"),
        migrations.AlterField(
            "NoticeDelivery",
            "notice",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="deliveries", to="analytics.notice"
            ),
        ),
        migrations.AlterModelTable("Pulse", "analytics_pulse"),
        migrations.RenameModel("Pulse", "DataQualityStatus"),
        migrations.AlterField(
            "DataQualityStatus",
            "campaign",
            models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                primary_key=True,
                related_name="data_quality_status",
                serialize=False,
                to="campaign.campaign",
            ),
        ),
        migrations.AlterModelTable("FoldedHour", "analytics_foldedhour"),
        migrations.RenameModel("FoldedHour", "ShutHour"),
        migrations.AlterField(
            "Release",
            "held",
            models.BooleanField(
                db_column="held", default=False, help_text="Too few more since the last: nothing of this look is shown."
            ),
        ),
        migrations.RenameField("Release", "held", "is_withheld"),
    ]
