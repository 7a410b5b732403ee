"""A change of what visitors meet waits, with its row, for a second person."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaign", "0016_outside_reviewers"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.AddField(
            model_name="placement",
            name="proposed",
            field=models.JSONField(blank=True, default=dict, help_text="The new values by field; empty: none waits."),
        ),
        migrations.AddField(
            model_name="placement", name="proposed_at", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="placement",
            name="proposed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
