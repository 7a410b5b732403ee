"""Whatever decides what visitors meet, or what a sentence of the results says, is protected against plain SQL.

Each column of each table that is read for the snapshot, the frozen plan, the approval or the results is changed by SQL
in a launched campaign. Either the database refuses it, or it is noticed before any number is shown, or it is listed
here, with the reason why it may change. A new field is in none of the three until somebody decides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from django.test.utils import CaptureQueriesContext

from analytics.looks.evaluate import evaluate
from analytics.results import build
from campaign.lifecycle import approval, transitions
from campaign.lifecycle.frozen_plan import changed_plans, plan_content
from campaign.lifecycle.placement_authors import field_digests, record_change
from campaign.models import Campaign
from campaign.serving.snapshot import compile_snapshot
from tests import world

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

READ_TABLE = re.compile(r'(?:FROM|JOIN) "((?:campaign|messaging)_\w+)"')
LABELS = {
    "campaign_armtext.stopped_reason": "shown once the text is stopped, and part of what is on record then",
    "campaign_campaign.changed_at": "has servers build a new snapshot, of the same rows",
    "campaign_campaign.queued_at": "empty once it is launched; the worker launches what the record says was queued",
    "campaign_campaign.queued_by_id": "the same",
    "campaign_placement.expected_per_day": "what the partner expects, for planning",
    "campaign_placement.fallback_id": "words that nobody on record chose are not shown there",
    "campaign_placement.name": "a name on staff pages",
    "campaign_placement.proposed": "waits for a second person, who confirms its digest",
    "campaign_placement.proposed_at": "when that was proposed",
    "campaign_placement.proposed_by_id": "who proposed it; the audit record has it",
    "messaging_helplink.channels": "for staff",
    "messaging_helplink.facts_from": "for staff",
    "messaging_helplink.probe": "what the last automatic request found, for staff",
    "messaging_helplink.probe_said": "the same",
    "messaging_helplink.probed_at": "the same",
    "messaging_helplink.proposed": "waits for a second person, who confirms its digest",
    "messaging_helplink.proposed_at": "when that was proposed",
    "messaging_helplink.proposed_by_id": "who proposed it; the audit record has it",
    "messaging_helplink.staff_note": "for staff",
    "messaging_helplink.verified_by": "who checked it; the audit record has it",
    "messaging_helplink.verified_on": "another day of a check; without one the link is missed",
    "messaging_message.theme_id": "its line of argument, on staff pages",
    "messaging_rendition.author_id": "decides who may approve words, which are approved by now",
    "messaging_rendition.state": "approved words can only be withdrawn: then less is shown, and it says so",
    "messaging_revision.author_id": "decides who may approve words, which are approved by now",
    "messaging_revision.digest": "each language has a digest of its own, which is computed",
    "messaging_revision.note": "for the reviewer",
    "messaging_revision.state": "of its languages, each of which has its own",
}


def read_tables(campaign: Campaign) -> set[str]:
    """The tables of campaigns and messages that are read for what visitors meet and what results say."""
    with CaptureQueriesContext(connection) as queries:
        compile_snapshot()
        plan_content(campaign.plan)
        approval.approval_content(campaign)
        build.latest(campaign)
    return {table for query in queries for table in READ_TABLE.findall(query["sql"])}


def other_values(field: models.Field[object, object], value: object) -> Iterator[Any]:
    """Values for a column that it does not have, as SQL would write them."""
    if field.null and value is not None:
        yield None
    if isinstance(field, models.ForeignKey):
        rows = field.related_model._default_manager.exclude(pk=value)
        yield from rows.order_by("pk").values_list("pk", flat=True)[:3]
    elif isinstance(field, models.BooleanField):
        yield not value
    elif isinstance(field, models.JSONField):
        yield from (json.dumps(each) for each in (["other"], {"other": 1}, []) if each != value)
    elif isinstance(field, models.DateTimeField):
        yield world.NOON - timedelta(days=400)
    elif isinstance(field, models.DateField):
        yield (world.NOON - timedelta(days=400)).date()
    elif isinstance(field, models.FloatField):
        yield from (0.77, 0.66)
    elif isinstance(field, models.IntegerField):
        yield int(value or 0) + 7  # type: ignore[call-overload]
    elif field.choices:
        yield from (key for key, _name in field.flatchoices if key != value)
    else:
        yield from ("https://other.example/", "other")


def changes() -> Iterator[tuple[str, str, list[Any]]]:
    """Each column of each model with a value to write into its first row: name, SQL and parameters."""
    for model in apps.get_models(include_auto_created=True):
        if not model._meta.db_table.startswith(("campaign_", "messaging_")):
            continue
        row = model._base_manager.order_by("pk").first()
        for field in model._meta.concrete_fields:
            if row is not None and not field.primary_key:
                table, column = model._meta.db_table, field.column
                for value in other_values(field, getattr(row, field.attname)):
                    sql = f"UPDATE {table} SET {column} = %s WHERE {model._meta.pk.column} = %s"
                    yield f"{table}.{column}", sql, [value, row.pk]


def passes_unnoticed(campaign: Campaign, sql: str, parameters: list[Any]) -> bool:
    """Whether the database takes a change, and nothing misses what was there."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters)
            connection.check_constraints()
            unnoticed = changed_plans([campaign.pk]) == {}
            transaction.set_rollback(True)
    except DatabaseError:
        return False
    return unnoticed


def test_each_field_is_refused_noticed_or_a_label() -> None:
    campaign, mara = world.draft(texts=2), world.person("mara", "manager")
    campaign.plan.told.add(mara)
    place = campaign.placements.get()
    before = field_digests(place)
    place.fallback = world.approved_revision("neutral", headline="Words in pauses")
    place.save()
    record_change(place, before, by=mara)
    transitions.submit(campaign, by=mara)
    world.approve(campaign)
    transitions.launch(campaign, by=mara, now=world.NOON - timedelta(days=1))
    world.tally(campaign, {"neutral": (100, 30), "victim": (100, 45), "user": (100, 40), "both": (100, 50)})
    evaluate(campaign, now=world.NOON)
    read = read_tables(campaign)
    found = {
        name
        for name, sql, parameters in changes()
        if name.split(".")[0] in read and passes_unnoticed(campaign, sql, parameters)
    }
    assert found == set(LABELS)
