"""Migration operations for tables that store rows in the order of their key, without a row number.

The order of insertion, and a number that counts rows, tell when someone did something. SQLite keeps both unless the
table is WITHOUT ROWID, which Django does not support. Any later change for which Django rebuilds the table on SQLite
has to use these operations again (a test checks it).
"""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.exceptions import IrreversibleError


class CreateInKeyOrder(migrations.CreateModel):
    """Create the table of a new model in key order. The fields of the key must come first."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            self.create(schema_editor, model)

    def create(self, editor: BaseDatabaseSchemaEditor, model: Any) -> None:
        """Create the table without rows."""
        if editor.connection.vendor == "sqlite":
            sql, params = editor.table_sql(model)
            editor.execute(f"{sql} WITHOUT ROWID", params or None)
            editor.deferred_sql.extend(editor._model_indexes_sql(model))  # type: ignore[attr-defined]  # as create_model does
        else:
            editor.create_model(model)


class RemakeInKeyOrder(CreateInKeyOrder):
    """Rebuild the table of a model in key order and copy its rows, sorted by the key.

    Use it after a state-only DeleteModel. The fields of the key must come first: SQLite 3.40's integrity check reports
    any other order in a table WITHOUT ROWID. `unanalysed` names a column that PostgreSQL must not sample.
    `had_key_order` says that the table before had the same columns in key order: going back leaves it as it is. From a
    table with row numbers there is no way back.
    """

    def __init__(self, *args: Any, unanalysed: str = "", had_key_order: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self.unanalysed, self.had_key_order = unanalysed, had_key_order

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        editor = schema_editor
        model = to_state.apps.get_model(app_label, self.name)
        if not self.allow_migrate_model(editor.connection.alias, model):
            return
        table, before = model._meta.db_table, f"{model._meta.db_table}_before"
        columns = ", ".join(field.column for field in model._meta.concrete_fields)
        key = ", ".join(field.column for field in model._meta.pk_fields)
        editor.execute(f"ALTER TABLE {table} RENAME TO {before}")
        if editor.connection.vendor == "postgresql":
            editor.execute(f"ALTER INDEX {table}_pkey RENAME TO {before}_pkey")
        self.create(editor, model)
        if editor.connection.vendor == "postgresql" and self.unanalysed:
            editor.execute(f"ALTER TABLE {table} ALTER COLUMN {self.unanalysed} SET STATISTICS 0")
        editor.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {before} ORDER BY {key}")  # noqa: S608
        editor.execute(f"DROP TABLE {before}")

    def database_backwards(self, *args: Any, **options: Any) -> None:
        if not self.had_key_order:
            raise IrreversibleError("The numbers that rows had are gone for good. Restore a backup made before.")


class WidenText(migrations.AlterField):
    """Allow longer text in a column. SQLite holds no text to a length, so its table is not rebuilt."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor != "sqlite":
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    database_backwards = database_forwards
