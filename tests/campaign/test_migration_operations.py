"""A table that is made anew in the order of its key keeps what it held, and forgets how its rows were numbered."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection, migrations, models
from django.db.migrations.state import ProjectState

from campaign.migration_operations import RemakeInKeyOrder
from tests.environment import POSTGRESQL

ROWS = [(date(2026, 3, 2), "en", 5), (date(2026, 3, 1), "fr", 7), (date(2026, 3, 1), "de", 2)]
FIELDS: list[tuple[str, models.Field[Any, Any]]] = [
    ("day", models.DateField()),
    ("locale", models.CharField(max_length=8)),
    ("count", models.IntegerField()),
]


@pytest.mark.django_db(transaction=True)
def test_rows_are_carried_over_in_the_order_of_their_key_and_without_their_numbers() -> None:
    numbered = migrations.CreateModel("Numbered", [("id", models.BigAutoField(primary_key=True)), *FIELDS])
    keyed = RemakeInKeyOrder("Numbered", [("pk", models.CompositePrimaryKey("day", "locale")), *FIELDS])
    before, middle, after = ProjectState(), ProjectState(), ProjectState()
    numbered.state_forwards("campaign", middle)
    keyed.state_forwards("campaign", after)
    try:
        with connection.schema_editor() as editor:
            numbered.database_forwards("campaign", editor, before, middle)
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO campaign_numbered (day, locale, count) VALUES (%s, %s, %s)", ROWS)
        with connection.schema_editor() as editor:
            keyed.database_forwards("campaign", editor, middle, after)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM campaign_numbered {'ORDER BY ctid' if POSTGRESQL else 'NOT INDEXED'}")
            lying = cursor.fetchall()
        assert [(str(day), locale, count) for day, locale, count in lying] == [
            ("2026-03-01", "de", 2),
            ("2026-03-01", "fr", 7),
            ("2026-03-02", "en", 5),
        ]
        assert "campaign_numbered_before" not in connection.introspection.table_names()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE campaign_numbered")
