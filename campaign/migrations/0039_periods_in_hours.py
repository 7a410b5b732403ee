"""Periods may be shorter than a day, and a wash-out is counted in minutes."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import F


def drop_frozen_trigger(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Frozen plans get the new column too. The trigger is created anew after all migrations."""
    if editor.connection.vendor == "postgresql":  # on SQLite all are dropped before migrations
        editor.execute("DROP TRIGGER IF EXISTS campaign_plan_frozen ON campaign_analysisplan")


def hours_to_minutes(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    plans = apps.get_model("campaign", "AnalysisPlan").objects
    plans.update(washout_minutes=F("washout_minutes") * 60)


def minutes_to_hours(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    plans = apps.get_model("campaign", "AnalysisPlan").objects
    plans.filter(washout_minutes__lt=60).update(washout_minutes=60)
    plans.update(washout_minutes=F("washout_minutes") / 60)


class Migration(migrations.Migration):
    dependencies = [("campaign", "0038_asked_reviewers_and_comments")]

    operations = [
        migrations.RunPython(drop_frozen_trigger, migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name="analysisplan", name="plan_washout_of_some_hours"),
        migrations.RenameField(model_name="analysisplan", old_name="washout_hours", new_name="washout_minutes"),
        migrations.RunPython(hours_to_minutes, minutes_to_hours),
        migrations.AlterField(
            model_name="analysisplan",
            name="washout_minutes",
            field=models.PositiveSmallIntegerField(
                default=60, help_text="At the start of each period, not counted: caches may hold what was shown before."
            ),
        ),
        migrations.AddConstraint(
            model_name="analysisplan",
            constraint=models.CheckConstraint(
                condition=models.Q(("washout_minutes__gte", 5), ("washout_minutes__lte", 720)),
                name="plan_washout_of_some_minutes",
            ),
        ),
        migrations.AlterField(
            model_name="analysisplan",
            name="period",
            field=models.CharField(
                blank=True,
                choices=[
                    ("1h", "1 hour"),
                    ("2h", "2 hours"),
                    ("3h", "3 hours"),
                    ("4h", "4 hours"),
                    ("6h", "6 hours"),
                    ("8h", "8 hours"),
                    ("12h", "12 hours"),
                    ("day", "Whole days"),
                    ("week", "Whole weeks"),
                ],
                default="",
                help_text="How long a placement shows one arm.",
                max_length=4,
            ),
        ),
        migrations.AlterField(
            model_name="campaign",
            name="unit",
            field=models.CharField(
                choices=[
                    ("view", "Each message shown"),
                    ("session", "Each browser tab"),
                    ("subject", "Each person, by the partner’s code"),
                    ("period", "Each period at a placement"),
                ],
                default="view",
                max_length=8,
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, drop_frozen_trigger),
    ]
