"""The finished results in the documentation hold: their bundles check, and page, PDF and text say the same sentence."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pypdfium2
import pytest

from analytics.bundle_check.archive import open_bundle
from analytics.bundle_check.check import check_bundle
from tests.finished_results import FOLDER, TRIALS

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
PAGE = FOLDER.with_suffix(".md")
MOST_BYTES = 300_000  # of all pictures


@pytest.mark.parametrize("name", TRIALS)
def test_the_bundle_holds_and_says_what_the_documentation_quotes(name: str) -> None:
    bundle = open_bundle((FOLDER / name / "bundle.zip").read_bytes())
    assert check_bundle(bundle).holds
    sentence = bundle.json("looks/look-0003.json" if name == "backfire" else "looks/look-0001.json")["sentence"]
    assert f"> {sentence}\n" in PAGE.read_text(encoding="utf-8")
    board = pypdfium2.PdfDocument(FOLDER / name / "board.pdf")
    assert len(board) == 1
    told = " ".join(board[0].get_textpage().get_text_range().split())
    assert sentence in told
    assert re.search(r"in relative terms [+−]\d+% \([+−]\d+% to [+−]\d+%\)", told)


@pytest.mark.skipif(not DATA.is_dir(), reason="the folder with the published trials is not here")
@pytest.mark.parametrize("name", ["karlan_list_2007", "gerber_green_larimer_2008"])
def test_the_counts_are_those_that_were_published(name: str) -> None:
    with (DATA / f"{name}.csv").open(encoding="utf-8") as stream:
        published = [(int(row["n"]), int(row["events"])) for row in csv.DictReader(stream)]
    trial = TRIALS[name.rpartition("_")[0].replace("_", "-")]
    assert list(trial.counts.values()) == published


def test_the_pictures_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*.webp")) < MOST_BYTES
