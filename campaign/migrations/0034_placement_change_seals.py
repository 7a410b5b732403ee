"""A seal on each change of a placement; what is on record is sealed as it stands, and what is not yet is added."""

import json
from hashlib import sha256
from importlib import import_module
from typing import Any

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.utils import timezone

from messages.audit import log, signed_head

_FIELDS = (
    *("network_share", "counts_signed_only", "key", "leave_url", "continue_url", "allowed_origins"),
    *("fallback", "partner"),
)
_digest_of_value = import_module("campaign.migrations.0026_placement_changes")._digest


def drop_trigger(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Let the seals be added, on PostgreSQL too: the trigger is back after the migration."""
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP TRIGGER IF EXISTS campaign_placementchange_stays ON campaign_placementchange")


def seal_what_is_on_record(apps: StateApps, _editor: BaseDatabaseSchemaEditor | None) -> None:
    """Record what no change is known of as nobody's, and seal the changes of each placement in their order."""
    change = apps.get_model("campaign", "PlacementChange")
    for place in apps.get_model("campaign", "Placement").objects.select_related("partner").order_by("pk"):
        log.begin_signing()
        known = set(change.objects.filter(placement=place).values_list("field", flat=True))
        for field in _FIELDS:
            if field not in known:
                value = _digest_of_value(place, field)
                change.objects.create(placement=place, field=field, value=value, at=timezone.now())
        seal = ""
        for row in change.objects.filter(placement=place).order_by("pk"):
            seal = signed_head.seal(_digest(row, seal), of="placement change")
            change.objects.filter(pk=row.pk).update(seal=seal)


def _digest(row: Any, before: str) -> str:
    return sha256(json.dumps([row.placement_id, row.field, row.value, row.by_id, before]).encode()).hexdigest()


class Migration(migrations.Migration):
    dependencies = [("campaign", "0033_slots"), ("messaging", "0018_matched_sets")]

    operations = [
        migrations.RunPython(drop_trigger, migrations.RunPython.noop),
        migrations.AddField(
            model_name="placementchange",
            name="seal",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Of the row and the one before it at this placement, by a key of the key directory.",
                max_length=64,
            ),
        ),
        migrations.RunPython(seal_what_is_on_record, migrations.RunPython.noop),
    ]
