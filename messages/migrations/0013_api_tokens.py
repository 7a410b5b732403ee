"""Tokens of programs as hashes, with names and an end. Those of before lay in plain sight: they end here."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

OLD_TABLE = "authtoken_token"


def end_old_tokens(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the table of rest_framework.authtoken, which is not installed any more."""
    if editor.connection.alias == "default" and OLD_TABLE in editor.connection.introspection.table_names():
        editor.execute(f"DROP TABLE {OLD_TABLE}")


class Migration(migrations.Migration):
    dependencies = [("messaging", "0012_failed_codes"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60)),
                ("digest", models.CharField(help_text="SHA-256 of the token.", max_length=64, unique=True)),
                ("created_on", models.DateField()),
                ("expires_on", models.DateField(help_text="The last day on which it is taken.")),
                ("last_used_on", models.DateField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="api_tokens",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["user", "name"],
                "constraints": [models.UniqueConstraint(fields=("user", "name"), name="apitoken_name_once")],
            },
        ),
        migrations.RunPython(end_old_tokens, migrations.RunPython.noop),
    ]
