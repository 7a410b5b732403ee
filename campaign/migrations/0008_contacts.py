"""Who at a partner may see its placements."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaign", "0007_languages"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.AddField(
            model_name="partner",
            name="contacts",
            field=models.ManyToManyField(
                blank=True,
                help_text="Partner contacts who may see its placements.",
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        )
    ]
