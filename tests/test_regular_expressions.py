"""Each regular expression does work in proportion to the text: one that does not holds up the whole process.

They are found by themselves: those of modules, and those that are written where they are used.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

import analytics
import campaign
import messages
from messages.text import lint, sensitive_terms
from tests.regex_steps import MOST_STEPS, literal_characters, steps_of_search

APPS = ("messages", "campaign", "analytics")
ROOT = Path(messages.__file__).parents[1]
SHORT, LONG = 24, 96
PIECES = (
    *("a", "A", "1", " ", "\n", "-", "'", '"', "<", "[", "{", "a-", "a ", "a.", "\n ", "1,", "1 ", "; ", "a'", ".)"),
    *("here ", "aeiou", "over ", "e\u0301", "a<", "((", "''", '""'),
)
# Expressions that are put together when they are used: as they are with what the product gives them.
PUT_TOGETHER: dict[str, list[re.Pattern[str] | None]] = {
    "messages/text/lint.py": [
        *(pattern for phrase in lint.default_word_lists().phrases for pattern in (phrase.pattern, phrase.unless)),
        *(pattern for _language, pattern in lint.default_word_lists().hedges),
        *(pattern for _code, _severity, pattern, _describe in lint._PATTERNS),
    ],
    "messages/text/sensitive_terms.py": [sensitive_terms.default_terms()],
    "messages/text/readability.py": [re.compile("[aeiouy]+")],
    "messages/tables/csv_table.py": [],  # one cell that could not be read, from its start: tests/messages/tables
    "campaign/serving/bots.py": [],  # tests/campaign/serving/test_bots.py
}


def modules() -> Iterator[ModuleType]:
    for app in (messages, campaign, analytics):
        for found in pkgutil.walk_packages(app.__path__, f"{app.__name__}."):
            if not {"migrations", "commands", "entrypoints"} & {*found.name.split(".")}:
                yield importlib.import_module(found.name)


def patterns_of_modules() -> Iterator[tuple[str, re.Pattern[str], bool]]:
    """Each expression that is a constant of a module, and whether it is only ever matched from the start of a text."""
    source = "\n".join(path.read_text("utf-8") for app in APPS for path in sources_of(app))
    for module in modules():
        for name, value in vars(module).items():
            for pattern in value.values() if isinstance(value, dict) else [value]:
                if isinstance(pattern, re.Pattern) and isinstance(pattern.pattern, str):
                    uses = set(re.findall(rf"\b{name}(?:\[\w+\])?\.(\w+)\(", source))
                    yield f"{module.__name__}.{name}", pattern, bool(uses) and uses <= {"fullmatch", "match"}


def sources_of(app: str) -> list[Path]:
    return [path for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts]


def calls_of_re(path: Path) -> Iterator[tuple[str, ast.expr]]:
    """The functions of `re` that are called within functions, with the expression that each is given."""
    tree = ast.parse(path.read_text("utf-8"))
    within = [
        node for function in ast.walk(tree) if isinstance(function, ast.FunctionDef) for node in ast.walk(function)
    ]
    for node in within:
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=name), args=[given, *_]) if name != "escape":
                yield name, given


def patterns_where_used() -> Iterator[tuple[str, re.Pattern[str], bool]]:
    for app in APPS:
        for path in sources_of(app):
            for name, given in calls_of_re(path):
                where = str(path.relative_to(ROOT))
                if isinstance(given, ast.Constant) and isinstance(given.value, str):
                    yield f"{where}:{given.lineno}", re.compile(given.value), name in ("fullmatch", "match")
                else:
                    assert where in PUT_TOGETHER, f"{where}:{given.lineno} puts an expression together: name it here"
    for where, patterns in PUT_TOGETHER.items():
        yield from ((where, pattern, False) for pattern in patterns if pattern)


def growth(pattern: re.Pattern[str], pieces: Iterable[str], *, anchored: bool) -> Iterator[tuple[str, int, int]]:
    """For each kind of text, the steps for a short and for a long one that does not end as the expression wishes."""
    for piece in pieces:
        short, long = (
            steps_of_search(pattern, (piece * length)[:length] + "\x01", from_the_start_alone=anchored)
            for length in (SHORT, LONG)
        )
        yield piece, short, long


def costly_pieces(pattern: re.Pattern[str], pieces: Iterable[str] = PIECES, *, anchored: bool = False) -> list[str]:
    """The pieces whose repetition takes more than in proportion."""
    most = 1.5 * LONG / SHORT
    work = growth(pattern, pieces, anchored=anchored)
    return [piece for piece, short, long in work if long > most * short + 100 or long == MOST_STEPS]


@pytest.mark.parametrize(
    "planted",
    [
        r"\b[\w-]+\.(?:com|ai)\b",
        r"\{\{?.*?\}?\}",
        r"\[[^\]]*\]",
        r"<[^>]*(?:here|insert)[^>]*>",
        r"(?:a|aa)+b",
        r"\s+$",
    ],
)
def test_an_expression_with_more_work_than_in_proportion_is_found(planted: str) -> None:
    assert costly_pieces(re.compile(planted))


@pytest.mark.parametrize("number", range(len(lint._PATTERNS)))
def test_the_rules_of_the_lint_do_work_in_proportion_to_the_text(number: int) -> None:
    assert not costly_pieces(lint._PATTERNS[number][2])


@pytest.mark.proof
def test_every_expression_does_work_in_proportion_to_any_text() -> None:
    found = [*patterns_of_modules(), *patterns_where_used()]
    assert len(found) > 100
    assert {
        f"{name} {pattern.pattern[:60]}": pieces
        for name, pattern, anchored in found
        if (
            pieces := costly_pieces(
                pattern, dict.fromkeys([*PIECES, *list(literal_characters(pattern))[:20]]), anchored=anchored
            )
        )
    } == {}
