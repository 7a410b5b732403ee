"""Only declared fields: compare the columns of all tables that requests write to with the privacy schema."""

from __future__ import annotations

from analytics.data_inventory import schema
from tests.trust.bench import Bench
from tests.trust.result import Result
from tests.trust.site import TrustSite, receipt_keys_of
from tests.trust.visitors import VisitorGroup, visit_everything

_DJANGOS_OWN = {"django_migrations", "sqlite_sequence"}
_COLUMNS = {
    "sqlite": """
        SELECT tables.name, columns.name FROM sqlite_master AS tables JOIN pragma_table_info(tables.name) AS columns
        WHERE tables.type = 'table'
    """,
    "postgresql": """
        SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'
    """,
}


def declared_fields() -> dict[str, set[str]]:
    """The tables that the audience writes to, with their declared fields."""
    return {table.name: set(table.fields) for table in schema.tables() if table.written_by == "audience"}


def check(bench: Bench) -> Result:
    """Visit, and compare every table that has grown with the schema."""
    with bench.site() as made:
        before = _rows(made)
        made.start()
        group = VisitorGroup.of(bench.scaled(60, 10), port=made.port, keys=receipt_keys_of(made))
        group.run_each(visit_everything)
        made.stop()
        grown = {table for table, rows in _rows(made).items() if rows != before[table]}
        fields = {field for field in _columns(made) if field[:2] in grown or field[1] in declared_fields()}
    unknown = sorted(
        f"{table}.{column} is not declared"
        for _, table, column in fields
        if column not in declared_fields().get(table, ())
    )
    tables = sorted({table for _, table, _ in fields})
    return Result(
        n=f"{len(group.replies):,} requests, {len(grown)} tables grew; {len(fields)} fields of {', '.join(tables)}",
        figure=f"unknown columns {len(unknown)}",
        broken=tuple(unknown) if grown else ("no table grew: nothing was looked at",),
    )


def _columns(made: TrustSite) -> list[tuple[str, str, str]]:
    """All columns, as (database, table, column)."""
    question = _COLUMNS["postgresql" if made.databases else "sqlite"]
    return [
        (name, str(table), str(column))
        for name in ("default", "audience")
        for table, column in made.query(name, question)
        if table not in _DJANGOS_OWN
    ]


def _rows(made: TrustSite) -> dict[tuple[str, str], int]:
    """The number of rows by database and table."""
    tables = {field[:2] for field in _columns(made)}
    return {
        (name, table): int(str(made.query(name, f'SELECT COUNT(*) FROM "{table}"')[0][0])) for name, table in tables
    }
