"""An answer comes after the sync: whatever a disk forgets when the plug is pulled, acknowledged events stay."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.demo_installation import copy_demo_installation
from tests.power.ledger import in_spool, simulate_cuts
from tests.power.runs import AWAY, server_killed_under_load, writer_under_load


@pytest.fixture
def own(tmp_path: Path) -> dict[str, str]:
    return copy_demo_installation(tmp_path)


def test_what_the_server_acknowledged_is_there_after_the_plug_was_pulled(own: dict[str, str]) -> None:
    recording, ledger = server_killed_under_load(own, acknowledged=400)
    moments = random.Random(1).choices([entry.position for entry in ledger], k=40)
    verdict = simulate_cuts(recording, ledger, [*moments, recording.position()])
    assert len(ledger) >= 400
    assert (verdict.lost, verdict.broken) == (set(), [])


@pytest.mark.proof
def test_at_any_moment_with_any_torn_writes_the_database_opens_and_holds_what_was_acknowledged(
    own: dict[str, str],
) -> None:
    recording, ledger = writer_under_load(own, each=400)
    chance = random.Random(2)
    positions = [chance.randint(0, recording.position()) for _ in range(200)]
    assert len(ledger) == 1600
    verdict = simulate_cuts(recording, ledger, positions, chance=chance)
    assert (verdict.cuts, verdict.lost, verdict.broken) == (200, set(), [])
    worst = simulate_cuts(recording, ledger, random.Random(3).sample([entry.position for entry in ledger], 50))
    assert (worst.lost, worst.broken) == (set(), [])


@pytest.mark.proof
def test_what_waits_in_the_spool_stays_too(own: dict[str, str]) -> None:
    recording, ledger = writer_under_load({**own, **AWAY}, each=100)
    assert in_spool(Path(own["DATA_DIRECTORY"]))
    chance = random.Random(4)
    worst = simulate_cuts(recording, ledger, chance.sample([entry.position for entry in ledger], 40))
    torn = simulate_cuts(
        recording, ledger, [chance.randint(0, recording.position()) for _ in range(100)], chance=chance
    )
    assert len(ledger) == 400
    assert (worst.lost, worst.broken) == (set(), [])
    assert (torn.lost, torn.broken) == (set(), [])


@pytest.mark.parametrize("planted", ["OFF", pytest.param("NORMAL", marks=pytest.mark.proof)])
def test_a_commit_that_does_not_wait_for_the_disk_is_found_out(own: dict[str, str], planted: str) -> None:
    faulty = {**own, "DJANGO_SETTINGS_MODULE": "tests.power.unsynced", "UNSYNCED": planted}
    recording, ledger = writer_under_load(faulty, threads=2, each=60)
    assert simulate_cuts(recording, ledger, [recording.position()]).lost


@pytest.mark.proof
def test_a_server_that_does_not_wait_for_the_disk_is_found_out(own: dict[str, str]) -> None:
    faulty = {**own, "DJANGO_SETTINGS_MODULE": "tests.power.unsynced", "UNSYNCED": "OFF"}
    recording, ledger = server_killed_under_load(faulty, acknowledged=60)
    assert simulate_cuts(recording, ledger, [recording.position()]).lost
