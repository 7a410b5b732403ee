"""Every installation has a group for each role, so that people can be given one."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

ROLES = ("manager", "reviewer", "analyst")


def add_groups(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.alias == "default":
        for name in ROLES:
            apps.get_model("auth", "Group").objects.get_or_create(name=name)


class Migration(migrations.Migration):
    dependencies = [("messaging", "0002_approved_words"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [migrations.RunPython(add_groups, migrations.RunPython.noop)]
