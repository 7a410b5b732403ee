"""Chapters of the manual in other languages than English, and which of their parts lag behind it.

`docs/<language>/<chapter>.md` has the headings of `docs/<chapter>.md`, in the same order. `docs/<language>/read.toml`
has a digest of each English part that the translator read, so that a later change is said to readers and to whoever
translates.
"""

import hashlib
import tomllib
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

DOCS = settings.BASE_DIR / "docs"
_READ = "read.toml"
_FENCE = "```"


def english(chapter: str) -> str:
    """Return a chapter as Markdown."""
    return (DOCS / f"{chapter}.md").read_text(encoding="utf-8")


def translation(language: str, chapter: str) -> str:
    """Return a chapter in another language; empty if there is none."""
    path = _path(language, chapter)
    return path.read_text(encoding="utf-8") if path.exists() else ""


def translated_chapters(language: str) -> list[str]:
    """Return the chapters that a language has."""
    return sorted(path.stem for path in (DOCS / language).glob("*.md"))


def languages() -> list[str]:
    """Return the languages that have chapters."""
    return sorted(path.parent.name for path in DOCS.glob(f"*/{_READ}"))


def headings(source: str) -> list[tuple[int, str]]:
    """Return the headings of a chapter with their levels.

    >>> headings("# Looking after yourself\\n\\nWords.\\n\\n## For those who lead a team\\n")
    [(1, 'Looking after yourself'), (2, 'For those who lead a team')]
    """
    return [(level, heading) for level, heading, _body in _parts(source)]


def changed_headings(language: str, chapter: str) -> list[str]:
    """Return the headings of the parts that changed in English since they were translated."""
    read = _read_digests(language).get(chapter, {})
    return [heading for heading, digest in _digests(english(chapter)).items() if read.get(heading) != digest]


def record_as_read(language: str, chapter: str) -> None:
    """Note that the translation says what the English chapter says now."""
    digests = {**_read_digests(language), chapter: _digests(english(chapter))}
    lines = ["# Written by `manage.py translations --chapter`: the English parts as their translator read them."]
    for name, parts in sorted(digests.items()):
        lines += [
            "",
            f"[{name}]",
            *(f'"{heading.replace(chr(34), "")}" = "{digest}"' for heading, digest in parts.items()),
        ]
    _path(language, chapter).with_name(_READ).write_text("\n".join(lines) + "\n", encoding="utf-8")


def lagging_chapters() -> Iterator[str]:
    """Say which parts of which translated chapters changed in English since."""
    for language in languages():
        for chapter in translated_chapters(language):
            for heading in changed_headings(language, chapter):
                yield f"docs/{language}/{chapter}.md: “{heading}” has changed in English since it was translated."


def _path(language: str, chapter: str) -> Path:
    return Path(DOCS / language / f"{chapter}.md")


def _read_digests(language: str) -> dict[str, dict[str, str]]:
    path = DOCS / language / _READ
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _digests(source: str) -> dict[str, str]:
    """A digest of each part, in which line breaks of the file do not count."""
    return {
        heading.replace('"', ""): hashlib.sha256(" ".join(body.split()).encode()).hexdigest()[:16]
        for _level, heading, body in _parts(source)
    }


def _parts(source: str) -> list[tuple[int, str, str]]:
    """The parts of a chapter: the level of the heading, the heading, and what follows until the next one."""
    parts: list[tuple[int, str, list[str]]] = []
    is_code = False
    for line in source.splitlines():
        is_code ^= line.lstrip().startswith(_FENCE)
        marks = line[: len(line) - len(line.lstrip("#"))]
        if marks and not is_code and line.startswith(f"{marks} "):
            parts.append((len(marks), line[len(marks) :].strip(), []))
        elif parts:
            parts[-1][2].append(line)
    return [(level, heading, "\n".join(body)) for level, heading, body in parts]
