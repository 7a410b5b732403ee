"""Writes `docs/estimators.md` from the docstrings of the statistics, whose examples run as tests.

python docs/estimators.py
"""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

MODULES = [
    *("proportions", "omnibus", "ordinal", "factorial", "strata", "clusters", "multiplicity", "sequential"),
    *("bayes", "equivalence", "power", "sample_ratio", "robustness", "meta"),
]
_TITLE = """# Every estimator

What each function of `analytics.stats` answers, how, by which source, when it gives no answer, and an example that runs as a test. Written
by `python docs/estimators.py` from the docstrings, so page and code cannot part. [Statistics](statistics.md) tells how a campaign uses them.

Counts in, an `Estimate` or `NotEstimable(reason)` out: `Counts(n, events)` for a yes/no outcome, `Levels(counts)` for an ordered one. The
library needs scipy alone: copy `analytics/stats/` beside a notebook.
"""


def page() -> str:
    """The whole page."""
    parts = [_TITLE]
    for name in MODULES:
        module = importlib.import_module(f"analytics.stats.{name}")
        parts.append(f"## `{name}`\n\n{(module.__doc__ or '').strip()}\n")
        parts += [_section(name, function) for function in public_functions(module)]
    return "\n".join(parts)


def public_functions(module: ModuleType) -> list[object]:
    """The functions that a module offers, its re-exported ones included, in the order of its file."""
    here = f"{module.__name__.rpartition('.')[0]}."
    return [
        value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and not name.startswith("_") and value.__module__.startswith(here)
        if value.__module__ == module.__name__ or name in getattr(module, "__all__", ())
    ]


def _section(module: str, function: object) -> str:
    text: list[str] = []
    examples: list[str] = []
    inside = False
    for line in (inspect.getdoc(function) or "").splitlines():
        inside = line.startswith((">>>", "...")) or (inside and line.strip() != "")
        (examples if inside else text).append(line)
    name = getattr(function, "__name__", "")
    words = "\n".join(text).strip()
    question, _, rest = words.partition("\n\n")
    code = "\n".join(examples)
    return f"### `{module}.{name}`\n\n**{' '.join(question.split())}**\n\n{rest.strip()}\n\n```python\n{code}\n```\n"


if __name__ == "__main__":
    (HERE / "estimators.md").write_text(page(), encoding="utf-8")
