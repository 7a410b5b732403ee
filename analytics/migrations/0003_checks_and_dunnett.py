from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("analytics", "0002_append_only")]

    operations = [
        migrations.AddField(
            model_name="analysis",
            name="checks",
            field=models.JSONField(
                blank=True, null=True, help_text="Cross-checks of the primary outcome; they decide nothing."
            ),
        )
    ]
