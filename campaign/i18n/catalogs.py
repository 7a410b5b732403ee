"""Extract translatable strings, and update, compile and check the catalogues under `locale/`. Needs Babel."""

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

from campaign.outcomes import OUTCOMES, WITHDRAWAL
from messages import glossary
from messages.audit_pages.wording import translatable_strings
from messages.i18n import countries
from messages.library import starter_library
from messages.text import lint

ROOT = settings.BASE_DIR
LOCALE_DIRECTORY = ROOT / "locale"
# Staff pages are in English and the first, audience pages in English and the second.
STAFF_TRANSLATIONS = tuple(code for code, _ in settings.LANGUAGES if code != "en")
AUDIENCE_TRANSLATIONS = tuple(code for code in settings.AUDIENCE_LANGUAGES if code != "en")
_CODE = ("analytics", "campaign", "messages")
_KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "_": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "Translatable": None,
    "recorded": None,  # messages.i18n.recorded_sentences
    "UnreadableFile": None,  # formats a Translatable
}
MISSING_KINDS = ("not in the catalogue", "not translated", "unsure (fuzzy)")  # shown in English
_NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)
_AUDIENCE_FILES = (
    *("templates/campaign/serving/", "campaign/serving/hosted_pages.py", "campaign/serving/help_page_services.py"),
)
_OFFERED_WORDS = frozenset(words for outcome in (*OUTCOMES.values(), WITHDRAWAL) for words in outcome.audience_words())
# A placeholder as Django's templates and Python's two ways of formatting write it.
_PLACEHOLDER = re.compile(r"%\((\w+)\)[#0\- +]?[\d.*]*[sdifg]|%%|\{(\w*)\}")

MessageId = str | tuple[str, str]


@dataclass(frozen=True, slots=True)
class ExtractedString:
    """A string to translate, its gettext context, and the file that contains it."""

    msgid: MessageId
    context: str | None
    file: str

    @property
    def key(self) -> tuple[str, str | None]:
        """The key of a catalogue: the singular and the context."""
        return (self.msgid if isinstance(self.msgid, str) else self.msgid[0]), self.context

    @property
    def is_for_the_audience(self) -> bool:
        is_offered = self.file == "campaign/outcomes.py" and self.msgid in _OFFERED_WORDS
        return is_offered or self.file.startswith(_AUDIENCE_FILES)


@dataclass(frozen=True, slots=True)
class CatalogProblem:
    """A string of a language that is not translated, or not correctly."""

    language: str
    kind: str
    msgid: str

    def __str__(self) -> str:
        return f"{self.language}: {self.kind}: {self.msgid}"


def extract_strings() -> list[ExtractedString]:
    """Return everything that is marked for translation, in the order of the files."""
    strings = {*_from_templates(), *_from_code(), *_from_tables()}
    return sorted(strings, key=lambda one: (one.file, str(one.msgid), one.context or ""))


def _from_templates() -> Iterator[ExtractedString]:
    for path in sorted((ROOT / "templates").rglob("*.html")):
        # templatize() returns gettext calls amid text that is not valid Python: its indentation is meaningless.
        python = "\n".join(line.lstrip() for line in templatize(path.read_text(encoding="utf-8")).splitlines())
        yield from _from_calls(python, path)


def _from_code() -> Iterator[ExtractedString]:
    for folder in _CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield from _from_calls(path.read_text(encoding="utf-8"), path)


def _from_calls(python: str, path: Path) -> Iterator[ExtractedString]:
    source = io.BytesIO(python.encode())
    for _, words, _, context in extract("python", source, keywords=_KEYWORDS):
        msgid = words if isinstance(words, str) else (words[0], words[1])
        if msgid:
            yield ExtractedString(msgid, context, path.relative_to(ROOT).as_posix())


def _from_tables() -> Iterator[ExtractedString]:
    """Yield the strings of pure modules and data files, which are translated where they are shown."""
    for outcome in OUTCOMES.values():
        for words in outcome.translatable_words():
            yield ExtractedString(words, None, "campaign/outcomes.py")
        yield ExtractedString((outcome.phrase, outcome.phrase), None, "campaign/outcomes.py")
    for words in WITHDRAWAL.audience_words():
        yield ExtractedString(words, None, "campaign/outcomes.py")
    for sentence in translatable_strings():
        yield ExtractedString(sentence, None, "messages/audit_pages/wording.py")
    for sentence in glossary.translatable_strings():
        yield ExtractedString(sentence, glossary.CONTEXT, "docs/glossary.md")
    for phrase in lint.default_word_lists().phrases:
        yield ExtractedString(phrase.why, None, "messages/text/lint.toml")
    for country in countries.english_names().values():
        yield ExtractedString(country, None, "messages/i18n/countries.tsv")
    for words in starter_library.theme_words():
        yield ExtractedString(words, None, "messages/library/themes.json")
    for path in sorted(path for name in ("stats", "comparison") for path in (ROOT / "analytics" / name).rglob("*.py")):
        for reason in _not_estimable_reasons(path.read_text(encoding="utf-8")):
            yield ExtractedString(reason, None, path.relative_to(ROOT).as_posix())


def _not_estimable_reasons(python: str) -> Iterator[str]:
    """Yield the arguments of `NotEstimable(...)`."""
    for node in ast.walk(ast.parse(python)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "NotEstimable":
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value


def update() -> None:
    """Rewrite and compile each catalogue: translations stay, new strings are added empty, unused ones are removed."""
    strings = extract_strings()
    for language in translated_languages():
        previous = read_catalog(language)
        kept = [one for one in strings if is_needed(language, one) or _is_translated(previous.get(*one.key), one)]
        catalog = _merge_strings(previous, kept)
        (path := _path(language)).parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_as_text(catalog))
        path.with_suffix(".mo").write_bytes(compile_catalog(read_catalog(language)))


def _merge_strings(previous: Catalog, strings: list[ExtractedString]) -> Catalog:
    catalog = Catalog(previous.locale, fuzzy=False)
    for one in strings:
        message = previous.get(*one.key)
        is_same_kind = message is not None and message.pluralizable == isinstance(one.msgid, tuple)
        catalog.add(
            one.msgid,
            message.string if message is not None and is_same_kind else None,
            locations=[(one.file, 0)],
            context=one.context,
            flags=message.flags & {"fuzzy"} if message is not None else (),
            user_comments=message.user_comments if message is not None else (),
        )
    return catalog


def is_needed(language: str, one: ExtractedString) -> bool:
    """Whether a string is shown in this language: some languages are for audience pages only."""
    return one.is_for_the_audience if language not in STAFF_TRANSLATIONS else True


def _is_translated(message: Message | None, one: ExtractedString) -> bool:
    """Whether somebody translated it: results for people without an account are offered where all of theirs are."""
    return message is not None and message.pluralizable == isinstance(one.msgid, tuple) and bool(message.string)


def translated_languages() -> list[str]:
    return sorted({*STAFF_TRANSLATIONS, *AUDIENCE_TRANSLATIONS})


def _path(language: str) -> Path:
    path: Path = LOCALE_DIRECTORY / language / "LC_MESSAGES" / "django.po"
    return path


def read_catalog(language: str) -> Catalog:
    """Return the catalogue on disk; an empty one for a new language."""
    path = _path(language)
    if not path.exists():
        return Catalog(language)
    with path.open("rb") as stream:
        return read_po(stream, locale=language)


def _as_text(catalog: Catalog) -> bytes:
    text = io.BytesIO()
    write_po(text, catalog, width=118, omit_header=True, sort_by_file=True, include_lineno=False)
    # A header without dates and tool versions: the file changes only if its strings do.
    header = {
        "Content-Type": "text/plain; charset=utf-8",
        "Language": catalog.locale_identifier,
        "Plural-Forms": catalog.plural_forms,
    }
    lines = "".join(f'"{name}: {value}\\n"\n' for name, value in header.items())
    return f'msgid ""\nmsgstr ""\n{lines}\n'.encode() + text.getvalue()


def compile_catalog(catalog: Catalog) -> bytes:
    """Return the .mo file. Strings without a translation are left out: gettext then returns the English."""
    compiled = io.BytesIO()
    catalog.creation_date = catalog.revision_date = _NO_DATE  # reproducible output
    write_mo(compiled, catalog)
    return compiled.getvalue()


def problems() -> list[CatalogProblem]:
    """Return what is wrong in any language, and what is missing in languages that are not declared partial."""
    strings = extract_strings()
    return [
        problem
        for language in translated_languages()
        for problem in _problems(language, strings)
        if not (language in settings.PARTIAL_LANGUAGES and problem.kind in MISSING_KINDS)
    ]


def missing_shares() -> dict[str, float]:
    """Return, for each partial language, the share of its strings that are shown in English."""
    strings = extract_strings()
    shares = {}
    for language in (code for code in translated_languages() if code in settings.PARTIAL_LANGUAGES):
        missing = sum(problem.kind in MISSING_KINDS for problem in _problems(language, strings))
        shares[language] = missing / len({one.key for one in strings if is_needed(language, one)})
    return shares


def _problems(language: str, strings: list[ExtractedString]) -> Iterator[CatalogProblem]:
    catalog = read_catalog(language)
    for key, one in {one.key: one for one in strings}.items():
        kind = translation_fault(catalog.get(*key), one, catalog.num_plurals)
        if kind and (is_needed(language, one) or kind not in MISSING_KINDS):
            yield CatalogProblem(language, kind, key[0])
    if _path(language).exists():
        compiled = _path(language).with_suffix(".mo")
        if not compiled.exists() or compiled.read_bytes() != compile_catalog(catalog):
            yield CatalogProblem(language, "not compiled", "run `make messages`")


def translation_fault(message: Message | None, one: ExtractedString, forms: int) -> str:
    """Return what is wrong with a translation, in a word or two; empty if nothing is."""
    if message is None:
        return "not in the catalogue"
    forms_given = [
        form or "" for form in (message.string if isinstance(message.string, (list, tuple)) else [message.string])
    ]
    if len(forms_given) != (forms if isinstance(one.msgid, tuple) else 1) or not all(forms_given):
        return "not translated"
    if message.fuzzy:
        return "unsure (fuzzy)"
    singular, plural = (one.msgid, one.msgid) if isinstance(one.msgid, str) else one.msgid
    # Forms for one or two may spell the number; the last needs every placeholder of the English plural.
    if any(
        not placeholders(form) <= placeholders(singular) | placeholders(plural) for form in forms_given
    ) or placeholders(forms_given[-1]) != placeholders(plural):
        return "other gaps than in English"
    return ""


def placeholders(words: str) -> frozenset[str]:
    """Return the names of the placeholders in a string: "%(day)s" and "{label}" have day and label."""
    return frozenset(match[1] or match[2] or match[0] for match in _PLACEHOLDER.finditer(words) if match[0] != "%%")
