"""Once a campaign is closed, who holds every file, a copy of yesterday and the list finds none of its subjects."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from campaign.assignment import subject_ids
from tests.installation import ROOT, new_installation
from tests.seized_files import files_containing, linkable_subjects, stored_numbers
from tests.world import HOUR

pytestmark = pytest.mark.only_on("sqlite", reason="looks into the files of both databases")

SUBJECTS = [f"reader-{number:05}" for number in range(150)]
DAY = HOUR // subject_ids.DAY_HOURS

# Two campaigns with the same subjects; a copy of both databases while views are open; a day later both are closed.
STORY = """
import shutil, sys
from pathlib import Path
from django.conf import settings
from analytics.fold.fold import fold
from campaign.lifecycle import transitions
from tests import world
from tests.campaign.assignment.test_subject_secrets import SUBJECTS

data, yesterday, escrow = settings.DATA_DIRECTORY, Path(sys.argv[1]), Path(sys.argv[2])
campaigns = [world.launched(name, at=world.placement(name), unit="subject") for name in ("one", "two")]
site = world.AudienceSite()
for name in ("one", "two"):
    told = [{"receipt": site.new_receipt(name, unit=key), "outcome": "left"} for key in SUBJECTS]
    assert site.post("/api/v1/events", told).json == {"accepted": len(SUBJECTS)}
yesterday.mkdir()
for path in data.glob("*.sqlite3*"):
    shutil.copy(path, yesterday)
shutil.copytree(settings.KEY_DIRECTORY, escrow)
site.now += 26 * 3600
assert fold(hour=site.hour).views == 2 * len(SUBJECTS)
for campaign in campaigns:
    transitions.close(campaign, by=world.person("mara"), now=world.NOON)
"""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with `now`, all that is left after the close; `yesterday`; and `escrow`, what should be no more."""
    place = tmp_path_factory.mktemp("shredding")
    with new_installation(place / "now") as environment:
        start = "import django; django.setup()\n"
        command = [sys.executable, "-c", start + STORY, str(place / "yesterday"), str(place / "escrow")]
        subprocess.run(command, check=True, cwd=ROOT, env={**environment, "PYTHONPATH": str(ROOT)})
    return place


@pytest.fixture
def place(story: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(story, tmp_path / "copy"))


def attack(place: Path) -> set[str]:
    return linkable_subjects(SUBJECTS, held=[place / "now", place / "yesterday"], days=[DAY], witness=SUBJECTS[0])


def secrets(place: Path) -> list[Path]:
    found = sorted((place / "escrow").glob("campaign-*.key"))
    assert len(found) == 2
    return found


@pytest.mark.process
def test_nobody_is_linked_after_the_close(place: Path) -> None:
    assert len(stored_numbers(place / "yesterday")) >= 2 * len(SUBJECTS)  # there is something to be linked to
    assert attack(place) == set()


@pytest.mark.process
def test_no_byte_of_the_secrets_is_left(place: Path) -> None:
    for path in secrets(place):
        assert files_containing(path.read_bytes(), place / "now") == []
        assert files_containing(path.read_bytes(), place / "yesterday") == []


def in_the_directory(place: Path) -> None:
    shutil.copy(secrets(place)[0], place / "now" / "keys")


def in_the_database(place: Path) -> None:
    write(place / "now" / "default.sqlite3", secrets(place)[0].read_bytes())


def in_yesterdays_copy_as_text(place: Path) -> None:
    write(place / "yesterday" / "default.sqlite3", secrets(place)[1].read_bytes().hex())


def write(database: Path, secret: bytes | str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE leak (secret)")
        connection.execute("INSERT INTO leak VALUES (?)", [secret])


_MORE_PLACES = [pytest.param(plant, marks=pytest.mark.proof) for plant in (in_the_directory, in_the_database)]


@pytest.mark.process
@pytest.mark.parametrize("plant", [in_yesterdays_copy_as_text, *_MORE_PLACES])
def test_a_secret_that_is_left_anywhere_links_them_all(place: Path, plant: Callable[[Path], None]) -> None:
    plant(place)
    assert attack(place) == set(SUBJECTS)


@pytest.mark.process
@pytest.mark.proof
def test_a_key_that_is_written_anywhere_is_found(place: Path) -> None:
    (place / "now" / "server.log").write_text(f"GET /?unit={SUBJECTS[7]}")
    assert attack(place) == {SUBJECTS[7]}


@pytest.mark.process
@pytest.mark.proof
def test_a_number_that_needs_no_secret_is_found(place: Path) -> None:
    write(place / "yesterday" / "audience.sqlite3", hashlib.sha256(SUBJECTS[3].encode()).digest()[:16])
    assert attack(place) == {SUBJECTS[3]}
