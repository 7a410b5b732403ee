"""The page of estimators and the table in statistics are what the docstrings say; each docstring has five parts."""

import importlib
import importlib.util
from pathlib import Path
from types import FunctionType, ModuleType

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("estimators", DOCS / "estimators.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATOR = _generator()
FUNCTIONS: dict[str, FunctionType] = {
    f"{name}.{function.__name__}": function
    for name in GENERATOR.MODULES
    for function in GENERATOR.public_functions(importlib.import_module(f"analytics.stats.{name}"))
}


def test_the_page_of_estimators_is_up_to_date() -> None:
    written = (DOCS / "estimators.md").read_text(encoding="utf-8")
    assert GENERATOR.page() == written, "run: python docs/estimators.py"
    assert [name for name in FUNCTIONS if f"\n### `{name}`\n" not in written] == []
    assert len(FUNCTIONS) >= 41


def test_the_table_of_estimators_in_statistics_is_up_to_date() -> None:
    written = (DOCS / "statistics.md").read_text(encoding="utf-8")
    assert written.count(GENERATOR.START) == written.count(GENERATOR.END) == 1
    assert GENERATOR.with_table(written) == written, "run: python docs/estimators.py"
    assert [name for name in FUNCTIONS if f"| [`{name}`](estimators.md#" not in written] == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_estimator_has_question_formula_source_when_not_and_example(name: str) -> None:
    parts = GENERATOR.parts_of(FUNCTIONS[name])
    assert "?" in parts.question, "the first paragraph asks the question"
    assert [label for label, words in parts.labelled.items() if not words] == []
    assert list(parts.labelled) == ["Formula", "Source", "Not for"]
    assert ">>>" in parts.example


def test_a_docstring_without_its_parts_is_noticed() -> None:
    def bare() -> None:
        """What is it?

        Formula: one.
        """

    assert isinstance(bare, FunctionType)
    parts = GENERATOR.parts_of(bare)
    assert parts.labelled == {"Formula": "one.", "Source": "", "Not for": ""}
    assert parts.example == ""
