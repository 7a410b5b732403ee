"""A message can be stopped everywhere: since when, by whom and why stands on it until that is lifted."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("messaging", "0009_help_links"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.AddField(
            model_name="message",
            name="stopped_at",
            field=models.DateTimeField(blank=True, help_text="Shown nowhere from then on.", null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="stopped_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="message", name="stopped_reason", field=models.CharField(blank=True, max_length=300)
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=Q(stopped_at__isnull=True, stopped_by__isnull=True, stopped_reason="")
                | (Q(stopped_at__isnull=False, stopped_by__isnull=False) & ~Q(stopped_reason="")),
                name="message_stopped_by_somebody_for_a_reason",
            ),
        ),
    ]
