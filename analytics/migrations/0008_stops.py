"""An arm that was resumed may be stopped again; how far a stop may be told is kept with it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("analytics", "0007_release"), ("campaign", "0010_pauses")]
    operations = [
        migrations.AlterModelOptions(name="guardevent", options={"ordering": ["campaign", "at", "id"]}),
        migrations.RemoveConstraint(model_name="guardevent", name="guard_event_once"),
        migrations.AddField(
            model_name="guardevent",
            name="in_hundred",
            field=models.PositiveSmallIntegerField(
                help_text="The bound in whole people of 100, as it may be told; empty while one is too few people.",
                null=True,
            ),
        ),
        migrations.AddField(model_name="guardevent", name="stop", field=models.PositiveSmallIntegerField(default=1)),
        migrations.AddConstraint(
            model_name="guardevent",
            constraint=models.UniqueConstraint(fields=("arm", "outcome", "stop"), name="guard_event_once"),
        ),
    ]
