"""Writes `docs/estimators.md`, and the table in `docs/statistics.md`, from the docstrings of the statistics.

python docs/estimators.py

A docstring has five parts: its first paragraph is the question, one paragraph each begins "Formula:", "Source:" and
"Not for:", and it ends with an example that runs as a test. What remains are notes.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path
from types import FunctionType, ModuleType
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

MODULES = [
    *("proportions", "omnibus", "ordinal", "factorial", "strata", "clusters", "multiplicity", "sequential"),
    *("bayes", "equivalence", "power", "sample_ratio", "robustness", "meta"),
]
LABELS = ("Formula", "Source", "Not for")
START, END = "<!-- estimators -->\n", "<!-- end of estimators -->\n"
_TITLE = """# Every estimator

Each function of `analytics.stats` in five parts: the question it answers, the formula, the source, when not to use it, and an example that
runs as a test; between them how it treats the edges. In formulas 1 is the treated arm, 0 the control arm, x or y counts events of n units,
p = x/n, z is the normal quantile of the level (1.96 at 95%), +- gives the two ends of an interval, phi is the normal density and Phi its
distribution function. Written by `python docs/estimators.py` from the docstrings, so page and code cannot part.
[Statistics](statistics.md) tells how a campaign uses them.

Counts in, an `Estimate` or `NotEstimable(reason)` out: `Counts(n, events)` for a yes/no outcome, `Levels(counts)` for an ordered one. The
library needs scipy alone: copy `analytics/stats/` beside a notebook.
"""


class Parts(NamedTuple):
    """What a docstring says, part by part; a part that is missing is empty."""

    question: str
    labelled: dict[str, str]
    notes: str
    example: str


def page() -> str:
    """The whole page."""
    parts = [_TITLE]
    for name in MODULES:
        module = importlib.import_module(f"analytics.stats.{name}")
        parts.append(f"## `{name}`\n\n{(module.__doc__ or '').strip()}\n")
        parts += [_section(f"{name}.{function.__name__}", parts_of(function)) for function in public_functions(module)]
    return "\n".join(parts)


def table() -> str:
    """Every estimator with its question and when not to use it, one a row."""
    rows = ["| estimator | question | not for |", "|---|---|---|"]
    for module in MODULES:
        for function in public_functions(importlib.import_module(f"analytics.stats.{module}")):
            name = f"{module}.{function.__name__}"
            parts = parts_of(function)
            question, mark, _ = parts.question.partition("?")
            link = f"[`{name}`](estimators.md#{name.replace('.', '')})"
            rows.append(f"| {link} | {question}{mark} | {parts.labelled['Not for']} |")
    return "\n".join(rows) + "\n"


def with_table(text: str) -> str:
    """The text with the current table between its markers."""
    before, _, rest = text.partition(START)
    return f"{before}{START}\n{table()}\n{END}{rest.partition(END)[2]}"


def parts_of(function: FunctionType) -> Parts:
    """The parts of a function's docstring."""
    text: list[str] = []
    examples: list[str] = []
    inside = False
    for line in (inspect.getdoc(function) or "").splitlines():
        inside = line.startswith((">>>", "...")) or (inside and line.strip() != "")
        (examples if inside else text).append(line)
    question, _, rest = "\n".join(text).strip().partition("\n\n")
    labelled, notes = dict.fromkeys(LABELS, ""), []
    for paragraph in filter(None, (each.strip() for each in rest.split("\n\n"))):
        label, _, words = paragraph.partition(":")
        if label in LABELS:
            # One line, so that no sign of a formula begins a line and turns into a list; a list stays one.
            labelled[label] = words.strip() if "\n1. " in words else " ".join(words.split())
        else:
            notes.append(paragraph)
    return Parts(" ".join(question.split()), labelled, "\n\n".join(notes), "\n".join(examples))


def public_functions(module: ModuleType) -> list[FunctionType]:
    """The functions that a module offers, its re-exported ones included, in the order of its file."""
    here = f"{module.__name__.rpartition('.')[0]}."
    return [
        value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and not name.startswith("_") and value.__module__.startswith(here)
        if value.__module__ == module.__name__ or name in getattr(module, "__all__", ())
    ]


def _section(name: str, parts: Parts) -> str:
    labelled = [
        f"**{label}** {words}" if label == "Not for" else f"**{label}.** {words}"
        for label, words in parts.labelled.items()
    ]
    head, example = [f"### `{name}`", f"**{parts.question}**"], f"```python\n{parts.example}\n```\n"
    return "\n\n".join(filter(None, [*head, *labelled, parts.notes, example]))


if __name__ == "__main__":
    (HERE / "estimators.md").write_text(page(), encoding="utf-8")
    statistics = HERE / "statistics.md"
    statistics.write_text(with_table(statistics.read_text(encoding="utf-8")), encoding="utf-8")
