"""Write `docs/estimators.md` from the docstrings of `analytics.stats`.

    python docs/generate_estimators.py
    python docs/generate_estimators.py --check

Estimators are discovered: every public function of a module of `analytics.stats` is one. `--check` lists what is
still missing and exits with status 1 if anything is. A docstring's first paragraph is the question, one paragraph each begins
"Formula:", "Source:" and "Not for:", and an example ends it. The other paragraphs are notes.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from pathlib import Path
from types import FunctionType, ModuleType
from typing import NamedTuple

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path.insert(0, str(ROOT))

PAGE = DOCS / "estimators.md"
LABELS = ("Formula", "Source", "Not for")
_PACKAGE = "analytics.stats."
# The page's order, from simple to advanced. Modules that are not named here follow in alphabetical order.
_ORDER = [
    *(
        "proportions",
        "omnibus",
        "ordinal",
        "factorial",
        "strata",
        "clusters",
        "switchback",
        "multiplicity",
        "sequential",
    ),
    *(
        "logit",
        "exact_sequence",
        "early_stopping",
        "bayes",
        "equivalence",
        "power",
        "sample_ratio",
        "robustness",
        "meta",
        "shrinkage",
    ),
    *("texts.matched", "texts.nested", "texts.spread", "texts.looks", "texts.sizing"),
]
_TITLE = """# Every estimator

Each function of `analytics.stats` in five parts: the question it answers, the formula, the source, when not to use it, and an example that
runs as a test; between them how it treats the edges. In formulas 1 is the treated arm, 0 the control arm, x or y counts events of n units,
p = x/n, z is the normal quantile of the level (1.96 at 95%), +- gives the two ends of an interval, phi is the normal density and Phi its
distribution function. Written by `python docs/generate_estimators.py` from the docstrings, so page and code cannot part.
[Statistics](statistics.md) tells how a campaign uses them.

Counts in, an `Estimate` or `NotEstimable(reason)` out: `Counts(n, events)` for a yes/no outcome, `Levels(counts)` for an ordered one. The
library needs scipy alone: copy `analytics/stats/` beside a notebook.
"""


class Parts(NamedTuple):
    """The parts of a docstring; a missing one is empty."""

    question: str
    labelled: dict[str, str]
    notes: str
    example: str

    def missing(self) -> list[str]:
        """Names of the parts that an estimator must have and this docstring lacks."""
        present = {"question": "?" in self.question, **self.labelled, "example": ">>>" in self.example}
        return [name.lower() for name, part in present.items() if not part]


def modules() -> list[ModuleType]:
    """Modules of estimators: all of `analytics.stats` but the types (`values`) and the helpers (`numerics`)."""
    package = importlib.import_module("analytics.stats")
    names = {
        found.name.removeprefix(_PACKAGE)
        for found in pkgutil.walk_packages(package.__path__, _PACKAGE)
        if not found.ispkg and not {"values", "numerics"} & set(found.name.split("."))
    }
    ordered = [name for name in _ORDER if name in names] + sorted(names - set(_ORDER))
    return [importlib.import_module(_PACKAGE + name) for name in ordered]


def estimators() -> dict[str, FunctionType]:
    """Every estimator by its name in the documentation, such as `strata.difference`."""
    return {
        f"{_short(module)}.{function.__name__}": function
        for module in modules()
        for function in public_functions(module)
    }


def missing() -> list[str]:
    """One line for each thing that an estimator or its module still needs."""
    lines = [f"{name}: {part}" for name, function in estimators().items() for part in parts_of(function).missing()]
    for module in modules():
        folder, _, name = _short(module).rpartition(".")
        tests = "/".join(filter(None, ("tests/analytics/stats", folder, f"test_{name}.py")))
        needs: dict[str, object] = {"module docstring": module.__doc__, "a public function": public_functions(module)}
        needs[f"tests in {tests}"] = (ROOT / tests).exists()
        lines += [f"{_short(module)}: {need}" for need, present in needs.items() if not present]
    if PAGE.read_text("utf-8") != page():
        lines.append("docs: run python docs/generate_estimators.py")
    return lines


def page() -> str:
    """Build the whole page."""
    sections = [_TITLE, contents()]
    for module in modules():
        sections.append(f"## `{_short(module)}`\n\n{(module.__doc__ or '').strip()}\n")
        sections += [_section(f"{_short(module)}.{each.__name__}", parts_of(each)) for each in public_functions(module)]
    return "\n".join(sections)


def contents() -> str:
    """List the estimators by module, each with its question."""
    lines = []
    for module in modules():
        lines.append(f"- `{_short(module)}`")
        for function in public_functions(module):
            question, mark, _ = parts_of(function).question.partition("?")
            anchor = f"{_short(module)}.{function.__name__}".replace(".", "")
            lines.append(f"  - [`{function.__name__}`](#{anchor}): {question}{mark}")
    return "\n".join(lines) + "\n"


def parts_of(function: FunctionType) -> Parts:
    """Split a function's docstring into its parts."""
    text: list[str] = []
    examples: list[str] = []
    in_example = False
    for line in (inspect.getdoc(function) or "").splitlines():
        in_example = line.startswith((">>>", "...")) or (in_example and line.strip() != "")
        (examples if in_example else text).append(line)
    question, _, rest = "\n".join(text).strip().partition("\n\n")
    labelled, notes = dict.fromkeys(LABELS, ""), []
    for paragraph in filter(None, (each.strip() for each in rest.split("\n\n"))):
        label, _, words = paragraph.partition(":")
        if label in LABELS:
            # One line, because Markdown reads an operator at the start of a line as a list; a real list stays one.
            labelled[label] = words.strip() if "\n1. " in words else " ".join(words.split())
        else:
            notes.append(paragraph)
    return Parts(" ".join(question.split()), labelled, "\n\n".join(notes), "\n".join(examples))


def public_functions(module: ModuleType) -> list[FunctionType]:
    """The functions that a module offers, in the order of its file; re-exported ones if `__all__` names them."""
    return [
        value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and not name.startswith("_")
        if value.__module__ == module.__name__ or name in getattr(module, "__all__", ())
    ]


def _short(module: ModuleType) -> str:
    return module.__name__.removeprefix(_PACKAGE)


def _section(name: str, parts: Parts) -> str:
    labelled = [f"**{label}{'' if label == 'Not for' else '.'}** {words}" for label, words in parts.labelled.items()]
    head, example = [f"### `{name}`", f"**{parts.question}**"], f"```python\n{parts.example}\n```\n"
    return "\n\n".join(filter(None, [*head, *labelled, parts.notes, example]))


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit("\n".join(missing()) or None)
    PAGE.write_text(page(), encoding="utf-8")
