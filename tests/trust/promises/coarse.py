"""Coarse time, random ids: finer values are refused, rows have no numbers, and the order of arrival is lost.

Views arrive in a known order while others are folded; then the offset of each nonce in the bytes of the table is
correlated with its order of arrival.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg
from scipy.stats import spearmanr

from campaign.assignment.receipts import SECONDS_PER_HOUR, ReceiptSigner
from tests.trust.bench import Bench
from tests.trust.promises.fields import declared_fields
from tests.trust.result import Result
from tests.trust.site import TrustSite, receipt_keys_of
from tests.trust.visitors import Visit, VisitorGroup

TABLE = "analytics_openview"
_FINE = {"closes": "500003", "nonce": "{nonce}", "campaign": "1", "arm": "1", "placement": "1", "locale": "'en'"} | {
    "hour": "500000",
    "bits": "1",
    "rating": "3",
    "dwell": "2",
}
# Values finer than an hour, or other than 128 random bits: by column, as SQL.
_FINER: dict[str, dict[str, str]] = {
    "a minute fits": {"hour": "29400000", "closes": "29400003"},
    "a second fits": {"hour": "1764000000", "closes": "1764000003"},
    "half an hour fits": {"hour": "500000.5"},
    "a closing half hour fits": {"closes": "500003.5"},
    "a day and more fits": {"closes": "500026"},
    "a time fits as a rating": {"rating": "1764"},
    "a time fits as a duration": {"dwell": "1764"},
    "a short number fits as a nonce": {"nonce": "{short}"},
}
_BLOBS = {"sqlite": ("randomblob(16)", "x'00000001'"), "postgresql": ("uuid_send(gen_random_uuid())", "'\\x00000001'")}
_DAYS = {"analytics_tally": "day", "campaign_servedcount": "day"}


def check(bench: Bench) -> Result:
    """Insert finer values, look for numbered rows, and correlate storage order with arrival."""
    number = bench.scaled(2_000, 300)
    with bench.site() as made:
        broken = [*_accepted_fine_values(made), *_numbered_tables(made)]
        made.start()
        files = len(list(made.data.rglob("*")))
        office = ReceiptSigner(receipt_keys_of(made))
        group = VisitorGroup.of(1, port=made.port, keys=receipt_keys_of(made))
        group.run_each(lambda visit: _report_views(visit, office, number))
        more = len(list(made.data.rglob("*"))) - files
        made.stop()
        made.run_worker_once(hours=2)
        opened = [office.verify(receipt, hour=0).nonce for receipt in group.receipts[:number]]
        places = _byte_offsets(made, opened)
        rho = _correlation(places)
        drawn = _correlation([int.from_bytes(nonce, "big") for nonce in opened])
        kept = len(made.open_nonces())
    bound = 4 / number**0.5
    broken += [f"rows lie in their order of arrival: correlation {rho:.2f}"] if abs(rho) > bound else []
    broken += [f"nonces follow one another: correlation {drawn:.2f}"] if abs(drawn) > bound else []
    broken += ["two nonces are the same"] if len(set(opened)) < number else []
    broken += [f"{more} files were made for {number} views"] if more > 8 else []
    broken += [f"{kept} of {number} views are open, so their order says nothing"] if kept != number else []
    return Result(
        n=f"{len(_FINER)} finer values in rows of two kinds, {number:,} views in known order, {number:,} folded beside",
        figure=f"violations {len(broken)}; correlation with arrival {rho:.3f} (chance stays under {bound:.3f})",
        broken=tuple(broken),
    )


def _report_views(visit: Visit, office: ReceiptSigner, number: int) -> None:
    """Report views one by one, and as many that close soon."""
    hour = int(time.time()) // SECONDS_PER_HOUR
    while len(visit.group.receipts) < number:
        visit.request_message()
    for text in visit.group.receipts[:number]:
        receipt = office.verify(text, hour=0)
        visit.report_outcome(office.issue(receipt._replace(closes=receipt.hour + 20)), "exposed")
        soon = receipt._replace(nonce=bytes(byte ^ 0xA5 for byte in receipt.nonce), hour=hour - 1, closes=hour + 1)
        visit.report_outcome(office.issue(soon), "exposed")


def _accepted_fine_values(made: TrustSite) -> Iterator[str]:
    """Values that tables accept and should refuse. A valid row must be accepted, as a control."""
    nonce, short = _BLOBS["postgresql" if made.databases else "sqlite"]

    def insert(changes: dict[str, str]) -> bool:
        row = {key: value.format(nonce=nonce, short=short) for key, value in {**_FINE, **changes}.items()}
        return _fits(made, "audience", f"INSERT INTO {TABLE} ({', '.join(row)}) VALUES ({', '.join(row.values())})")

    if not insert({}):
        yield "a usual row does not fit"
    for says, changes in _FINER.items():
        made.query("audience", f"DELETE FROM {TABLE}")
        halves = "hour <> ROUND(hour) OR closes <> ROUND(closes)"  # PostgreSQL rounds a half
        if insert(changes) and (
            ".5" not in "".join(changes.values()) or made.query("audience", f"SELECT 1 FROM {TABLE} WHERE {halves}")
        ):
            yield f"{says} in {TABLE}"
    for table in _DAYS:
        says = f"UPDATE {table} SET day = '2026-03-02 11:15:00'"
        made.query("default", _ROW[table])
        if _fits(made, "default", f"{says} WHERE count = 4711") and _is_finer(made, table):
            yield f"a time of day fits in {table}"
        made.query("default", f"DELETE FROM {table} WHERE count = 4711")
    made.query("audience", f"DELETE FROM {TABLE}")


_ARM = "(SELECT MIN(id) FROM campaign_arm), (SELECT MIN(id) FROM campaign_placement), 'en'"
_ROW = {
    "analytics_tally": f"""INSERT INTO analytics_tally (day, arm_id, placement_id, locale, outcome, value, count)
        SELECT '2026-03-02', {_ARM}, 'exposed', 0, 4711""",
    "campaign_servedcount": f"""INSERT INTO campaign_servedcount (day, arm_id, placement_id, locale, count)
        SELECT '2026-03-02', {_ARM}, 4711""",
}


def _is_finer(made: TrustSite, table: str) -> bool:
    """Whether a time was stored: PostgreSQL accepts one and drops it."""
    return any(len(str(row[0])) > 10 for row in made.query("default", f"SELECT day FROM {table} WHERE count = 4711"))


def _fits(made: TrustSite, database: str, statement: str) -> bool:
    try:
        made.query(database, statement)
    except (sqlite3.IntegrityError, psycopg.IntegrityError, psycopg.DataError):
        return False
    return True


def _numbered_tables(made: TrustSite) -> Iterator[str]:
    """Tables with row numbers, visible or hidden, which reveal the order of insertion."""
    for database in ("default", "audience"):
        if made.databases:
            question = """SELECT table_name FROM information_schema.columns WHERE table_schema = 'public'
                AND (is_identity = 'YES' OR column_default LIKE 'nextval%')"""
        else:
            question = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%WITHOUT ROWID%'"
        for (table,) in made.query(database, question):
            if table in declared_fields() and (database == "audience") == (table in _OF_THE_AUDIENCE):
                yield f"rows of {table} are numbered in the order in which they came"


_OF_THE_AUDIENCE = {TABLE, "analytics_foldedhour"}


def _byte_offsets(made: TrustSite, nonces: Sequence[bytes]) -> list[int]:
    """The offset of each nonce in the bytes of the table."""
    if made.databases:
        made.query("audience", "CHECKPOINT")
        path = Path(str(made.query("audience", f"SELECT pg_relation_filepath('{TABLE}')")[0][0]))
        content = (made.databases.directory / "data" / path).read_bytes()
    else:
        content = (made.data / "audience.sqlite3").read_bytes()
    return [content.find(nonce) for nonce in nonces]


def _correlation(values: Sequence[int]) -> float:
    """Spearman correlation of values with their position."""
    found = spearmanr(range(len(values)), [float(value) for value in values])
    return float(found.statistic)
