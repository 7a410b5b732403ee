"""What is in each file that no text golden can be: cells of the workbook, columns of Parquet, charts, PDF text, bundle.

`REWRITE=1 .venv/bin/python -m pytest tests/analytics/export` writes the lists anew.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import openpyxl
import pypdfium2
import pytest
from django.conf import settings
from django.utils import translation
from PIL import Image
from pyarrow import parquet as arrow

from analytics.export.files import FILES
from analytics.models import Analysis
from tests.analytics.export.golden_files import assert_golden
from tests.analytics.export.test_tables import with_look

pytestmark = pytest.mark.django_db
MAKERS = {file.name: file.make for file in FILES}
_FINGERPRINT = re.compile(r"(?<!\.)\b(?:[0-9a-f]{16}|[0-9a-f]{64})\b")


def _workbook(content: bytes) -> Iterator[str]:
    for sheet in openpyxl.load_workbook(io.BytesIO(content)):
        yield f"# {sheet.title}"
        for row in sheet.iter_rows(values_only=True):
            yield "\t".join("" if cell is None else f"{cell}" for cell in row)


def _parquet(content: bytes) -> Iterator[str]:
    for name, inner in _members(content):
        yield f"# {name}"
        if name.endswith(".parquet"):
            table = arrow.read_table(io.BytesIO(inner))
            yield f"{table.num_rows} rows"
            yield from (f"{field.name}: {field.type}" for field in table.schema)


def _charts(content: bytes) -> Iterator[str]:
    for name, inner in _members(content):
        if name.endswith(".png"):
            picture = Image.open(io.BytesIO(inner)).convert("RGB")
            shades = len(set(picture.resize((64, 64)).tobytes()))
            yield f"{name}: {picture.width} x {picture.height}, {'drawn' if shades > 20 else 'blank'}"
        else:
            yield f"{name}: {', '.join(sorted(set(re.findall(r'<([a-z]+)', inner.decode()))))}"


def _bundle(content: bytes) -> Iterator[str]:
    for name, inner in _members(content):
        yield f"{name}: {', '.join(sorted(_keys(inner)))}" if name.endswith(".json") else name


def _keys(inner: bytes) -> list[str]:
    value: Any = json.loads(inner)
    return list(value) if isinstance(value, dict) else list(value[0])


def _members(content: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return [(name, package.read(name)) for name in package.namelist()]


def _text(content: bytes) -> Iterator[str]:
    for sheet in pypdfium2.PdfDocument(content):
        yield " ".join(sheet.get_textpage().get_text_range().split())


CONTENTS: dict[str, Callable[[bytes], Iterator[str]]] = {
    "results.xlsx": _workbook,
    "parquet.zip": _parquet,
    "charts.zip": _charts,
    "bundle.zip": _bundle,
    "board.pdf": _text,
    "report.pdf": _text,
}


def test_every_file_has_a_golden_one() -> None:
    """The tables, the README of the bundle, two charts and the descriptor are kept as they are, in other tests."""
    kept = {"estimates.csv", "counts.csv", "counts-by-placement.csv", "data-package.zip"}
    assert set(MAKERS) == kept | set(CONTENTS)


def test_the_content_of_each_file_is_as_it_was() -> None:
    with_look()
    analysis = Analysis.objects.get()
    for file in FILES:
        if file.name not in CONTENTS:
            continue
        for language in [code for code, _ in settings.LANGUAGES] if file.name.endswith(".pdf") else ["en"]:
            with translation.override(language):
                lines = "\n".join(CONTENTS[file.name](file.make(analysis)))
            told = _FINGERPRINT.sub("FINGERPRINT", lines)
            assert_golden(f"{file.name}.{language}.txt", f"{told}\n".encode())
