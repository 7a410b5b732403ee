"""Describe the inventory in plain words: sections of lines, each with a number and a sentence."""

import textwrap
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

from analytics.data_inventory import schema
from analytics.data_inventory.counts import NEVER_STORED, DaySpan, Inventory
from analytics.ingest.database_files import Content

WIDTH = 96
_INDENT = 10
_AWAY = "The {} database does not answer, or is not set up: what it holds cannot be counted now. "

InventoryLine = tuple[int | str, str]  # a number or a symbol, and a sentence


def render_text(held: Inventory) -> str:
    """Render the inventory as text for a terminal."""
    parts = [f"What a seizure would find right now: {_format_moment(held.counted_at)}.\n"]
    parts += [f"{title}\n{_wrap_lines(lines)}\n" for title, lines in sections(held)]
    return "\n".join(parts)


def sections(held: Inventory) -> list[tuple[str, list[InventoryLine]]]:
    """The sections, as pairs of a title and its lines."""
    told: list[tuple[str, Iterator[InventoryLine]]] = [
        ("About visitors, for a few hours", _open_view_lines(held)),
        ("About visitors, kept as totals", _total_lines(held)),
        ("About the people who work here", _staff_lines(held)),
        ("Your work", _work_lines(held)),
        ("Keys (how many there are; what is in them is never shown)", _key_lines(held)),
        ("Other files and logs", _file_lines(held)),
        ("Is that all?", _check_lines(held)),
    ]
    return [
        *((title, list(lines)) for title, lines in told),
        (
            "Not here, because it is never written down"
            if held.matches_schema
            else "Never written down by this program",
            [("–", f"{words[0].upper()}{words[1:]}.") for words in NEVER_STORED],
        ),
        (
            "Not seen from here",
            [
                ("–", "Backups and copies of the disk, the journal of a PostgreSQL server, and the system's own logs."),
                ("–", "What the proxy in front, the host, a provider or a partner keeps. Ask each of them."),
            ],
        ),
    ]


def _open_view_lines(held: Inventory) -> Iterator[InventoryLine]:
    views = held.row_count("analytics_openview")
    if views is None or held.open_views is None:
        yield (
            "?",
            _AWAY.format("audience") + "It is where open views are: random numbers, each with what was pressed.",
        )
    else:
        where = held.databases["audience"].location
        yield (
            views,
            f"{_plural(views, 'open view')}, in {where}. Each is a random number, which message was shown where, in "
            "which hour, and what was pressed. It does not say who.",
        )
        if held.open_views.oldest_hour is not None:
            yield "", f"The oldest was shown in the hour that began on {_format_moment(held.open_views.oldest_hour)}."
            yield "", "The database's journal holds the last of them in the order they came, until the next fold."
        if held.open_views.overdue:
            yield (
                held.open_views.overdue,
                "of them should have been counted and deleted already. Is the worker running? (manage.py worker)",
            )
        yield _count(held, "analytics_foldedhour", "hour", " noted as counted: the number of the hour, nothing else.")
    for file in held.unused_files:
        if file.content == Content.VIEWS:
            yield (
                "?" if file.views is None else file.views,
                f"open views in {file.path}, which this installation does not use: nobody counts or forgets them. "
                "Move or wipe them: manage.py move_audience.",
            )
        elif file.content == Content.JOURNAL:
            yield "?", f"{file.path} is the journal of a database that is gone: manage.py move_audience --wipe."
    if held.spooled_views is None:
        yield "?", "There is a spool, and it cannot be read. It may hold views that wait for the audience database."
    else:
        waits = "view that waits" if held.spooled_views == 1 else "views that wait"
        yield held.spooled_views, f"{waits} on this machine's disk for the audience database to come back."


def _total_lines(held: Inventory) -> Iterator[InventoryLine]:
    if held.tally_days is None or held.served is None or held.row_count("analytics_tally") is None:
        yield "?", _AWAY.format("default") + "It is where daily totals are."
        return
    span = _format_span(held.tally_days)
    yield _count(held, "analytics_tally", "daily total", f"{span}: how many views had one outcome, not which.")
    span = _format_span(held.served)
    yield _count(held, "campaign_servedcount", "daily total", f"{span}: how many messages were sent.")
    yield _count(
        held, "campaign_leftoutcount", "daily total", ": how many messages were shown and not counted, and why."
    )
    yield _count(held, "campaign_networksketch", "note", " that a server began to count networks on a day.")
    yield _count(held, "analytics_foldprogress", "note", " of how far an hour is counted.")
    yield "", "The database's journal shows, for some minutes, in which order totals were raised."


def _staff_lines(held: Inventory) -> Iterator[InventoryLine]:
    if held.row_count("auth_user") is None:
        yield ("?", _AWAY.format("default") + "It is where staff accounts are: names, e-mail addresses, last sign-ins.")
        return
    yield _count(held, "auth_user", "staff account", ": name, e-mail address, hashed password, last sign-in.")
    yield _count(held, "django_session", "session", f" of staff; signed in now: {held.staff_signed_in or 0}.")
    yield _count(held, "messaging_apitoken", "token", " with which staff use the API, as hashes. None can be used.")
    yield _count(held, "django_admin_log", "note", " of who changed what on the administration pages.")
    yield _count(held, "messaging_review", "review", " of words: by whom, and when.")
    yield _count(held, "messaging_auditentry", "note", " on the audit record: who decided what, and when.")


def _work_lines(held: Inventory) -> Iterator[InventoryLine]:
    if held.row_count("campaign_campaign") is None:
        yield "?", _AWAY.format("default") + "It is where campaigns and words are."
        return
    yield _count(held, "campaign_campaign", "campaign", ", with who made and who approved it.")
    yield _count(held, "campaign_partner", "partner", ", with its sites.")
    yield _count(held, "messaging_revision", "wording", " of a message, with who wrote it.")
    yield _count(held, "analytics_analysis", "look", " at results, on record.")


def _count(held: Inventory, table: str, noun: str, rest: str) -> InventoryLine:
    number = held.row_count(table) or 0
    return number, f"{_plural(number, noun)}{rest}"


def _key_lines(held: Inventory) -> Iterator[InventoryLine]:
    signing, secrets = held.files["keys/receipt-*.key"], held.files["keys/campaign-*.key"]
    yield signing, f"{_plural(signing, 'key')} to sign receipts. It can make false outcomes; it finds nobody."
    yield (
        secrets,
        f"{_plural(secrets, 'secret')} of a campaign that counts a partner's subjects. With it, and with the "
        "partner's list of subjects, one can compute which message each was to see. It is destroyed when the campaign "
        "closes.",
    )
    site = held.files["keys/django.key"]
    yield site, f"{_plural(site, 'secret')} to sign staff sessions."
    sealing = held.files["keys/second-factor.key"]
    yield sealing, f"{_plural(sealing, 'secret')} that staff's second factors are encrypted under."


def _file_lines(held: Inventory) -> Iterator[InventoryLine]:
    copies, unknown = held.files["data/snapshot.jsonl"], len(held.undeclared_files)
    yield copies, f"{'copy' if copies == 1 else 'copies'} of the messages that are shown, for a restart."
    yield unknown, f"{_plural(unknown, 'file')} in these directories that this program does not know."
    for path in held.undeclared_files[:20]:
        yield "", path
    for file in held.unused_files:
        if file.content == Content.STAFF:
            yield "!", f"{file.path} holds {file.content}, and this installation does not use it. Remove it."
    named = [where for where in held.log_destinations if not where.startswith("logging.")]
    if named:
        yield len(named), f"{_plural(len(named), 'log file')}: {', '.join(named)}. See what is in it."
    else:
        yield 0, "log files. Warnings go to standard error; what the system keeps of it, the system knows."


def _check_lines(held: Inventory) -> Iterator[InventoryLine]:
    for name, database in held.databases.items():
        if database.rows is None:
            yield "?", f"The {name} database could not be compared with the list of what may be stored."
            continue
        declared = [table for table in schema.tables() if table.database == name]
        if not database.differences:
            columns = sum(len(table.fields) for table in declared)
            yield (
                "✓",
                f"The {name} database holds the {len(declared)} tables and {columns} columns that are declared in "
                "analytics/data_inventory/privacy_schema.toml, and nothing else. Compared just now.",
            )
            continue
        yield (
            "!",
            f"The {name} database does not hold what is declared in analytics/data_inventory/privacy_schema.toml:",
        )
        for difference in database.differences[:20]:
            yield "", difference


def _format_span(days: DaySpan) -> str:
    if days.first is None or days.last is None:
        return ""
    if days.first == days.last:
        return f" of {_format_day(days.first)}"
    return f" of {days.days:,} days, {_format_day(days.first)} to {_format_day(days.last)}"


def _plural(number: int, noun: str) -> str:
    return noun if number == 1 else f"{noun}s"


def _wrap_lines(lines: Sequence[InventoryLine]) -> str:
    return "\n".join(
        textwrap.fill(
            sentence,
            WIDTH,
            initial_indent=f"{number:>{_INDENT - 2},}  " if isinstance(number, int) else f"{number:>{_INDENT - 2}}  ",
            subsequent_indent=" " * _INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for number, sentence in lines
    )


def _format_moment(at: datetime) -> str:
    at = at.astimezone(UTC)
    return f"{_format_day(at.date())}, {at:%H:%M} UTC"


def _format_day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
