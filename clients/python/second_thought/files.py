"""The tables of a look, from its data package or its bundle."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

Value = str | int | float | bool | None
_SIGNS = "=+\\-@＝＋－＠"
# Where our files put an apostrophe, so that no spreadsheet takes a text for a formula.
_ESCAPED = re.compile(rf"(?:\A'+(?=[{_SIGNS}\t\r])|(?<=[;\t\r\n\"])'+(?=[{_SIGNS}]))")
_PANDAS = {"string": "string", "integer": "Int64", "number": "float64", "boolean": "boolean"}


class UnreadableFile(Exception):
    """The file is no data package or bundle of Second Thought, or was changed."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look: `properties` says of which campaign and plan it is, `tables` holds rows as typed values by column."""

    sentence: str
    properties: dict[str, Any]
    types: dict[str, dict[str, str]]
    tables: dict[str, list[dict[str, Value]]]

    def pandas(self, table: str) -> pd.DataFrame:
        """Return a table as a frame of pandas, with nullable columns."""
        import pandas as pd

        types = self.types[table]
        frame = pd.DataFrame(self.tables[table], columns=list(types))
        return frame.astype({name: _PANDAS[kind] for name, kind in types.items()})

    def polars(self, table: str) -> pl.DataFrame:
        """Return a table as a frame of polars."""
        import polars as pl

        kinds = {"string": pl.String, "integer": pl.Int64, "number": pl.Float64, "boolean": pl.Boolean}
        schema = {name: kinds[kind] for name, kind in self.types[table].items()}
        return pl.DataFrame(self.tables[table], schema=schema)


def read_file(path: str | Path) -> Look:
    """Read `data-package.zip` or `bundle.zip`. Raises UnreadableFile; the bundle's signature is not verified here."""
    return read_bytes(Path(path).read_bytes())


def read_bytes(content: bytes) -> Look:
    """Read the same from memory. Each table is held against the SHA-256 that the package names."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            package = json.loads(archive.read("datapackage.json"))
            files = {each["name"]: (each, archive.read(each["path"])) for each in package["resources"]}
        return Look(
            sentence=package["description"],
            properties=package["look"],
            types={name: _types(resource) for name, (resource, _) in files.items()},
            tables={name: _rows(resource, written) for name, (resource, written) in files.items()},
        )
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise UnreadableFile(f"This is no data package or bundle of Second Thought: {error}") from error


def _types(resource: dict[str, Any]) -> dict[str, str]:
    return {field["name"]: field["type"] for field in resource["schema"]["fields"]}


def _rows(resource: dict[str, Any], written: bytes) -> list[dict[str, Value]]:
    if f"sha256:{hashlib.sha256(written).hexdigest()}" != resource["hash"]:
        raise ValueError(f"{resource['path']} is not the file that datapackage.json describes")
    types = _types(resource)
    reader = csv.DictReader(io.StringIO(written.decode("utf-8-sig"), newline=""))
    return [{name: _value(row[name], kind) for name, kind in types.items()} for row in reader]


def _value(cell: str, kind: str) -> Value:
    if kind == "string":
        return _ESCAPED.sub(lambda match: match[0][1:], cell)
    if cell == "":
        return None
    if kind == "boolean":
        return cell.lower() == "true"
    return int(cell) if kind == "integer" else float(cell)
