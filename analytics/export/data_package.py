"""Describe the tables of a look as a Data Package, version 2 (https://datapackage.org)."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from analytics.export.csv_tables import csv_for_programs
from analytics.export.table import LookTables, Table
from analytics.export.zip_file import pack

_PROFILES = "https://datapackage.org/profiles/2.0"
_ESCAPED = (
    "In a text an apostrophe stands before each sign that a spreadsheet would take for the start of a formula. "
    "An empty cell is a number that is hidden because it is small, or a value that there is not."
)


@dataclass(frozen=True, slots=True)
class TableFormat:
    """How tables are written in a package."""

    extension: str
    media_type: str
    write: Callable[[Table], bytes]
    properties: Mapping[str, Any]
    note: str = ""


CSV = TableFormat(
    "csv",
    "text/csv",
    csv_for_programs,
    {"encoding": "utf-8", "dialect": {"$schema": f"{_PROFILES}/tabledialect.json", "delimiter": ","}},
    _ESCAPED,
)


def data_package(tables: LookTables, table_format: TableFormat = CSV) -> bytes:
    """Return a ZIP archive of all tables and `datapackage.json`; the same look gives the same bytes."""
    files = {f"{table.name}.{table_format.extension}": table_format.write(table) for table in tables.tables}
    files["datapackage.json"] = descriptor(tables, table_format, files)
    return pack(files)


def descriptor(tables: LookTables, table_format: TableFormat, files: Mapping[str, bytes]) -> bytes:
    """Return `datapackage.json` for the written tables."""
    content = {
        "$schema": f"{_PROFILES}/datapackage.json",
        "name": f"{tables.campaign}-look-{tables.look}",
        "title": f"{tables.name}: look {tables.look}",
        "description": " ".join(
            filter(None, [tables.sentence, tables.interval_sentence, tables.note, table_format.note])
        ),
        "created": tables.made_at.isoformat(),
        "licenses": [{"name": settings.RESULTS_LICENCE, "path": licence_url()}],
        "look": look_properties(tables),
        "resources": [_resource(table, table_format, files) for table in tables.tables],
    }
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def look_properties(tables: LookTables) -> dict[str, Any]:
    """Say of which look the tables are, under which plan, and what was done otherwise than planned."""
    return {
        "campaign": tables.campaign,
        "number": tables.look,
        "status": tables.status,
        "plan_sha256": tables.plan_fingerprint,
        "plan_frozen_at": tables.frozen_at and tables.frozen_at.isoformat(),
        "first_day": tables.from_day and tables.from_day.isoformat(),
        "last_day": tables.to_day and tables.to_day.isoformat(),
        "smallest_count_shown": tables.small_cell,
        "deviations": [{"at": each.at.isoformat(), "what": each.what, "why": each.why} for each in tables.deviations],
    }


def licence_url() -> str:
    return f"https://spdx.org/licenses/{settings.RESULTS_LICENCE}"


def _resource(table: Table, table_format: TableFormat, files: Mapping[str, bytes]) -> dict[str, Any]:
    path = f"{table.name}.{table_format.extension}"
    return {
        "name": table.name,
        "path": path,
        "description": table.description,
        "format": table_format.extension,
        "mediatype": table_format.media_type,
        **table_format.properties,
        "bytes": len(files[path]),
        "hash": f"sha256:{hashlib.sha256(files[path]).hexdigest()}",
        "schema": {
            "$schema": f"{_PROFILES}/tableschema.json",
            "fields": [
                {"name": field.name, "type": field.type, "description": field.description} for field in table.fields
            ],
            "missingValues": [""],
        },
    }
