import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaign", "0010_pauses")]

    operations = [
        migrations.CreateModel(
            name="PlacementTest",
            fields=[
                (
                    "placement",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="test",
                        serialize=False,
                        to="campaign.placement",
                    ),
                ),
                ("mark", models.CharField(max_length=32)),
                ("until", models.DateTimeField()),
                ("seen_at", models.DateTimeField(help_text="When it last came through, to the second.", null=True)),
                (
                    "seen_by",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("page", "The script on a page"),
                            ("server", "A call from a server"),
                            ("hosted", "The page we host"),
                        ],
                        max_length=8,
                    ),
                ),
                ("failed_at", models.DateTimeField(help_text="When it was last refused, to the second.", null=True)),
                (
                    "problem",
                    models.CharField(
                        blank=True,
                        choices=[("origin", "A site that is not on the list"), ("key", "Another key")],
                        max_length=8,
                    ),
                ),
                ("origin", models.CharField(blank=True, help_text="The site that was refused.", max_length=200)),
            ],
        )
    ]
