"""A view can be left out: its outcomes are put on disk, and dropped when views are counted.

The column is added in place. Django would build SQLite's table anew, with the row numbers that it must not have. A
server of before that still runs leaves the column to its default.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("analytics", "0014_worker_alarm")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE analytics_openview ADD COLUMN left_out bool NOT NULL DEFAULT false",
            "ALTER TABLE analytics_openview DROP COLUMN left_out",
            hints={"model_name": "openview"},
            state_operations=[
                migrations.AddField(
                    "OpenView",
                    "left_out",
                    models.BooleanField(db_default=False, default=False, help_text="Dropped when views are counted."),
                )
            ],
        )
    ]
