"""What a draft said before its author replaced it is kept, with who wrote it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0016_proposed_changes"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="OverwrittenWords",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("headline", models.CharField(max_length=160)),
                ("body", models.TextField(max_length=1200)),
                (
                    "claim_strength",
                    models.CharField(
                        choices=[
                            ("documented", "Documented"),
                            ("linked", "Linked in studies"),
                            ("reported", "Reported by professionals"),
                            ("value", "A value, not a finding"),
                            ("none", "No claim"),
                        ],
                        max_length=10,
                    ),
                ),
                ("sources", models.JSONField(default=list)),
                (
                    "newest_revision",
                    models.PositiveBigIntegerField(
                        help_text="The number in the database of the newest revision of all when they were replaced."
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "revision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="overwritten", to="messaging.revision"
                    ),
                ),
            ],
            options={"ordering": ["id"]},
        )
    ]
