"""One network on a campaign of the demo's size: it turns no verdict, and moves little."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest

from analytics.fold.fold import fold
from analytics.simulated_visits import demo
from campaign.serving.network_share import NetworkShares
from messages.library import starter_library
from tests import world
from tests.attack.flood import DAYS, PLANNED_PER_ARM, RATES, Attack, Outcome, arms_by_words, flood
from tests.attack.words import words_of
from tests.installation import ROOT

WAYS = [
    Attack(fast=True, selective=True),
    Attack(fast=False, selective=True),
    pytest.param(Attack(fast=True, selective=False), marks=pytest.mark.proof),
    pytest.param(Attack(fast=False, selective=False), marks=pytest.mark.proof),
]


@dataclass
class LocalSite:
    """The audience surface in this process."""

    surface: world.AudienceSite

    def decide(self, address: str, *, unit: str = "", counted: bool = True) -> tuple[str, str | None]:
        fields = {"placement": "quiet-page"} | ({"unit": unit} if unit else {})
        answer = self.surface.post("/api/v1/decide", fields, REMOTE_ADDR=address, HTTP_DNT="0" if counted else "1").json
        message = answer["message"]
        return words_of(message["headline"], message["body_html"]), answer["receipt"]

    def report(self, address: str, events: Sequence[dict[str, str]]) -> int:
        return int(self.surface.post("/api/v1/events", list(events), REMOTE_ADDR=address).json["accepted"])


def run_flood(attack: Attack) -> Outcome:
    campaign = world.launched(plan={"planned_per_arm": PLANNED_PER_ARM})
    surface = world.AudienceSite()
    now = world.NOON + timedelta(days=DAYS)

    def open_site(day: int) -> LocalSite:
        surface.now = (world.NOON + timedelta(days=day)).timestamp()
        return LocalSite(surface)

    def count() -> None:
        surface.served.flush()
        fold(hour=int(now.timestamp()) // 3600)

    return flood(campaign, attack, open_site=open_site, fold=count, now=now)


@pytest.mark.slow
@pytest.mark.django_db(databases=["default", "audience"])
@pytest.mark.parametrize("attack", WAYS, ids=str)
def test_one_network_turns_no_verdict_and_moves_less_than_a_quarter_of_the_interval(attack: Attack) -> None:
    outcome = run_flood(attack)
    assert outcome.before.verdict == "better"
    assert 0.088 < outcome.before.effect < 0.092
    assert outcome.accepted > 20
    assert outcome.holds, str(outcome)


@pytest.mark.slow
@pytest.mark.django_db
def test_the_demo_s_arms_are_told_apart_by_their_words() -> None:
    """Those of one set have one headline: a flood that went by it looked for the other arm for ever."""
    starter_library.load(now=world.NOON)
    demo.create_accounts()
    campaign = demo.create_campaign(now=world.NOON, origins=[], planned_per_arm=PLANNED_PER_ARM)
    assert set(arms_by_words(campaign).values()) == set(RATES)


@pytest.mark.slow
@pytest.mark.proof
@pytest.mark.django_db(databases=["default", "audience"])
def test_without_shares_the_same_flood_turns_the_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deliberate fault: every message counts."""
    monkeypatch.setattr(NetworkShares, "count", lambda *_, **options: True)
    outcome = run_flood(Attack(fast=True, selective=False))
    assert outcome.after.verdict == "worse"
    assert not outcome.holds


@pytest.mark.process
@pytest.mark.proof
@pytest.mark.minutes
def test_the_real_server_holds_out_against_one_network() -> None:
    command = [sys.executable, "-m", "tests.attack", "flood", "--networks", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("(better) became") == 4
