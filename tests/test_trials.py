"""The pages about published trials match the output of the analyses they describe."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

PAGES = Path(__file__).resolve().parents[1] / "docs" / "trials"
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", PAGES / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not DATA.is_dir(), reason="the folder with the published trials is not here")
@pytest.mark.parametrize("page", ["mailings.md", "stopping.md", "headlines.md"])
def test_each_page_is_what_running_it_gives(page: str) -> None:
    assert generator().PAGES[page](DATA) == (PAGES / page).read_text(encoding="utf-8")


def test_hawthorne_against_civic_duty_is_a_claim_by_voter_and_none_by_household() -> None:
    # Gerber, Green and Larimer 2008: p 0.020 by voter, 0.062 by household.
    assert "| Hawthorne − Civic Duty | +0.78 | 0.020 | 0.062 |" in (PAGES / "mailings.md").read_text(encoding="utf-8")
