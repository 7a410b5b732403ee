"""A guardrail stops one text of an arm alone."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("analytics", "0024_effect_by_month"), ("campaign", "0030_deviation_by_the_worker")]

    operations = [
        migrations.RemoveConstraint(model_name="guardevent", name="guard_event_once"),
        migrations.AddField(
            model_name="guardevent",
            name="text",
            field=models.ForeignKey(
                help_text="The text that was stopped alone; empty: the arm was paused.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="campaign.armtext",
            ),
        ),
        migrations.AlterField(
            model_name="guardevent",
            name="judged_on",
            field=models.JSONField(
                default=dict,
                help_text="Arm and control -> seen and events then, or by text, as if told: later looks keep away "
                "from them.",
            ),
        ),
        migrations.AddConstraint(
            model_name="guardevent",
            constraint=models.UniqueConstraint(
                condition=Q(text__isnull=True), fields=("arm", "outcome", "stop"), name="guard_event_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="guardevent",
            constraint=models.UniqueConstraint(
                condition=Q(text__isnull=False), fields=("text", "outcome"), name="guard_event_once_a_text"
            ),
        ),
    ]
