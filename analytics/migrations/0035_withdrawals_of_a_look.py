from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("analytics", "0034_public_pages")]

    operations = [
        migrations.AddField(
            model_name="release",
            name="withdrawn",
            field=models.PositiveIntegerField(
                help_text="The end of the band in which all withdrawals lie; null if this look does not tell it.",
                null=True,
            ),
        )
    ]
