"""A launched campaign keeps the languages that were approved at its launch: a later translation changes no trial."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def keep_what_is_offered(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Until now every language that all arms have was offered."""
    if editor.connection.alias != "default":
        return
    for campaign in apps.get_model("campaign", "Campaign").objects.exclude(launched_at=None):
        spoken = [
            set(arm.revision.renditions.values_list("locale", flat=True))
            for arm in campaign.arms.select_related("revision")
        ]
        campaign.locales = sorted(set.intersection(*spoken)) if spoken else []
        campaign.save(update_fields=["locales"])


class Migration(migrations.Migration):
    dependencies = [("campaign", "0006_left_out"), ("messaging", "0005_review_by_language")]
    operations = [
        migrations.AddField(
            "campaign",
            "locales",
            models.JSONField(
                blank=True, default=list, editable=False, help_text="Offered since launch; empty before it."
            ),
        ),
        migrations.RunPython(keep_what_is_offered, migrations.RunPython.noop),
    ]
