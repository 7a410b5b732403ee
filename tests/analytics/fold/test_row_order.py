"""The databases store no time finer than hours and days, no row numbers for the audience, and no order of arrival."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connections, transaction
from scipy.stats import spearmanr

from analytics.data_inventory import schema
from analytics.fold import row_order
from analytics.fold.fold import fold
from analytics.ingest import writer
from analytics.ingest.open_views import OpenViewRow, sqlite_upsert_sql
from analytics.ingest.spool import Spool
from analytics.models import OpenView, Tally
from analytics.worker import steps
from campaign.assignment.receipts import Receipt
from campaign.models import ServedCount
from campaign.serving.routing import OutcomeEvent
from tests import world
from tests.environment import POSTGRESQL

BOTH = ["audience", "default"]
BY_AUDIENCE = [(table.database, table.name) for table in schema.tables() if table.written_by == "audience"]
IN_DATABASES = [(place, name) for place, name in BY_AUDIENCE if place != "spool"]
MINUTES, SECONDS = world.HOUR * 60 + 20, int(world.NOON.timestamp())
VIEW = OpenViewRow(world.HOUR + 3, b"n" * 16, 1, 2, 3, "en", world.HOUR, 1, 5, 4)
FINER: list[dict[str, Any]] = [
    {"hour": MINUTES, "closes": MINUTES + 3},
    {"hour": SECONDS, "closes": SECONDS + 3},
    {"hour": world.HOUR + 0.5},
    {"closes": world.HOUR + 2.25},
    {"hour": "2026-03-02 12:20"},
    {"closes": world.HOUR},
    {"closes": world.HOUR + 26},
]
NOT_RANDOM: list[dict[str, Any]] = [
    {"nonce": b"n" * 15},
    {"nonce": b"192.0.2.7, 192.0.2.7"},
    {"rating": 6},
    {"dwell": 5},
]


def insert(place: str, table: str, **values: Any) -> tuple[Any, ...] | None:
    """The row as the database stores it; None if it refuses it."""
    columns, marks = ", ".join(values), ", ".join(["%s"] * len(values))
    try:
        with transaction.atomic(using=place), connections[place].cursor() as cursor:
            cursor.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(values.values()))
            cursor.execute(f"SELECT {columns} FROM {table}")
            row: tuple[Any, ...] = cursor.fetchone()
            return row
    except DatabaseError:
        return None


def whole(values: Sequence[Any]) -> bool:
    """Values without fractions or times of day, because PostgreSQL truncates to its types."""
    return all(
        not isinstance(value, float) and (not isinstance(value, str) or len(value) <= len("2026-03-01"))
        for value in values
    )


@pytest.mark.django_db(databases=BOTH)
class TestConstraints:
    def test_an_honest_view_fits(self) -> None:
        assert insert("audience", "analytics_openview", **VIEW._asdict()) is not None

    @pytest.mark.parametrize("finer", FINER, ids=str)
    def test_no_view_holds_a_time_finer_than_the_hour(self, finer: dict[str, Any]) -> None:
        row = insert("audience", "analytics_openview", **VIEW._asdict() | finer)
        assert row is None or (POSTGRESQL and whole(row))

    @pytest.mark.parametrize("wrong", NOT_RANDOM, ids=str)
    def test_a_view_holds_128_bits_and_small_numbers_only(self, wrong: dict[str, Any]) -> None:
        assert insert("audience", "analytics_openview", **VIEW._asdict() | wrong) is None

    @pytest.mark.parametrize("finer", [MINUTES, SECONDS, world.HOUR + 0.5, "2026-03-02 12:20"], ids=str)
    @pytest.mark.parametrize("table", ["analytics_foldedhour", "analytics_foldprogress"])
    def test_no_note_of_a_fold_holds_a_time_finer_than_the_hour(self, table: str, finer: Any) -> None:
        more = {"through": 0, "compacted": False} if table == "analytics_foldprogress" else {}
        place = "default" if more else "audience"
        assert insert(place, table, closes=world.HOUR, **more) is not None
        row = insert(place, table, closes=finer, **more)
        assert row is None or (POSTGRESQL and whole(row))

    @pytest.mark.parametrize("day", ["2026-03-02 12:20", "2026-03-02T12", 2461102.01, SECONDS], ids=str)
    @pytest.mark.parametrize("model", [Tally, ServedCount])
    def test_no_count_holds_a_time_finer_than_the_day(self, model: type[Tally] | type[ServedCount], day: Any) -> None:
        campaign = world.launched()
        arm, spot = campaign.arms.all()[0].pk, campaign.placements.get().pk
        values = {"arm_id": arm, "placement_id": spot, "locale": "en", "count": 1}
        if model is Tally:
            values |= {"outcome": "left", "value": 0}
        row = insert("default", model._meta.db_table, day=day, **values)
        assert row is None or (POSTGRESQL and type(row[0]) is date)
        assert insert("default", model._meta.db_table, day="2026-03-03", **values) is not None


@pytest.mark.parametrize("finer", FINER, ids=str)
def test_the_spool_holds_no_time_finer_than_the_hour(tmp_path: Path, finer: dict[str, Any]) -> None:
    Spool(tmp_path).add(lambda shut: [VIEW])
    with sqlite3.connect(tmp_path / "spool.sqlite3") as file, pytest.raises(sqlite3.IntegrityError):
        file.execute(sqlite_upsert_sql("spooled"), VIEW._replace(nonce=b"m" * 16, **finer))


def numbered(place: str) -> set[str]:
    """Tables with a serial number, from the catalogue."""
    connection = connections[place]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":  # every other table there counts its rows, and keeps them in that order
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*'")
            return {name for name, sql in cursor.fetchall() if not sql.upper().rstrip().endswith("WITHOUT ROWID")}
        cursor.execute("""
            SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
            LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
            WHERE a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%'
        """)
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.django_db(databases=BOTH)
class TestNumbers:
    @pytest.mark.parametrize(("place", "table"), IN_DATABASES)
    def test_no_row_that_the_audience_causes_bears_a_number(self, place: str, table: str) -> None:
        assert table not in numbered(place)

    @pytest.mark.parametrize("place", BOTH)
    def test_a_table_that_counts_its_rows_would_be_found(self, place: str) -> None:
        counting = "bigserial PRIMARY KEY" if POSTGRESQL else "integer PRIMARY KEY AUTOINCREMENT"
        with connections[place].cursor() as cursor:
            cursor.execute(f"CREATE TABLE visits (id {counting}, hour integer)")
        assert "visits" in numbered(place)


MANY = 3_000
NOISE = 4 / (MANY / 2) ** 0.5  # four standard errors of a rank correlation of half of them, if there is none


def written_in_order() -> dict[bytes, int]:
    """Consecutive views, every second of which closes later: nonce to position."""
    campaign = world.launched()
    arm, spot = campaign.arms.all()[0].pk, campaign.placements.get().pk
    dice = random.Random(5)
    nonces = [dice.randbytes(16) for _ in range(MANY)]
    for start in range(0, MANY, 50):
        events = [
            OutcomeEvent(Receipt(campaign.pk, arm, spot, hour, hour + 3, "en", nonce), "left", None)
            for hour, nonce in ((world.HOUR + at % 2, nonces[at]) for at in range(start, start + 50))
        ]
        assert writer.commit_events(events, hour=world.HOUR + 1) == [None] * 50
    return {nonce: at for at, nonce in enumerate(nonces)}


def as_they_lie(nonces: dict[bytes, int]) -> list[bytes]:
    """The nonces in the order in which they are on disk."""
    connection = connections["audience"]
    if POSTGRESQL:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nonce FROM analytics_openview ORDER BY ctid")
            return [bytes(nonce) for (nonce,) in cursor.fetchall()]
    connection.close()
    raw = Path(str(connection.settings_dict["NAME"])).read_bytes()
    at = {nonce: raw.find(nonce) for nonce in nonces}
    return sorted((nonce for nonce in nonces if at[nonce] >= 0), key=lambda nonce: at[nonce])


def correlation(lying: list[bytes], came: dict[bytes, int]) -> float:
    return float(spearmanr(range(len(lying)), [came[nonce] for nonce in lying]).statistic)


@pytest.mark.django_db(databases=BOTH, transaction=True)
def test_after_a_fold_the_views_that_are_still_open_lie_in_no_order_of_arrival() -> None:
    came = written_in_order()
    assert fold(hour=world.HOUR + 3).views == MANY / 2
    lying = as_they_lie(came)
    assert len(lying) == OpenView.objects.count() == MANY / 2
    assert abs(correlation(lying, came)) < NOISE


@pytest.mark.django_db(databases=BOTH, transaction=True)
def test_a_table_that_keeps_the_order_of_arrival_would_be_found() -> None:
    came = written_in_order()
    with connections["audience"].cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT closes, nonce, hour FROM analytics_openview")
        cursor.execute("DELETE FROM kept")
        cursor.executemany("INSERT INTO kept (nonce) VALUES (%s)", [(nonce,) for nonce in came])
        cursor.execute("SELECT nonce FROM kept ORDER BY " + ("ctid" if POSTGRESQL else "rowid"))
        lying = [bytes(nonce) for (nonce,) in cursor.fetchall()]
        cursor.execute("DROP TABLE kept")
    assert correlation(lying, came) > 1 - NOISE


def counted_in_any_order() -> int:
    """Create tallies of three days out of the order of their keys, and return how many."""
    campaign = world.launched()
    arms, spot = list(campaign.arms.all()), campaign.placements.get()
    keys = [(arm, outcome, value) for arm in arms for outcome in ("rating", "dwell") for value in range(1, 5)]
    random.Random(5).shuffle(keys)
    for number, (arm, outcome, value) in enumerate(keys):
        day = date(2026, 3, 1) + timedelta(days=number % 3)
        Tally.objects.create(day=day, arm=arm, placement=spot, locale="en", outcome=outcome, value=value, count=1)
    return len(keys)


def tallies_as_they_lie() -> list[Any]:
    with connections["default"].cursor() as cursor:
        how = "ORDER BY ctid" if POSTGRESQL else "NOT INDEXED"
        cursor.execute(f"SELECT day, arm_id, placement_id, locale, outcome, value FROM analytics_tally {how}")
        return list(cursor.fetchall())


@pytest.mark.django_db(databases=BOTH, transaction=True)
def test_tallies_lie_in_the_order_of_their_key_and_not_of_their_first_view() -> None:
    made = counted_in_any_order()
    if POSTGRESQL:
        assert tallies_as_they_lie() != sorted(tallies_as_they_lie())
    row_order.erase_row_order()
    assert tallies_as_they_lie() == sorted(tallies_as_they_lie())
    assert len(tallies_as_they_lie()) == Tally.objects.filter(count=1).count() == made


@pytest.mark.only_on("postgresql", reason="SQLite's rows name no commit")
@pytest.mark.django_db(databases=BOTH, transaction=True)
def test_counts_of_a_day_do_not_say_which_was_raised_last() -> None:
    def commits() -> list[int]:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT COUNT(DISTINCT xmin::text) FROM analytics_tally GROUP BY day")
            return [number for (number,) in cursor.fetchall()]

    counted_in_any_order()
    assert min(commits()) > 5
    row_order.erase_row_order()
    assert commits() == [1, 1, 1]


@pytest.mark.django_db(databases=BOTH)
def test_the_worker_forgets_the_order_of_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten: list[bool] = []
    monkeypatch.setattr(row_order, "erase_row_order", lambda: forgotten.append(True))
    steps.prune_expired_records(world.NOON)
    assert forgotten == [True]
