"""Who was asked to review a campaign, and comments on campaigns."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaign", "0037_archive_and_tags"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="asked_reviewers",
            field=models.ManyToManyField(
                blank=True,
                help_text="Who was asked to decide, while it waits.",
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.CreateModel(
            name="CampaignComment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(help_text="To the second.")),
                ("text", models.CharField(blank=True, help_text="Empty: its author deleted it.", max_length=1000)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="comments", to="campaign.campaign"
                    ),
                ),
            ],
            options={"ordering": ["at", "id"]},
        ),
    ]
