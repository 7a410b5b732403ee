"""An arm has one text or several, of which each view is shown one."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def drop_arm_trigger(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """It names a column that goes, or comes back; the one that fits is created after all migrations."""
    if editor.connection.vendor == "postgresql":  # on SQLite all are dropped before migrations
        editor.execute("DROP TRIGGER IF EXISTS campaign_arm_fixed ON campaign_arm")


def give_each_arm_its_text(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    arms, texts = apps.get_model("campaign", "Arm").objects, apps.get_model("campaign", "ArmText").objects
    texts.bulk_create(texts.model(arm_id=arm.pk, revision_id=arm.revision_id) for arm in arms.all())


def keep_the_first_text(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    arms, texts = apps.get_model("campaign", "Arm").objects, apps.get_model("campaign", "ArmText").objects
    for text in texts.filter(position=0):
        arms.filter(pk=text.arm_id).update(revision_id=text.revision_id)
    if editor.connection.vendor == "postgresql":  # it alters no table whose rows wait for their foreign keys' check
        editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [("campaign", "0018_design_effect"), ("messaging", "0001_initial")]

    operations = [
        migrations.RunPython(drop_arm_trigger, migrations.RunPython.noop),
        migrations.CreateModel(
            name="ArmText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("stopped_at", models.DateTimeField(blank=True, null=True)),
                ("stopped_reason", models.CharField(blank=True, max_length=300)),
                (
                    "arm",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="texts", to="campaign.arm"
                    ),
                ),
                (
                    "revision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="arm_texts", to="messaging.revision"
                    ),
                ),
            ],
            options={"ordering": ["arm", "position"]},
        ),
        migrations.AddConstraint(
            model_name="armtext",
            constraint=models.UniqueConstraint(fields=("arm", "position"), name="arm_text_position_once"),
        ),
        migrations.AddConstraint(
            model_name="armtext", constraint=models.UniqueConstraint(fields=("arm", "revision"), name="arm_text_once")
        ),
        migrations.AddConstraint(
            model_name="armtext",
            constraint=models.CheckConstraint(condition=models.Q(("position__lt", 12)), name="arm_text_twelve_at_most"),
        ),
        migrations.AlterField(
            model_name="arm",
            name="revision",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="arms", to="messaging.revision"
            ),
        ),
        migrations.RunPython(give_each_arm_its_text, keep_the_first_text),
        migrations.RemoveField(model_name="arm", name="revision"),
        migrations.RunPython(migrations.RunPython.noop, drop_arm_trigger),
    ]
