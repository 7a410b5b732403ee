"""Phrases that docs/voice.md retired do not come back: in catalogues, templates, commands or documentation."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from campaign.staff_site.manual import SERVED

ROOT = Path(__file__).resolve().parent.parent
VOICE = ROOT / "docs/voice.md"
SCREEN, EVERYWHERE, SPANISH = "screen", "everywhere", "Spanish"
Texts = dict[str, list[tuple[str, str]]]  # by the second column of the table: the file, and what it says


def retired_phrases(page: str) -> list[tuple[str, str]]:
    """Return each phrase of the page's last table, and where it may not be used."""
    table = page.partition("## Phrases that may not come back")[2]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line[:1] == "|"]
    return [(phrase, where) for phrase, where, _instead in rows[2:]]


def occurs(phrase: str, text: str) -> bool:
    """Find the phrase as whole words; one that ends in … is the beginning of a word."""
    end = "" if phrase.endswith("…") else r"(?!\w)"
    return bool(re.search(rf"(?<!\w){re.escape(phrase.rstrip('…'))}{end}", text, re.IGNORECASE))


def catalogue(*, translated: bool) -> Iterator[tuple[str, str]]:
    with (ROOT / "locale/es/LC_MESSAGES/django.po").open("rb") as file:
        for message in read_po(file, locale="es"):
            forms = message.string if translated else message.id
            for form in [forms] if isinstance(forms, str) else forms or []:
                yield "locale/es/LC_MESSAGES/django.po", form


def templates() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "templates").rglob("*.html")):
        yield str(path.relative_to(ROOT)), path.read_text("utf-8")


def commands() -> Iterator[tuple[str, str]]:
    for path in sorted(ROOT.glob("*/management/commands/*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield str(path.relative_to(ROOT)), node.value


def starter_library() -> Iterator[tuple[str, str]]:
    """What pages show of it beside the messages, whose visitors have other rules."""
    for name in ("helplinks", "themes"):
        path = ROOT / f"messages/library/{name}.json"
        yield str(path.relative_to(ROOT)), path.read_text("utf-8")


def manual_on_the_site() -> Iterator[tuple[str, str]]:
    for chapter in sorted(SERVED - {"glossary"}):
        yield f"docs/{chapter}.md", (ROOT / f"docs/{chapter}.md").read_text("utf-8")


def manual_in_spanish() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "docs/es").glob("*.md")):
        yield str(path.relative_to(ROOT)), path.read_text("utf-8")


def documentation() -> Iterator[tuple[str, str]]:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/templates/*.md"), *ROOT.glob("deploy/*.md")]
    for path in sorted({*pages} - {VOICE, ROOT / "CHANGELOG.md"}):
        yield str(path.relative_to(ROOT)), path.read_text("utf-8")


def read_texts() -> Texts:
    screen = [*catalogue(translated=False), *templates(), *commands(), *starter_library(), *manual_on_the_site()]
    return {
        SCREEN: screen,
        EVERYWHERE: [*screen, *documentation()],
        SPANISH: [*catalogue(translated=True), *manual_in_spanish()],
    }


def find_retired(phrases: list[tuple[str, str]], texts: Texts) -> list[str]:
    return [f"{name}: “{phrase}”" for phrase, where in phrases for name, text in texts[where] if occurs(phrase, text)]


PHRASES = retired_phrases(VOICE.read_text("utf-8"))


def test_no_retired_phrase_is_back() -> None:
    texts = read_texts()
    assert min(len(texts[where]) for where in texts) > 1000
    assert find_retired(PHRASES, texts) == []


@pytest.mark.parametrize(
    ("where", "planted", "found"),
    [
        (SCREEN, "<h2>Worth a thought</h2>", "worth a thought"),
        (SCREEN, "A new message for the wanewright", None),
        (EVERYWHERE, "It was\nreckoned with 35 in 100.", "reckon…"),
        (EVERYWHERE, "IS IT STILL YOU?", "is it still you"),
        (SPANISH, "Nunca corona a un ganador.", "corona a un ganador"),
    ],
)
def test_a_planted_phrase_is_found(where: str, planted: str, found: str | None) -> None:
    texts: Texts = {SCREEN: [], EVERYWHERE: [], SPANISH: []}
    texts[where] = [("planted", planted)]
    assert find_retired(PHRASES, texts) == ([f"planted: “{found}”"] if found else [])


def test_no_page_names_a_command_that_its_reader_cannot_run() -> None:
    commands_named = re.compile(r"manage\.py|\bmake (?:demo|run)\b")
    assert [name for name, text in [*catalogue(translated=False), *templates()] if commands_named.search(text)] == []
