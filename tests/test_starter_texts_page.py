"""`docs/starter-texts.md` holds what the texts are, and all of them are alike beside their appeal."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

DOCS = Path(__file__).resolve().parents[1] / "docs"


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_starter_texts", DOCS / "generate_starter_texts.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATOR = _generator()


def test_the_table_is_up_to_date() -> None:
    assert GENERATOR.PAGE.read_text(encoding="utf-8") == GENERATOR.page(), (
        "docs: run python docs/generate_starter_texts.py"
    )


def test_every_text_has_the_same_length_and_says_the_same_beside_its_appeal() -> None:
    lines = [line for line in GENERATOR.page().splitlines() if line.startswith("| `")]
    rows = [re.split(r" *\| *", line.strip("| "))[2:] for line in lines]
    assert len(rows) == 44
    assert {(row[0], *row[4:]) for row in rows} == {("50", "yes", "no", "yes", "yes")}
