"""Erase from PostgreSQL's tables the order in which daily counts were raised.

SQLite keeps rows in the order of their key. PostgreSQL moves a row to the end of its table on each update and notes the
transaction: both would show the order of the last hours, in a copy of the database too.
"""

from django.db import connection, transaction

from analytics.models import Tally
from campaign.models import LeftOutCount, ServedCount

COUNT_TABLES = tuple(model._meta.db_table for model in (Tally, ServedCount, LeftOutCount))


def erase_row_order() -> None:
    """On PostgreSQL, give the rows of each day one transaction, and store them in the order of their key."""
    if connection.vendor != "postgresql" or connection.in_atomic_block:  # only a test is inside a transaction here
        return
    for table in COUNT_TABLES:
        with transaction.atomic(), connection.cursor() as cursor:
            # Others lock row by row in any order: a table lock avoids deadlocks with them.
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
            cursor.execute(f"""
                UPDATE {table} SET count = count WHERE day IN (
                    SELECT day FROM {table} GROUP BY day HAVING COUNT(DISTINCT xmin::text) > 1
                )
            """)  # noqa: S608
            changed = cursor.rowcount
        if changed:
            with connection.cursor() as cursor:
                cursor.execute(f"CLUSTER {table} USING {table}_pkey")  # removes the old row versions too
