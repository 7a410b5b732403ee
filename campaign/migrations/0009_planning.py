"""Add the inputs of the sample size to the plan, and a table of deviations from it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaign", "0008_contacts"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="Deviation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("what", models.CharField(max_length=500)),
                ("why", models.CharField(max_length=500)),
            ],
            options={"ordering": ["campaign", "at", "id"]},
        ),
        migrations.AddField(
            model_name="analysisplan",
            name="expected_rate",
            field=models.FloatField(
                blank=True,
                help_text="How many we think will do the primary outcome after the control arm, as a share: what planned_per_arm was reckoned with.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="analysisplan",
            name="power",
            field=models.FloatField(default=0.8, help_text="How surely a difference of the smallest size should show."),
        ),
        migrations.AddField(
            model_name="analysisplan",
            name="told",
            field=models.ManyToManyField(
                blank=True, help_text="Who hears of harm, by e-mail.", related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="analysisplan",
            name="webhook",
            field=models.URLField(blank=True, help_text="An address of your own that hears of the same; https only."),
        ),
        migrations.AddField(
            model_name="campaign",
            name="ethics_exemption",
            field=models.CharField(blank=True, help_text="Or why nobody has to agree to it.", max_length=500),
        ),
        migrations.AddField(
            model_name="campaign",
            name="ethics_reference",
            field=models.CharField(blank=True, help_text="Who agreed to it, and their number.", max_length=200),
        ),
        migrations.AddField(
            model_name="placement",
            name="expected_per_day",
            field=models.PositiveIntegerField(
                default=0, help_text="Messages shown a day, as far as the partner can tell; 0: nobody knows yet."
            ),
        ),
        migrations.AddConstraint(
            model_name="analysisplan",
            constraint=models.CheckConstraint(
                condition=models.Q(("expected_rate__gt", 0), ("expected_rate__lt", 1)),
                name="plan_expected_rate_is_a_share",
            ),
        ),
        migrations.AddConstraint(
            model_name="analysisplan",
            constraint=models.CheckConstraint(
                condition=models.Q(("power__gt", 0), ("power__lt", 1)), name="plan_power_is_a_chance"
            ),
        ),
        migrations.AddField(
            model_name="deviation",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="deviation",
            name="campaign",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="deviations", to="campaign.campaign"
            ),
        ),
    ]
