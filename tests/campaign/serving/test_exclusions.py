"""Messages that are shown and do not count."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError

from campaign.models import LeftOutCount
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
    site = world.AudienceSite(network_limit=3)
    receipts = [shown(site, REMOTE_ADDR=f"192.0.2.{n}") for n in range(5)]
    assert [receipt is not None for receipt in receipts] == [True] * 3 + [False] * 2
    assert shown(site, REMOTE_ADDR="198.51.100.1")
    assert (left_out(site), sum(world.served_counts(campaign, site).values())) == ({"crowd": 2}, 4)


def test_behind_a_proxy_the_address_is_the_one_that_it_tells() -> None:
    world.launched()
    site = world.AudienceSite(network_limit=1, behind_proxy=True)
    told = [shown(site, REMOTE_ADDR="10.0.0.1", HTTP_X_REAL_IP=a) for a in ("192.0.2.1", "198.51.100.1", "192.0.2.9")]
    assert [receipt is not None for receipt in told] == [True, True, False]
    assert all(shown(site, REMOTE_ADDR="10.0.0.1") for _ in range(3))


def test_without_a_proxy_nobody_can_pass_for_another_network() -> None:
    world.launched()
    site = world.AudienceSite(network_limit=1)
    told = [shown(site, REMOTE_ADDR="192.0.2.1", HTTP_X_REAL_IP=f"198.51.{n}.1") for n in range(2)]
    assert [receipt is not None for receipt in told] == [True, False]


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
        patch.setattr("campaign.serving.served_counts._upsert_sql", away)
        assert site.served.flush() == 0
    assert left_out(site) == {"machine": 1}
