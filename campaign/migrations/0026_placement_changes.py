"""Who changed a placement is on record with it; what the versions of drafts say of that is taken over."""

import json
from hashlib import sha256
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.utils import timezone


def take_over_authors(apps: StateApps, _editor: BaseDatabaseSchemaEditor | None) -> None:
    """Name who changed a placement of a draft as an author of the value that it has now, whoever gave it that."""
    change = apps.get_model("campaign", "PlacementChange")
    places = {place.key: place for place in apps.get_model("campaign", "Placement").objects.select_related("partner")}
    for key, field, person in sorted(_changes(apps)):
        if key in places:
            row = {"placement": places[key], "field": field, "at": timezone.now()}
            change.objects.create(**row, value="")  # whatever stood there before
            change.objects.create(**row, value=_digest(places[key], field), by_id=person)


def _changes(apps: StateApps) -> set[tuple[str, str, int]]:
    found: set[tuple[str, str, int]] = set()
    for campaign in apps.get_model("campaign", "Campaign").objects.filter(launched_at=None):
        before: dict[str, dict[str, Any]] = {}
        for version in campaign.versions.order_by("number"):
            doors = version.content.get("doors", {})
            for key in doors.keys() & before.keys():
                found |= {
                    (key, name, version.by_id) for name in doors[key] if doors[key][name] != before[key].get(name)
                }
            before |= doors
    return found


def _digest(placement: Any, field: str) -> str:
    partner = [placement.partner_id, placement.partner.name]
    special = {"partner": partner, "fallback": placement.fallback_id}
    value = special[field] if field in special else getattr(placement, field)
    return sha256(json.dumps(value).encode()).hexdigest()


class Migration(migrations.Migration):
    dependencies = [("campaign", "0025_periods"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="PlacementChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("field", models.CharField(max_length=20)),
                (
                    "value",
                    models.CharField(
                        help_text="SHA-256 of the value as JSON; of a partner, with its name.", max_length=64
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        help_text="Empty for what stood there before changes were recorded.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "placement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="changes", to="campaign.placement"
                    ),
                ),
            ],
            options={"ordering": ["placement", "id"]},
        ),
        migrations.RunPython(take_over_authors, migrations.RunPython.noop),
    ]
