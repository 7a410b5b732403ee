"""The page of estimators is what the docstrings say."""

import importlib.util
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"


def test_the_page_of_estimators_is_up_to_date_and_each_has_an_example() -> None:
    spec = importlib.util.spec_from_file_location("estimators", DOCS / "estimators.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = module.page()
    assert page == (DOCS / "estimators.md").read_text(encoding="utf-8"), "run: python docs/estimators.py"
    sections = page.split("\n### ")[1:]
    assert len(sections) >= 35
    assert all(">>>" in section and "**" in section for section in sections)
