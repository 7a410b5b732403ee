"""Every estimator has its five parts, a test file and a place in the documentation."""

import importlib.util
from pathlib import Path
from types import FunctionType, ModuleType

import pytest

import analytics.stats

DOCS = Path(__file__).resolve().parents[1] / "docs"


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_estimators", DOCS / "generate_estimators.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATOR = _generator()


def test_nothing_is_missing() -> None:
    assert GENERATOR.missing() == [], "see: python docs/generate_estimators.py --check"


def test_page_has_every_estimator_in_its_contents_and_in_a_section() -> None:
    page = GENERATOR.PAGE.read_text("utf-8")
    names = list(GENERATOR.estimators())
    assert len(names) >= 41
    assert [name for name in names if f"\n### `{name}`\n" not in page] == []
    assert [name for name in names if f"](#{name.replace('.', '')}): " not in page] == []


def test_a_new_module_is_discovered_and_what_it_lacks_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "made_up.py").write_text('def estimate():\n    """What is it?\n\n    Formula: one.\n    """\n', "utf-8")
    monkeypatch.setattr(analytics.stats, "__path__", [*analytics.stats.__path__, str(tmp_path)])
    assert GENERATOR.missing() == [
        *("made_up.estimate: source", "made_up.estimate: not for", "made_up.estimate: example"),
        *("made_up: module docstring", "made_up: tests in tests/analytics/stats/test_made_up.py"),
        "docs: run python docs/generate_estimators.py",
    ]


def test_a_docstring_without_its_parts_is_noticed() -> None:
    def bare() -> None:
        """What is it?

        Formula: one.
        """

    assert isinstance(bare, FunctionType)
    parts = GENERATOR.parts_of(bare)
    assert parts.labelled == {"Formula": "one.", "Source": "", "Not for": ""}
    assert parts.example == ""
