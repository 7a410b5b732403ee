"""People are told when a campaign was changed in the database itself."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("analytics", "0027_prepared_files")]

    operations = [
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("guardrail", "A guardrail was crossed"),
                    ("split", "The split is broken"),
                    ("help-link", "A help link has to be checked"),
                    ("address", "What visitors meet was changed"),
                    ("paused", "The worker paused the campaign"),
                    ("changed", "It was changed in the database itself"),
                    ("planned", "The planned people are counted"),
                    ("decided", "The plan’s questions are answered"),
                    ("ended", "Its last day has come"),
                ],
                max_length=10,
            ),
        )
    ]
