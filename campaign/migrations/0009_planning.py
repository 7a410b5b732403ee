"""What a campaign is planned with, and what was done otherwise: the database keeps both as they were promised."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

FROZEN, ON_RECORD = "a frozen plan cannot be changed", "a deviation on record cannot be changed"
# SQLite makes a table anew when it gets such columns, and its trigger is gone with the old one.
FORBID = {
    "sqlite": [
        "DROP TRIGGER IF EXISTS campaign_plan_frozen",
        "CREATE TRIGGER campaign_plan_frozen BEFORE UPDATE ON campaign_analysisplan "
        f"WHEN OLD.frozen_at IS NOT NULL BEGIN SELECT RAISE(ABORT, '{FROZEN}'); END",
        *(
            f"CREATE TRIGGER campaign_deviation_{verb} BEFORE {verb} ON campaign_deviation "
            f"BEGIN SELECT RAISE(ABORT, '{ON_RECORD}'); END"
            for verb in ("UPDATE", "DELETE")
        ),
    ],
    "postgresql": [
        "CREATE FUNCTION campaign_deviation_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION USING MESSAGE = '{ON_RECORD}', ERRCODE = 'integrity_constraint_violation'; "
        "END $$",
        "CREATE TRIGGER campaign_deviation_stays BEFORE UPDATE OR DELETE ON campaign_deviation "
        "FOR EACH ROW EXECUTE FUNCTION campaign_deviation_stays()",
    ],
}
ALLOW = {
    "sqlite": ["DROP TRIGGER campaign_deviation_UPDATE", "DROP TRIGGER campaign_deviation_DELETE"],
    "postgresql": ["DROP FUNCTION campaign_deviation_stays() CASCADE"],
}


def forbid(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.alias == "default":
        for statement in FORBID[editor.connection.vendor]:
            editor.execute(statement)


def allow(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.alias == "default":
        for statement in ALLOW[editor.connection.vendor]:
            editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [
        ("campaign", "0008_contacts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Deviation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("what", models.CharField(max_length=500)),
                ("why", models.CharField(max_length=500)),
            ],
            options={
                "ordering": ["campaign", "at", "id"],
            },
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
        migrations.RunPython(forbid, allow),
    ]
