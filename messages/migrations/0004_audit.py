"""The audit record: append-only, the database itself refuses to change or to delete an entry."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

TABLE = "messaging_auditentry"
REFUSAL = "an entry on the audit record stays as it is"
FORBID = {
    "sqlite": [
        f"CREATE TRIGGER {TABLE}_no_{event} BEFORE {event} ON {TABLE} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        for event in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE FUNCTION messaging_audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION USING MESSAGE = '{REFUSAL}', ERRCODE = 'integrity_constraint_violation'; "
        "END $$",
        f"CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE ON {TABLE} "
        "FOR EACH ROW EXECUTE FUNCTION messaging_audit_append_only()",
    ],
}
ALLOW = {
    "sqlite": [f"DROP TRIGGER {TABLE}_no_{event}" for event in ("UPDATE", "DELETE")],
    "postgresql": ["DROP FUNCTION messaging_audit_append_only() CASCADE"],
}


def forbid_changes(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.alias == "default":
        for statement in FORBID[editor.connection.vendor]:
            editor.execute(statement)


def allow_changes(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.alias == "default":
        for statement in ALLOW[editor.connection.vendor]:
            editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("messaging", "0003_roles")]
    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("number", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(help_text="To the second.")),
                ("actor", models.CharField(help_text="A name, which outlives the account.", max_length=160)),
                ("action", models.CharField(max_length=40)),
                ("kind", models.CharField(max_length=20)),
                ("ref", models.CharField(help_text="The key of the thing that it was done to.", max_length=160)),
                ("label", models.CharField(help_text="Its name at that time.", max_length=200)),
                ("detail", models.JSONField(default=dict, help_text="A few plain values.")),
                ("previous", models.CharField(max_length=64)),
                ("digest", models.CharField(max_length=64, unique=True)),
            ],
            options={
                "verbose_name_plural": "audit entries",
                "ordering": ["-number"],
                "indexes": [models.Index(fields=["kind", "ref"], name="audit_of_one_thing")],
            },
        ),
        migrations.RunPython(forbid_changes, allow_changes),
    ]
