"""How many more people are needed gets a range: the middle half of what may come."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("analytics", "0019_address_notice")]

    operations = [
        migrations.AddField(
            model_name="estimate",
            name="more_per_arm_low",
            field=models.PositiveBigIntegerField(null=True, help_text="The middle half of what may come: from."),
        ),
        migrations.AddField(
            model_name="estimate",
            name="more_per_arm_high",
            field=models.PositiveBigIntegerField(null=True, help_text="To; null if no number may tell."),
        ),
    ]
