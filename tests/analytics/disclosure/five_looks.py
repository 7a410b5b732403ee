"""Attack campaigns by everything that staff were shown over five looks.

    python -m tests.analytics.disclosure.five_looks --campaigns 200

Looks are recorded as the worker records them and read as staff read them; the attack is one integer program over all
five. Exits with status 1 if a single small count is inferred exactly.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tests.analytics.disclosure.attacker import Cell, Recovered, attacked, from_api

LOOKS = 5
ARMS = {"neutral": 1, "victim": 1}
_RATES = {"turned_back": (0.03, 0.2, 0.45, 0.96), "annoyed": (0.004, 0.03, 0.1)}
_PLAN = {"monitoring": "always-valid", "planned_per_arm": 100, "looks": [0.1, 1.0]}


@dataclass(frozen=True, slots=True)
class Kept:
    """What an attacker knows of one campaign, and the truth."""

    published: Mapping[Cell, int | None]
    truth: Mapping[Cell, int]

    @property
    def told(self) -> set[int]:
        """The looks that released something new."""
        return {cell.look for cell in self.published}

    def attacked(self) -> Recovered:
        """Attack by an integer program."""
        truth = {cell: count for cell, count in self.truth.items() if cell.look in self.told}
        return attacked(self.published, truth, whole=True)


def looked_at(chance: random.Random) -> Kept:
    """A campaign at one to three placements, busy or quiet, with many or few people between looks."""
    from django.test import Client

    from analytics.looks.evaluate import evaluate
    from tests import world

    places = ["quiet-page", "side-page", "far-page"][: chance.randint(1, 3)]
    campaign = world.launched(arms=ARMS, plan=_PLAN, places=places)
    busy = {place: chance.choice([6, 40, 150, 600]) for place in places}
    rates = {outcome: chance.choice(rates) for outcome, rates in _RATES.items()}
    staff = Client()
    world.sign_in(staff, world.person("ana", "analyst"))
    looks: list[Mapping[str, Any]] = []
    tables: list[Sequence[Mapping[str, Any]]] = []
    sums: dict[tuple[str, str, str], int] = {}
    truth: dict[Cell, int] = {}
    for number in range(1, LOOKS + 1):
        pace = chance.choice([0.03, 0.5, 1.0]) if number > 1 else 1.0
        for arm in ARMS:
            for place in places:
                seen = round(busy[place] * pace * chance.uniform(0.6, 1.4))
                _add(sums, (arm, place, "exposed"), seen)
                for outcome, rate in rates.items():
                    _add(sums, (arm, place, outcome), sum(chance.random() < rate for _ in range(seen)))
        _store(campaign, sums)
        evaluate(campaign, now=world.NOON)
        looks.append(staff.get(f"/api/v1/campaigns/pilot/analyses/{number}/").json())
        tables.append(staff.get("/api/v1/campaigns/pilot/tallies/", {"page_size": 200}).json()["results"])
        truth |= _inner(number, sums)
    return Kept(from_api(looks, tables), truth)


def _add(sums: dict[tuple[str, str, str], int], key: tuple[str, str, str], more: int) -> None:
    sums[key] = sums.get(key, 0) + more


def _store(campaign: Any, sums: Mapping[tuple[str, str, str], int]) -> None:
    from analytics.models import Tally
    from tests import world

    for (arm, place, outcome), count in sums.items():
        Tally.objects.update_or_create(
            day=date(2026, 3, 1),
            arm=campaign.arms.get(key=arm),
            placement=world.placement(place),
            locale="en",
            outcome=outcome,
            defaults={"count": count},
        )


def _inner(look: int, sums: Mapping[tuple[str, str, str], int]) -> dict[Cell, int]:
    cells = {}
    for (arm, place, outcome), had in sums.items():
        if outcome != "exposed":
            cells[Cell(look, arm, outcome, "0", f"{place} en")] = had
            cells[Cell(look, arm, outcome, "no", f"{place} en")] = sums[arm, place, "exposed"] - had
    return cells


def main(arguments: Sequence[str]) -> int:
    """Attack the given number of campaigns and print what was inferred."""
    parser = argparse.ArgumentParser(prog="python -m tests.analytics.disclosure.five_looks", description=__doc__)
    parser.add_argument("--campaigns", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    os.environ["DJANGO_SETTINGS_MODULE"] = "campaign.settings"
    import django
    from django.db import transaction
    from django.test.utils import setup_databases, setup_test_environment

    import tests.environment  # a place of its own, before the settings are read  # noqa: F401

    django.setup()
    setup_test_environment()
    setup_databases(verbosity=0, interactive=False)
    begun, found, looks, shown = time.monotonic(), Recovered(0, 0, 0), 0, 0
    for number in range(asked.campaigns):
        with transaction.atomic():
            kept = looked_at(random.Random(f"{asked.seed} {number}"))
            transaction.set_rollback(True)
        found += kept.attacked()
        looks += len(kept.told)
        shown += sum(count is not None for count in kept.published.values())
    sys.stdout.write(
        f"{asked.campaigns} campaigns, {LOOKS * asked.campaigns} looks of which {looks} told something new, {shown:,} "
        f"counts shown, {found.small:,} small counts attacked in whole numbers: {found.exact} known exactly, "
        f"{found.narrow} more closely than to ten people ({time.monotonic() - begun:.0f} s)\n"
    )
    return 1 if found.exact else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
