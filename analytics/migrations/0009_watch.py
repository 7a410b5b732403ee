"""What the watch page and its notices need: how a campaign is, who asked to look early, and who was told of what."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("analytics", "0008_stops"),
        ("campaign", "0009_planning"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Pulse",
            fields=[
                (
                    "campaign",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="pulse",
                        serialize=False,
                        to="campaign.campaign",
                    ),
                ),
                ("felt_at", models.DateTimeField()),
                (
                    "split",
                    models.CharField(
                        choices=[
                            ("ok", "The split is as planned"),
                            ("caution", "The split looks a little off"),
                            ("alarm", "The split is broken"),
                            ("unknown", "Too few to check the split"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "flow",
                    models.CharField(
                        choices=[
                            ("ok", "Messages are shown about as often as usual"),
                            ("caution", "Far fewer messages are shown than usual"),
                            ("alarm", "Hardly any message is shown"),
                            ("unknown", "Not known yet what is usual"),
                        ],
                        max_length=8,
                    ),
                ),
                ("usual", models.PositiveIntegerField(help_text="Messages on a usual day, to one figure.", null=True)),
                (
                    "reach",
                    models.PositiveSmallIntegerField(help_text="Of 100 messages sent, how many were seen.", null=True),
                ),
                (
                    "machines",
                    models.PositiveSmallIntegerField(help_text="Of 100, left out as asked for by machines.", null=True),
                ),
                (
                    "crowds",
                    models.PositiveSmallIntegerField(
                        help_text="Of 100, left out because one network asked.", null=True
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("guardrail", "A guardrail was crossed"),
                            ("split", "The split is broken"),
                            ("help-link", "A help link has to be checked"),
                            ("paused", "The worker paused the campaign"),
                            ("planned", "The planned people are counted"),
                            ("decided", "The plan’s questions are answered"),
                            ("ended", "Its last day has come"),
                        ],
                        max_length=10,
                    ),
                ),
                ("ref", models.CharField(help_text="What it is about; told once.", max_length=120)),
                ("about", models.CharField(blank=True, help_text="Its name at that time.", max_length=160)),
                ("at", models.DateTimeField()),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notices", to="campaign.campaign"
                    ),
                ),
            ],
            options={"ordering": ["campaign", "-at", "-id"]},
        ),
        migrations.CreateModel(
            name="Telling",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("due_at", models.DateTimeField(help_text="When it is tried next.")),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("sent_at", models.DateTimeField(null=True)),
                (
                    "failure",
                    models.CharField(
                        blank=True, help_text="The name of the error that stopped it last.", max_length=80
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tellings", to="analytics.notice"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        help_text="Empty: the webhook.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"ordering": ["notice", "id"]},
        ),
        migrations.CreateModel(
            name="EarlyLook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=200)),
                ("asked_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "refused",
                    models.CharField(blank=True, help_text="Why there was nothing to look at.", max_length=200),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="early_looks", to="campaign.campaign"
                    ),
                ),
            ],
            options={
                "ordering": ["campaign", "asked_at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("done_at__isnull", True)),
                        fields=("campaign",),
                        name="early_look_one_at_a_time",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="notice", constraint=models.UniqueConstraint(fields=("campaign", "ref"), name="notice_once")
        ),
        migrations.AddConstraint(
            model_name="telling", constraint=models.UniqueConstraint(fields=("notice", "person"), name="telling_once")
        ),
        migrations.AddConstraint(
            model_name="telling",
            constraint=models.UniqueConstraint(
                condition=models.Q(("person__isnull", True)), fields=("notice",), name="telling_webhook_once"
            ),
        ),
    ]
