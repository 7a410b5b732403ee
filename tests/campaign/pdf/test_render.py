"""A PDF can be read back and aloud, is set by a process that knows no secret, and is refused rather than empty."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pypdf
import pypdfium2
import pytest

from campaign.pdf import render
from campaign.pdf.typeset import TEMPLATES, typeset

ARABIC = "يمكنك التوقف هنا"
EMPTY: dict[str, Any] = {
    "title": "A plan", "foot": "pilot", "dated": "2026-03-02T12:20:00+00:00", "language": "en", "right_to_left": False,
    "eyebrow": "", "status": [], "sections": [],
}  # fmt: skip


def document(**values: object) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(typeset("plan", json.dumps({**EMPTY, **values}))))


def text_of(read: pypdf.PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in read.pages).split())


def catalogue(read: pypdf.PdfReader) -> Any:
    return read.trailer["/Root"]


def tags(read: pypdf.PdfReader) -> list[str]:
    """The tags of a document in its reading order."""
    found: list[str] = []

    def walk(node: Any) -> None:
        node = node.get_object()
        if isinstance(node, list):
            for child in node:
                walk(child)
        elif isinstance(node, dict):
            if "/S" in node:
                found.append(str(node["/S"]))
            if "/K" in node:
                walk(node["/K"])

    walk(catalogue(read)["/StructTreeRoot"]["/K"])
    return found


@pytest.mark.parametrize("language", ["en", "es", "ar"])
def test_a_document_names_its_language_and_title_and_is_tagged(language: str) -> None:
    read = document(language=language, right_to_left=language == "ar")
    assert catalogue(read)["/Lang"] == language
    assert catalogue(read)["/MarkInfo"]["/Marked"]
    assert catalogue(read)["/ViewerPreferences"]["/DisplayDocTitle"]
    assert read.metadata is not None
    assert read.metadata.title == "A plan"
    assert keeps_to_the_standard(read)


def test_headings_stand_in_reading_order_above_their_paragraphs() -> None:
    row = {"title": "Sample size", "plain": ["800 people."], "formal": [], "words": []}
    read = document(sections=[{"title": "Sampling", "rows": [row]}])
    order = [tag for tag in tags(read) if tag in {"/H1", "/H2", "/H3", "/P"}]
    assert order[-4:] == ["/H1", "/H2", "/H3", "/P"]


def test_arabic_letters_are_joined() -> None:
    """A letter of Arabic has another form at the start, in the middle and at the end of a word."""
    assert len(set(widths("ببب"))) == 3
    assert len(set(widths("xxx"))) == 1


def widths(word: str) -> list[float]:
    page = pypdfium2.PdfDocument(typeset("plan", json.dumps({**EMPTY, "eyebrow": word})))[0].get_textpage()
    boxes = [page.get_charbox(number) for number in range(len(word))]
    return [round(right - left, 2) for left, _bottom, right, _top in boxes]


def test_arabic_can_be_searched_and_copied() -> None:
    made = typeset("plan", json.dumps({**EMPTY, "eyebrow": ARABIC, "language": "ar", "right_to_left": True}))
    assert ARABIC in pypdfium2.PdfDocument(made)[0].get_textpage().get_text_range()


def test_no_letter_of_the_languages_and_formulas_is_missing() -> None:
    assert keeps_to_the_standard(document(eyebrow="“¿Qué?” ñ á … – ’ « » يمكنك، التوقف؟ ٠١٢ H₀ ≠ ½ δ χ² p̂₁ −"))


def test_a_letter_that_no_font_has_costs_the_promise_and_not_the_document() -> None:
    read = document(eyebrow="停")
    assert catalogue(read)["/MarkInfo"]["/Marked"]
    assert not keeps_to_the_standard(read)


def keeps_to_the_standard(read: pypdf.PdfReader) -> bool:
    return b"pdfuaid:part>1<" in bytes(catalogue(read)["/Metadata"].get_data()).replace(b" ", b"")


def test_what_somebody_typed_is_never_read_as_markup() -> None:
    typed = '#read("/document.typ") *bold* $x$ @label <b> \\ // [#panic()] = heading'
    assert typed in text_of(document(eyebrow=typed))


@pytest.mark.process
def test_equal_values_give_equal_bytes_in_any_process() -> None:
    assert render.render_pdf("plan", EMPTY) == typeset("plan", json.dumps(EMPTY))


def test_a_picture_without_words_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import typst

    for template in TEMPLATES.iterdir():
        (tmp_path / template.name).write_bytes(template.read_bytes())
    drawing = '<svg xmlns=\\"http://www.w3.org/2000/svg\\" width=\\"9\\" height=\\"9\\"></svg>'
    (tmp_path / "picture.typ").write_text(
        f'#import "document.typ": paper\n#show: paper\n#image(bytes("{drawing}"), format: "svg")', encoding="utf-8"
    )
    monkeypatch.setattr("campaign.pdf.typeset.TEMPLATES", tmp_path)
    with pytest.raises(typst.TypstError, match="alt"):
        typeset("picture", json.dumps(EMPTY))


def test_the_process_is_not_told_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}

    def watched(*args: object, **options: object) -> subprocess.CompletedProcess[bytes]:
        seen.update(options)
        return subprocess.CompletedProcess([], 0, b"%PDF-", b"")

    monkeypatch.setattr(subprocess, "run", watched)
    monkeypatch.setenv("SECRET_KEY", "a secret")
    render.render_pdf("plan", EMPTY)
    assert "SECRET_KEY" not in str(seen["env"])


@pytest.mark.process
def test_a_document_that_cannot_be_set_is_refused_rather_than_empty() -> None:
    with pytest.raises(render.PdfNotRendered):
        render.render_pdf("not-there", EMPTY)


_PROGRAM = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "campaign.settings"
import django
django.setup()
from django.urls import get_resolver
get_resolver().url_patterns
import campaign.pdf.render, analytics.export.files
print("typst" in sys.modules)
"""


@pytest.mark.process
def test_no_web_process_loads_what_sets_documents() -> None:
    told = subprocess.run([sys.executable, "-c", _PROGRAM], check=True, capture_output=True, text=True).stdout
    assert told == "False\n"
