from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0006_drafts")]

    operations = [
        migrations.AddField(
            model_name="theme",
            name="content_note",
            field=models.CharField(
                blank=True,
                help_text="Shown before the words, to someone who may have lived through it.",
                max_length=300,
            ),
        )
    ]
