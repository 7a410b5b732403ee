"""Daily counts say the day, and nothing about when within it they were raised.

On SQLite their rows lie in the order of their key. PostgreSQL writes a row anew at the end of the table whenever it is
raised, and notes in it which commit did so: both would show the order of the last hours, in a copy of the database too.
"""

from __future__ import annotations

from django.db import connection, transaction

from analytics.models import Tally
from campaign.models import LeftOutCount, ServedCount

COUNT_TABLES = tuple(model._meta.db_table for model in (Tally, ServedCount, LeftOutCount))


def erase_row_order() -> None:
    """On PostgreSQL, make the rows of each day those of one commit, and lay them in the order of their key."""
    if connection.vendor != "postgresql" or connection.in_atomic_block:  # only a test is inside a transaction here
        return
    for table in COUNT_TABLES:
        with transaction.atomic(), connection.cursor() as cursor:
            # Whoever raises counts takes rows one by one: the table's lock keeps us from waiting for each other.
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
            cursor.execute(f"""
                UPDATE {table} SET count = count WHERE day IN (
                    SELECT day FROM {table} GROUP BY day HAVING COUNT(DISTINCT xmin::text) > 1
                )
            """)  # noqa: S608
            raised = cursor.rowcount
        if raised:
            with connection.cursor() as cursor:
                cursor.execute(f"CLUSTER {table} USING {table}_pkey")  # and what the rows were before goes with it
