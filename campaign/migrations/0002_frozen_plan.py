"""A frozen plan is a promise: the database itself refuses to change one."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

REFUSAL = "a frozen plan cannot be changed"
FORBID = {
    "sqlite": [
        "CREATE TRIGGER campaign_plan_frozen BEFORE UPDATE ON campaign_analysisplan "
        "WHEN OLD.frozen_at IS NOT NULL "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    ],
    "postgresql": [
        "CREATE FUNCTION campaign_plan_frozen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION USING MESSAGE = '{REFUSAL}', ERRCODE = 'integrity_constraint_violation'; "
        "END $$",
        "CREATE TRIGGER campaign_plan_frozen BEFORE UPDATE ON campaign_analysisplan "
        "FOR EACH ROW WHEN (OLD.frozen_at IS NOT NULL) EXECUTE FUNCTION campaign_plan_frozen()",
    ],
}
ALLOW = {
    "sqlite": ["DROP TRIGGER campaign_plan_frozen"],
    "postgresql": ["DROP FUNCTION campaign_plan_frozen() CASCADE"],
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
    dependencies = [("campaign", "0001_initial")]
    operations = [migrations.RunPython(forbid_updates, allow_updates)]
