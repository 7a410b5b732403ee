"""The catalogues of translations under `locale/`: gathered from templates and code, compiled, and looked over.

Babel does what the gettext programs do elsewhere, so that nobody has to install them. It is there for whoever works on
the words: a running site reads the compiled catalogues alone, which lie beside the others.
"""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

from campaign.outcomes import OUTCOMES
from messages.audit_pages.wording import translatable_strings
from messages.i18n import countries
from messages.library import starter_library
from messages.text import lint

ROOT = settings.BASE_DIR
LOCALE_DIRECTORY = ROOT / "locale"
# Staff pages speak the first, the audience's pages both.
STAFF_TRANSLATIONS = tuple(code for code, _ in settings.LANGUAGES if code != "en")
AUDIENCE_TRANSLATIONS = tuple(code for code in settings.AUDIENCE_LANGUAGES if code != "en")
_CODE = ("analytics", "campaign", "messages")
_KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "gettext": None,
    "gettext_lazy": None,
    "_": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "Translatable": None,
}
_NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)
_OF_THE_AUDIENCE = ("templates/campaign/serving/", "campaign/serving/hosted_pages.py")
# As Django's own templates and Python's two ways of formatting name a gap in a sentence.
_GAP = re.compile(r"%\((\w+)\)[#0\- +]?[\d.*]*[sdifg]|%%|\{(\w*)\}")

MessageId = str | tuple[str, str]


@dataclass(frozen=True, slots=True)
class ExtractedString:
    """Words that need a translation, the words that tell two meanings of them apart, and the file they stand in."""

    msgid: MessageId
    context: str | None
    file: str

    @property
    def key(self) -> tuple[str, str | None]:
        """As a catalogue knows them: by the singular."""
        return (self.msgid if isinstance(self.msgid, str) else self.msgid[0]), self.context

    @property
    def is_for_the_audience(self) -> bool:
        return self.file.startswith(_OF_THE_AUDIENCE)


@dataclass(frozen=True, slots=True)
class CatalogProblem:
    """One thing that stands between a catalogue and a page in that language."""

    language: str
    kind: str
    msgid: str

    def __str__(self) -> str:
        return f"{self.language}: {self.kind}: {self.msgid}"


def extract_strings() -> list[ExtractedString]:
    """Everything that is marked for translation, in the order of the files."""
    found = [*_in_templates(), *_in_code(), *_in_tables()]
    return sorted(set(found), key=lambda one: (one.file, str(one.msgid), one.context or ""))


def _in_templates() -> Iterator[ExtractedString]:
    for path in sorted((ROOT / "templates").rglob("*.html")):
        # Django writes a template as Python whose only sense is its calls; indentation has none.
        python = "\n".join(line.lstrip() for line in templatize(path.read_text(encoding="utf-8")).splitlines())
        yield from _calls(python, path)


def _in_code() -> Iterator[ExtractedString]:
    for folder in _CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield from _calls(path.read_text(encoding="utf-8"), path)


def _calls(python: str, path: Path) -> Iterator[ExtractedString]:
    source = io.BytesIO(python.encode())
    for _, words, _, context in extract("python", source, keywords=_KEYWORDS):
        kept = words if isinstance(words, str) else (words[0], words[1])
        if kept:
            yield ExtractedString(kept, context, path.relative_to(ROOT).as_posix())


def _in_tables() -> Iterator[ExtractedString]:
    """Words of pure modules, which know no translation: they are translated where they are shown."""
    for outcome in OUTCOMES.values():
        for words in outcome.translatable_words():
            yield ExtractedString(words, None, "campaign/outcomes.py")
        yield ExtractedString((outcome.phrase, outcome.phrase), None, "campaign/outcomes.py")
    for sentence in translatable_strings():
        yield ExtractedString(sentence, None, "messages/audit_pages/wording.py")
    for phrase in lint.default_word_lists().phrases:
        yield ExtractedString(phrase.why, None, "messages/text/lint.toml")
    for country in countries.english_names().values():
        yield ExtractedString(country, None, "messages/i18n/countries.tsv")
    for words in starter_library.theme_words():
        yield ExtractedString(words, None, "messages/library/themes.json")
    for path in sorted(path for name in ("stats", "comparison") for path in (ROOT / "analytics" / name).glob("*.py")):
        for reason in _reasons(path.read_text(encoding="utf-8")):
            yield ExtractedString(reason, None, path.relative_to(ROOT).as_posix())


def _reasons(python: str) -> Iterator[str]:
    """Why something cannot be estimated."""
    for node in ast.walk(ast.parse(python)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "NotEstimable":
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value


def update() -> None:
    """Write each catalogue anew: what is translated stays, what is new stands there empty, what is gone goes."""
    found = extract_strings()
    for language in _languages():
        fresh = _fresh(language, found)
        (path := _path(language)).parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_as_text(fresh))
        path.with_suffix(".mo").write_bytes(_compiled(fresh))


def _fresh(language: str, found: list[ExtractedString]) -> Catalog:
    before = read_catalog(language)
    fresh = Catalog(language, fuzzy=False)
    for one in found:
        if not is_needed(language, one):
            continue
        kept = before.get(one.key[0], one.key[1])
        same_kind = kept is not None and kept.pluralizable == isinstance(one.msgid, tuple)
        fresh.add(
            one.msgid,
            kept.string if kept is not None and same_kind else None,
            locations=[(one.file, 0)],
            context=one.context,
            flags=kept.flags & {"fuzzy"} if kept is not None else (),
            user_comments=kept.user_comments if kept is not None else (),
        )
    return fresh


def is_needed(language: str, one: ExtractedString) -> bool:
    """Whether this language says these words: Arabic is for the audience alone."""
    return one.is_for_the_audience if language not in STAFF_TRANSLATIONS else True


def _languages() -> list[str]:
    return sorted({*STAFF_TRANSLATIONS, *AUDIENCE_TRANSLATIONS})


def _path(language: str) -> Path:
    path: Path = LOCALE_DIRECTORY / language / "LC_MESSAGES" / "django.po"
    return path


def read_catalog(language: str) -> Catalog:
    """The catalogue as it lies on disk; an empty one for a new language."""
    path = _path(language)
    if not path.exists():
        return Catalog(language)
    with path.open("rb") as stream:
        return read_po(stream, locale=language)


def _as_text(catalog: Catalog) -> bytes:
    text = io.BytesIO()
    write_po(text, catalog, width=118, omit_header=True, sort_by_file=True, include_lineno=False)
    # No dates and no names of tools: the file changes when its words do.
    head = {
        "Content-Type": "text/plain; charset=utf-8",
        "Language": catalog.locale_identifier,
        "Plural-Forms": catalog.plural_forms,
    }
    lines = "".join(f'"{name}: {value}\\n"\n' for name, value in head.items())
    return f'msgid ""\nmsgstr ""\n{lines}\n'.encode() + text.getvalue()


def _compiled(catalog: Catalog) -> bytes:
    machine = io.BytesIO()
    catalog.creation_date = catalog.revision_date = _NO_DATE  # so that the same words are the same file
    write_mo(machine, catalog)
    return machine.getvalue()


def problems() -> list[CatalogProblem]:
    """What is missing, unsure or wrong in any language; empty means that every page speaks all of them."""
    found = extract_strings()
    return [problem for language in _languages() for problem in _problems(language, found)]


def _problems(language: str, found: list[ExtractedString]) -> Iterator[CatalogProblem]:
    catalog = read_catalog(language)
    needed = [one for one in found if is_needed(language, one)]
    for key, one in {one.key: one for one in needed}.items():
        message = catalog.get(*key)
        kind = translation_fault(message, one, catalog.num_plurals)
        if kind:
            yield CatalogProblem(language, kind, key[0])
    if _path(language).exists():
        compiled = _path(language).with_suffix(".mo")
        if not compiled.exists() or compiled.read_bytes() != _compiled(catalog):
            yield CatalogProblem(language, "not compiled", "run `make messages`")


def translation_fault(message: Message | None, one: ExtractedString, forms: int) -> str:
    """What is wrong with one translation, in a word or two; empty if nothing is."""
    if message is None:
        return "not in the catalogue"
    said = [form or "" for form in (message.string if isinstance(message.string, (list, tuple)) else [message.string])]
    if len(said) != (forms if isinstance(one.msgid, tuple) else 1) or not all(said):
        return "not translated"
    if message.fuzzy:
        return "unsure (fuzzy)"
    singular, plural = (one.msgid, one.msgid) if isinstance(one.msgid, str) else one.msgid
    # A form for one or two may say the number as a word; the others hold every gap of the English plural.
    if any(not placeholders(form) <= placeholders(singular) | placeholders(plural) for form in said) or placeholders(
        said[-1]
    ) != placeholders(plural):
        return "other gaps than in English"
    return ""


def placeholders(words: str) -> frozenset[str]:
    """The names of what is filled into a sentence: "%(day)s" and "{label}" hold day and label."""
    return frozenset(found[1] or found[2] or found[0] for found in _GAP.finditer(words) if found[0] != "%%")
