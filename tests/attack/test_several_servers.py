"""One network at a small site that is served by several servers: its share at each sets off nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from analytics.fold import count_seals
from analytics.fold.fold import fold
from analytics.guardrails.harm_stop import pause_harmful_arms
from analytics.looks.evaluate import evaluate
from analytics.models import Tally
from analytics.network_views import views_of_one_network
from analytics.results import build
from campaign.lifecycle import transitions
from campaign.models import AnalysisPlan, Campaign, NetworkSketch, ServedCount
from campaign.serving.network_share import FLOOR
from tests import world

DAYS = 16
TARGET = "A both headline"
ADDRESS = "203.0.113.9"

pytestmark = [pytest.mark.slow, pytest.mark.django_db(databases=["default", "audience"])]


def small_campaign(*, honest: int = 25, **plan: Any) -> Campaign:
    """A running campaign with so many honest views of each message a day, pinned."""
    plan = {"monitoring": "always-valid", "planned_per_arm": 5_000, **plan}
    campaign = world.draft(plan=plan, margins={"annoyed": 0.01})
    transitions.submit(campaign, by=world.person("mara"))
    world.approve(campaign)
    transitions.launch(campaign, by=world.person("mara"), now=world.NOON - timedelta(days=1))
    for day in range(DAYS):
        for arm in campaign.arms.all():
            at = {"day": (world.NOON + timedelta(days=day)).date(), "arm": arm, "locale": "en"}
            common = {**at, "placement": campaign.placements.get()}
            ServedCount.objects.create(**common, count=honest)
            Tally.objects.create(**common, outcome="exposed", count=honest)
    return campaign


def units_of_the_target(site: world.AudienceSite) -> list[str]:
    """Units that are shown one message, found by asking not to be counted: that uses up nothing of a share."""
    units = [f"key-{number}" for number in range(40)]
    told = {unit: _decide(site, unit, HTTP_DNT="1").json["message"]["headline"] for unit in units}
    return [unit for unit, headline in told.items() if headline == TARGET]


def be_annoyed(site: world.AudienceSite, units: list[str]) -> None:
    """Ask from one network, with chosen units, for more messages than count, see each, and be annoyed by it."""
    for unit in units[: 2 * FLOOR]:
        answer = _decide(site, unit, REMOTE_ADDR=ADDRESS).json
        assert answer["message"]["headline"] == TARGET
        for outcome in ("exposed", "annoyed"):
            site.report_event(answer["receipt"], outcome)


def _decide(site: world.AudienceSite, unit: str, **headers: str) -> world.SurfaceReply:
    return site.post("/api/v1/decide", {"placement": "quiet-page", "unit": unit}, **headers)


def forge(campaign: Campaign, *, restarts: bool) -> None:
    """Each day: two servers that run all the time, or one that is started anew."""
    sites = [world.AudienceSite(), world.AudienceSite()]
    units = units_of_the_target(sites[0])
    for day in range(DAYS):
        if restarts:
            sites = [world.AudienceSite(), world.AudienceSite()]
        for site in sites:
            site.now = (world.NOON + timedelta(days=day)).timestamp()
            be_annoyed(site, units)
            site.served.flush()
            site.sketches.flush()
    fold(hour=int((world.NOON + timedelta(days=DAYS)).timestamp()) // 3600)
    assert Tally.objects.filter(outcome="annoyed", arm__key="both").count() == DAYS


@pytest.mark.parametrize("restarts", [False, True], ids=["two servers", "one that starts anew"])
def test_one_network_sets_off_no_harm_stop_though_it_has_its_share_at_each(restarts: bool) -> None:
    campaign = small_campaign()
    forge(campaign, restarts=restarts)
    assert NetworkSketch.objects.count() == 2 * DAYS
    plan = AnalysisPlan.objects.get(campaign=campaign)
    assert views_of_one_network(plan, list(campaign.arms.all())) == 2 * FLOOR * DAYS
    assert pause_harmful_arms(campaign, now=world.NOON) == []


def test_by_the_share_of_one_server_alone_it_would() -> None:
    """A deliberate fault: nobody knows how many servers there were."""
    campaign = small_campaign()
    forge(campaign, restarts=False)
    NetworkSketch.objects.all().delete()
    (event,) = pause_harmful_arms(campaign, now=world.NOON)
    assert event.arm.key == "both"


class TestTheSplit:
    """Five honest views of each message a day, and one network that adds its own to one of them."""

    def campaign(self, **honest: int) -> Campaign:
        campaign = small_campaign(honest=5, monitoring="fixed", planned_per_arm=5 * DAYS)
        for key, count in honest.items():
            Tally.objects.filter(arm__key=key).update(count=count)
        for tally in Tally.objects.filter(outcome="exposed"):
            rate = 4 if tally.arm.key == "both" else 1
            turned_back = rate * tally.count // 5
            Tally.objects.create(
                **{name: getattr(tally, name) for name in ("day", "arm", "placement", "locale")},
                outcome="turned_back",
                count=turned_back,
            )
        count_seals.seal_counts([campaign])
        return campaign

    def test_one_network_withholds_no_verdict(self) -> None:
        campaign = self.campaign()
        forge(campaign, restarts=False)
        analysis = evaluate(campaign, now=world.NOON)
        assert analysis.sample_ratio == "caution"
        assert analysis.sample_ratio_p is not None
        assert analysis.sample_ratio_p < 1e-5
        assert not analysis.estimates.filter(verdict="withheld").exists()
        assert build.build(analysis).quality[0].label == "One network may have changed the split"

    def test_were_networks_not_thought_of_it_would(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A deliberate fault."""
        campaign = self.campaign()
        forge(campaign, restarts=False)
        monkeypatch.setattr("analytics.looks.evaluate.views_of_one_network", lambda *_: 0)
        analysis = evaluate(campaign, now=world.NOON)
        assert analysis.sample_ratio == "alarm"
        assert set(analysis.estimates.filter(kind="difference").values_list("verdict", flat=True)) == {"withheld"}

    def test_a_fault_that_is_larger_than_one_network_withholds_all_as_before(self) -> None:
        campaign = self.campaign(user=12)
        analysis = evaluate(campaign, now=world.NOON)
        assert analysis.sample_ratio == "alarm"
