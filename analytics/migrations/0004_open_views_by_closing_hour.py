"""Open views are keyed by their closing hour and nonce; folding notes hours and how far it is in each.

Views that are open while this runs are carried over. A view that an older fold has claimed and not finished is not:
the migration then stops, and says to finish that fold first.
"""

from typing import Any

import django.db.models.expressions
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.exceptions import IrreversibleError
from django.db.migrations.state import StateApps

TABLE = "analytics_openview"
BEFORE = "analytics_openview_before"
COLUMNS = "closes, nonce, campaign, arm, placement, locale, hour, bits, rating, dwell"
# A clock that jumps back cannot reach further than a receipt lives.
HOURS_REMEMBERED = 48


class CreateInKeyOrder(migrations.CreateModel):
    """Create the table anew, on SQLite WITHOUT ROWID: its rows then lie in the order of a random number."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        editor = schema_editor
        model = to_state.apps.get_model(app_label, self.name)
        if not self.allow_migrate_model(editor.connection.alias, model):
            return
        with editor.connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM {TABLE} WHERE batch IS NOT NULL")
            if cursor.fetchone()[0]:
                raise RuntimeError("A fold was interrupted: run `manage.py fold` of the version before, then migrate.")
        editor.execute("DROP INDEX openview_closes")
        editor.execute("DROP INDEX openview_batch")
        editor.execute(f"ALTER TABLE {TABLE} RENAME TO {BEFORE}")
        if editor.connection.vendor == "sqlite":
            sql, params = editor.table_sql(model)
            editor.execute(f"{sql} WITHOUT ROWID", params or None)
        else:
            editor.execute(f"ALTER INDEX {TABLE}_pkey RENAME TO {BEFORE}_pkey")
            editor.create_model(model)
            # Or a sample of nonces would lie in the server's statistics long after their views were forgotten.
            editor.execute(f"ALTER TABLE {TABLE} ALTER COLUMN nonce SET STATISTICS 0")
        editor.execute(f"INSERT INTO {TABLE} ({COLUMNS}) SELECT {COLUMNS} FROM {BEFORE}")
        editor.execute(f"DROP TABLE {BEFORE}")

    def database_backwards(self, *args: Any, **options: Any) -> None:
        raise IrreversibleError("Open views cannot be given their old form back. Fold, then start from an empty one.")


def carry_the_mark_over(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.alias != "audience":
        return
    FoldMark, FoldedHour = apps.get_model("analytics", "FoldMark"), apps.get_model("analytics", "FoldedHour")
    mark = FoldMark.objects.using("audience").filter(pk=1).values_list("through", flat=True).first()
    if mark:
        hours = range(max(mark - HOURS_REMEMBERED, 0), mark + 1)
        FoldedHour.objects.using("audience").bulk_create([FoldedHour(closes=hour) for hour in hours])


class Migration(migrations.Migration):
    dependencies = [("analytics", "0003_checks_and_dunnett")]

    operations = [
        migrations.CreateModel(
            name="FoldedHour", fields=[("closes", models.PositiveIntegerField(primary_key=True, serialize=False))]
        ),
        migrations.CreateModel(
            name="FoldProgress",
            fields=[
                ("closes", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("through", models.PositiveIntegerField(default=0)),
                (
                    "compacted",
                    models.BooleanField(default=False, help_text="Whether the table was written anew after it."),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WorkerStep",
            fields=[
                ("name", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("began_at", models.DateTimeField()),
                ("succeeded_at", models.DateTimeField(null=True)),
                ("seconds", models.FloatField(default=0.0)),
                (
                    "failure",
                    models.CharField(
                        blank=True, help_text="The name of the error that stopped it last.", max_length=80
                    ),
                ),
            ],
        ),
        migrations.RunPython(carry_the_mark_over, migrations.RunPython.noop),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel(name="OpenView")]),
        CreateInKeyOrder(
            name="OpenView",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "closes", "nonce", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("closes", models.PositiveIntegerField()),
                ("nonce", models.BinaryField(max_length=16)),
                ("campaign", models.PositiveIntegerField()),
                ("arm", models.PositiveIntegerField()),
                ("placement", models.PositiveIntegerField()),
                ("locale", models.CharField(max_length=8)),
                ("hour", models.PositiveIntegerField()),
                (
                    "bits",
                    models.PositiveSmallIntegerField(help_text="Outcomes so far, one bit each; see campaign.outcomes."),
                ),
                ("rating", models.PositiveSmallIntegerField(null=True)),
                ("dwell", models.PositiveSmallIntegerField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("closes__gt", models.F("hour"))), name="openview_closes_after_its_hour"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "closes__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("hour"), "+", models.Value(25)
                                ),
                            )
                        ),
                        name="openview_lives_a_day_at_most",
                    ),
                ]
            },
        ),
        migrations.DeleteModel(name="FoldMark"),
        migrations.DeleteModel(name="FoldedBatch"),
    ]
