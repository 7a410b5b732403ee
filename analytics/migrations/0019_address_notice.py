"""A notice says that what visitors of an open campaign meet was changed."""

from django.db import migrations, models

KINDS = [
    ("guardrail", "A guardrail was crossed"),
    ("split", "The split is broken"),
    ("help-link", "A help link has to be checked"),
    ("address", "What visitors meet was changed"),
    ("paused", "The worker paused the campaign"),
    ("planned", "The planned people are counted"),
    ("decided", "The plan’s questions are answered"),
    ("ended", "Its last day has come"),
]


class Migration(migrations.Migration):
    dependencies = [("analytics", "0018_pauses_by_one_placement")]

    operations = [
        migrations.AlterField(model_name="notice", name="kind", field=models.CharField(choices=KINDS, max_length=10))
    ]
