"""Move open views out of a database file that is no longer used, so that each is counted once; then wipe the file.

The views go through the spool, which the fold empties before it counts. Taking them out of the old file and putting
them into the spool is one transaction over both files. So a move may be interrupted anywhere, and is done again.

Some hours of the old file may be counted already, with what the new database had: these are opened once more, because
their views were counted nowhere. Hours that the old database had begun to count go on where it stopped.
"""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from django.conf import settings

from analytics import file_lock
from analytics.fold.fold import fold
from analytics.ingest import database_files, open_views, writer
from analytics.ingest.database_files import Content
from analytics.ingest.open_views import NONCE_PREFIXES, NonceRange
from analytics.models import FoldProgress, ShutHour
from campaign.assignment.receipts import SECONDS_PER_HOUR
from campaign.models import Arm


class MoveRefused(Exception):
    """The file cannot be moved or wiped now; the message says why and what to do. Nothing was changed."""


def move_views(path: Path, *, now: datetime) -> int:
    """Move the views of an unused file into the database, fold what has closed, and wipe the file; how many moved."""
    _require_unused(path)
    spool = writer.local_spool()
    with (
        file_lock.hold_lock(open_views.use_lock_path(path), wait=False) as lock,
        file_lock.hold_lock(settings.DATA_DIRECTORY / "fold.lock"),
    ):
        if lock is None:
            raise MoveRefused(
                f"A server or worker still uses {path}. Stop them all and start them with the new settings."
            )
        with closing(_open_alone(path)) as file:
            table = _table_of_views(file)
            _require_known_arms(file, table)
            hours = file.execute(f"SELECT DISTINCT closes FROM {table} ORDER BY closes").fetchall()  # noqa: S608
            ranges = [_uncounted_part(closes, file) for (closes,) in hours]
            for part in ranges:
                _open_again(part)
            moved = spool.adopt(file, table, [part for part in ranges if part.start < NONCE_PREFIXES])
        writer.move_spool_to_database(spool)
        database_files.wipe(path)
    fold(hour=int(now.timestamp()) // SECONDS_PER_HOUR)
    return moved


def wipe_copy(path: Path) -> None:
    """Wipe a copy without counting its views: they are, or were, in the database that it was copied from."""
    if path.resolve() not in {file.path for file in database_files.unused_files() if file.content == Content.JOURNAL}:
        _require_unused(path)
    with file_lock.hold_lock(open_views.use_lock_path(path), wait=False) as lock:
        if lock is None:
            raise MoveRefused(
                f"A server or worker still uses {path}. Stop them all and start them with the new settings."
            )
        database_files.wipe(path)


def _require_unused(path: Path) -> None:
    if not path.is_file():
        raise MoveRefused(f"There is no file {path}.")
    if database_files.is_in_use(path):
        raise MoveRefused(f"{path} is in use: set AUDIENCE_DATABASE_URL to the new database first.")
    held = database_files.inspect_file(path)
    if held is None or held.content == Content.STAFF:
        raise MoveRefused(f"{path} is not a database of open views.")


def _open_alone(path: Path) -> sqlite3.Connection:
    """Open the old file with a rollback journal, which SQLite changes to only if nobody else has it open."""
    try:
        file = sqlite3.connect(path, timeout=1, isolation_level=None)
        file.execute("PRAGMA secure_delete = ON")
        file.execute("PRAGMA journal_mode = DELETE")
        file.execute("PRAGMA synchronous = FULL")
    except sqlite3.OperationalError:
        raise MoveRefused(f"A process still has {path} open. Stop all servers and workers.") from None
    except sqlite3.DatabaseError:
        raise MoveRefused(f"{path} cannot be read. Its views are lost: wipe it.") from None
    return file


def _table_of_views(file: sqlite3.Connection) -> str:
    """The table of a database of open views, or of a spool."""
    tables = _tables(file)
    return next(name for name in database_files.VIEW_TABLES if name in tables)


def _tables(file: sqlite3.Connection) -> set[str]:
    return {row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _require_known_arms(file: sqlite3.Connection, table: str) -> None:
    arms = {row[0] for row in file.execute(f"SELECT DISTINCT arm FROM {table}")}  # noqa: S608
    if arms - set(Arm.objects.filter(pk__in=arms).values_list("pk", flat=True)):
        raise MoveRefused("The views belong to campaigns that are not in DATABASE_URL. Move that database first.")


def _uncounted_part(closes: int, file: sqlite3.Connection) -> NonceRange:
    """The views of an hour that no total holds yet."""
    begun = FoldProgress.objects.filter(closes=closes).values_list("through", flat=True).first() or 0
    shut_hours = ShutHour._meta.db_table
    shut_here = (
        shut_hours in _tables(file)
        and file.execute(
            f"SELECT 1 FROM {shut_hours} WHERE closes = ?",  # noqa: S608  (a table's own name)
            [closes],
        ).fetchone()
    )
    if shut_here:  # the old database was being counted
        return NonceRange(closes, begun, NONCE_PREFIXES)
    if 0 < begun < NONCE_PREFIXES:
        raise MoveRefused("An hour is only half counted. Run manage.py fold, then move again.")
    return NonceRange(closes, 0, NONCE_PREFIXES)


def _open_again(part: NonceRange) -> None:
    """Let an hour take views once more. What the database still holds of a counted part of it is deleted first."""
    if part.start > 0:
        return
    if FoldProgress.objects.filter(closes=part.closes).exists():
        open_views.delete_views(part)
    ShutHour.objects.filter(closes=part.closes).delete()
    FoldProgress.objects.filter(closes=part.closes).delete()
