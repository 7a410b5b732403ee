"""Which address of a person answered, which mails they want, and mails that are still to be sent."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("messaging", "0022_plain_labels"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Mailbox",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "confirmed",
                    models.EmailField(
                        blank=True, help_text="The address that answered; another one has not.", max_length=254
                    ),
                ),
                (
                    "pending",
                    models.EmailField(blank=True, help_text="The address to which a code was sent.", max_length=254),
                ),
                ("code_digest", models.CharField(blank=True, help_text="SHA-256 of the code.", max_length=64)),
                ("code_until", models.DateTimeField(blank=True, null=True)),
                ("wrong_codes", models.PositiveSmallIntegerField(default=0)),
                (
                    "wants_tasks",
                    models.BooleanField(default=True, help_text="What waits for them, once a day at most."),
                ),
                ("wants_digest", models.BooleanField(default=True, help_text="What happened, once a week.")),
                ("tasks_sent_on", models.DateField(blank=True, null=True)),
                (
                    "tasks_digest",
                    models.CharField(blank=True, help_text="SHA-256 of what that mail said.", max_length=64),
                ),
                ("digest_sent_on", models.DateField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="QueuedMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject", models.CharField(max_length=200)),
                ("text", models.TextField()),
                ("due_at", models.DateTimeField()),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={"ordering": ["due_at", "pk"]},
        ),
    ]
