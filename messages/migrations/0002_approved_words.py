"""Approved words never change: the database itself refuses to edit them."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# On PostgreSQL the lock makes an edit wait for an approval that is under way, and see its outcome.
FORBID = {
    "sqlite": [
        "CREATE TRIGGER messaging_approved_words BEFORE UPDATE ON messaging_rendition "
        "WHEN (SELECT state FROM messaging_revision WHERE id = OLD.revision_id) IN ('approved', 'withdrawn') "
        "BEGIN SELECT RAISE(ABORT, 'approved words cannot be changed: write a new revision'); END"
    ],
    "postgresql": [
        "CREATE FUNCTION messaging_approved_words() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "DECLARE now_in text; BEGIN "
        "SELECT state INTO now_in FROM messaging_revision WHERE id = OLD.revision_id FOR SHARE; "
        "IF now_in IN ('approved', 'withdrawn') THEN "
        "RAISE EXCEPTION USING MESSAGE = 'approved words cannot be changed: write a new revision', "
        "ERRCODE = 'integrity_constraint_violation'; "
        "END IF; RETURN NEW; END $$",
        "CREATE TRIGGER messaging_approved_words BEFORE UPDATE ON messaging_rendition "
        "FOR EACH ROW EXECUTE FUNCTION messaging_approved_words()",
    ],
}
ALLOW = {
    "sqlite": ["DROP TRIGGER messaging_approved_words"],
    "postgresql": ["DROP FUNCTION messaging_approved_words() CASCADE"],
}


def forbid_updates(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.alias == "default":
        for statement in FORBID[editor.connection.vendor]:
            editor.execute(statement)


def allow_updates(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.alias == "default":
        for statement in ALLOW[editor.connection.vendor]:
            editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("messaging", "0001_initial")]
    operations = [migrations.RunPython(forbid_updates, allow_updates)]
