"""Messages that belong to a matched set: texts that differ in their appeal alone."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0017_overwritten_words"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.AddField(
            model_name="message",
            name="matched_set",
            field=models.SlugField(
                blank=True, default="", help_text="Texts of one set differ in their appeal alone; empty: of none."
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(
                condition=models.Q(("matched_set", ""), _negated=True),
                fields=("matched_set", "frame"),
                name="message_once_in_its_set",
            ),
        ),
    ]
