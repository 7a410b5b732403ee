"""A version of a draft says which earlier one it put back: nothing else takes an author away."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaign", "0022_names_fixed")]

    operations = [
        migrations.AddField(
            model_name="draftversion",
            name="put_back",
            field=models.PositiveIntegerField(
                help_text="The number of the version that it put back; empty: another change.", null=True
            ),
        )
    ]
