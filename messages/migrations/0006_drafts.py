import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0005_review_by_language"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="Draft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("locale", models.CharField(max_length=8)),
                (
                    "base_digest",
                    models.CharField(blank=True, help_text="SHA-256 of its words as they were then.", max_length=64),
                ),
                ("fields", models.JSONField(default=dict, help_text="The form as it was typed.")),
                ("saved_at", models.DateTimeField(help_text="To the second.")),
                (
                    "base",
                    models.ForeignKey(
                        blank=True,
                        help_text="The revision that they began from.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="messaging.revision",
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="drafts",
                        to="messaging.message",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="drafts", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["-saved_at"],
                "constraints": [models.UniqueConstraint(fields=("person", "message", "locale"), name="draft_one_each")],
            },
        )
    ]
