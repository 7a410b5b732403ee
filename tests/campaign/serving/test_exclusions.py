"""Messages that are shown and do not count."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.db import DatabaseError

from analytics.fold.fold import fold
from campaign.assignment.receipts import RECEIPT_LENGTH
from campaign.models import Campaign, LeftOutCount
from campaign.serving.snapshot import SnapshotRefresher
from tests import world
from tests.campaign.serving.test_bots import MACHINES, PEOPLE

pytestmark = pytest.mark.django_db(databases=["default", "audience"])
ORIGIN = "https://partner.example"


def left_out(site: world.AudienceSite) -> dict[str, int]:
    """How many were left out, by reason."""
    site.served.flush()
    return dict(LeftOutCount.objects.values_list("reason", "count"))


def shown(site: world.AudienceSite, **headers: str) -> Any:
    """The receipt that came with a message; None: it was shown, and does not count."""
    answer = site.post("/api/v1/decide", {"placement": "quiet-page"}, **headers)
    assert answer.status == 200
    assert answer.json["message"]["headline"]
    return answer.json["receipt"]


def reason(site: world.AudienceSite, **headers: str) -> Any:
    """Why a message came without a receipt."""
    answer = site.post("/api/v1/decide", {"placement": "quiet-page"}, **headers).json
    assert answer["receipt"] is None
    return answer["reason"]


def counts(site: world.AudienceSite, **headers: str) -> bool:
    """Whether what is told with the receipt counts. Its holder cannot tell."""
    receipt = shown(site, **headers)
    assert len(receipt) == RECEIPT_LENGTH
    return not site.read_receipt(receipt).left_out


def test_a_machine_in_a_browser_s_place_sees_the_message_and_is_not_counted() -> None:
    campaign = world.launched()
    campaign.placements.update(allowed_origins=[ORIGIN])
    site = world.AudienceSite()
    assert shown(site, HTTP_ORIGIN=ORIGIN, HTTP_USER_AGENT=MACHINES[0]) is None
    assert shown(site, HTTP_ORIGIN=ORIGIN, HTTP_USER_AGENT=PEOPLE[0])
    assert (left_out(site), sum(world.served_counts(campaign, site).values())) == ({"machine": 1}, 1)


def test_a_partner_s_server_is_not_asked_for_its_name() -> None:
    world.launched()
    site = world.AudienceSite()
    assert shown(site, HTTP_USER_AGENT="python-requests/2.32.3")
    assert left_out(site) == {}


def test_a_machine_gets_the_hosted_page_without_a_receipt() -> None:
    campaign = world.launched()
    site = world.AudienceSite()
    pages = [site.get("/m/quiet-page/", HTTP_USER_AGENT=agent).body.decode() for agent in (MACHINES[0], PEOPLE[0])]
    assert ['name="receipt" value=""' in page for page in pages] == [True, False]
    assert (left_out(site), sum(world.served_counts(campaign, site).values())) == ({"machine": 1}, 1)


def test_one_network_that_asks_too_often_is_shown_the_message_and_not_counted() -> None:
    campaign = world.launched()
    site = world.AudienceSite()
    assert [counts(site, REMOTE_ADDR=f"192.0.2.{n}") for n in range(5)] == [True] * 2 + [False] * 3
    assert counts(site, REMOTE_ADDR="198.51.100.1")
    assert (left_out(site), sum(world.served_counts(campaign, site).values())) == ({"crowd": 3}, 3)


def test_events_of_what_is_left_out_are_answered_and_put_on_disk_and_never_counted() -> None:
    campaign = world.launched()
    site = world.AudienceSite()
    receipts = [shown(site, REMOTE_ADDR="192.0.2.1") for _ in range(5)]
    assert [site.report_event(receipt, "left").json for receipt in receipts] == [{"accepted": 1}] * 5
    assert world.open_views() == 5
    fold(hour=site.hour + 24)
    assert world.open_views() == 0
    told: Counter[str] = Counter()
    for (_, outcome, _), count in world.tallies(campaign).items():
        told[outcome] += count
    assert told == {"exposed": 2, "left": 2, "turned_back": 2}
    assert (left_out(site), sum(world.served_counts(campaign, site).values())) == ({"crowd": 3}, 2)


def test_a_machine_is_told_the_same_whatever_its_network_did() -> None:
    campaign = world.launched()
    campaign.placements.update(allowed_origins=[ORIGIN])
    site = world.AudienceSite()
    machine = {"HTTP_ORIGIN": ORIGIN, "HTTP_USER_AGENT": MACHINES[0], "REMOTE_ADDR": "192.0.2.1"}
    before = reason(site, **machine)
    assert [counts(site, REMOTE_ADDR="192.0.2.1") for _ in range(3)] == [True, True, False]
    assert before == reason(site, **machine) == "machine"


def test_a_message_without_a_receipt_says_why() -> None:
    campaign = world.launched(unit="session")
    world.choose_fallback(campaign.arms.get(key="neutral").first_revision)
    site = world.AudienceSite()
    assert reason(site, HTTP_DNT="1") == "declined"
    assert reason(site) == "no_unit"
    for state, why in (("paused", "paused"), ("approved", "not_started"), ("closed", "ended")):
        Campaign.objects.update(state=state)
        site.refresh()
        assert reason(site) == why
    world.placement("empty-page", fallback=campaign.arms.get(key="neutral").first_revision)
    site.refresh()
    assert site.decide("empty-page").json["reason"] == "no_campaign"


def test_behind_a_proxy_the_address_is_the_one_that_it_tells() -> None:
    world.launched()
    site = world.AudienceSite(behind_proxy=True)
    addresses = ("192.0.2.1", "198.51.100.1", "192.0.2.7", "192.0.2.9")
    assert [counts(site, HTTP_X_REAL_IP=address) for address in addresses] == [True, True, True, False]
    assert [counts(site, HTTP_X_REAL_IP="127.0.0.1") for _ in range(3)] == [True] * 3


def test_behind_a_proxy_that_names_nobody_all_are_one_network() -> None:
    world.launched()
    site = world.AudienceSite(behind_proxy=True)
    assert [counts(site) for _ in range(3)] == [True, True, False]


def test_without_a_proxy_nobody_can_pass_for_another_network() -> None:
    world.launched()
    site = world.AudienceSite()
    told = [counts(site, REMOTE_ADDR="192.0.2.1", HTTP_X_REAL_IP=f"198.51.{n}.1") for n in range(3)]
    assert told == [True, True, False]


def test_a_placement_may_declare_that_all_come_through_one_network() -> None:
    world.launched()
    world.change_places(network_share=100)
    site = world.AudienceSite()
    assert all(counts(site, REMOTE_ADDR="192.0.2.1") for _ in range(50))


def test_a_change_of_the_declared_share_reaches_a_running_server() -> None:
    world.launched()
    refresher = SnapshotRefresher()
    assert refresher.refresh()
    world.change_places(network_share=50)
    assert refresher.refresh()
    assert refresher.current.placements["quiet-page"].declared_share == 0.5


def test_a_placement_can_count_only_what_its_partner_has_signed() -> None:
    """Nobody can sign yet: the message is shown, and the answer says why it is not counted."""
    campaign = world.launched()
    world.change_places(counts_signed_only=True)
    site = world.AudienceSite()
    assert reason(site) == "unsigned"
    assert reason(site, HTTP_DNT="1") == "declined"
    assert world.served_counts(campaign, site) == {}


def test_who_asked_not_to_be_counted_is_not_even_among_those_left_out() -> None:
    world.launched()
    site = world.AudienceSite()
    site.get("/m/quiet-page/", HTTP_USER_AGENT=MACHINES[0], HTTP_DNT="1")
    assert left_out(site) == {}


def test_these_counts_wait_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    world.launched()
    site = world.AudienceSite()
    site.get("/m/quiet-page/", HTTP_USER_AGENT=MACHINES[0])

    def away(model: object) -> str:
        raise DatabaseError

    with monkeypatch.context() as patch:
        patch.setattr("campaign.serving.served_counts.addition_sql", away)
        assert site.served.flush() == 0
    assert left_out(site) == {"machine": 1}
