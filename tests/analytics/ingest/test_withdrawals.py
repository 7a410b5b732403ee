"""Who presses "Do not count me": the view is deleted, once and for good, and only a total of the campaign remains."""

from pathlib import Path

import pytest

from analytics.fold.fold import fold
from analytics.ingest import writer
from analytics.ingest.open_views import OpenViewRow
from analytics.ingest.spool import Spool
from analytics.models import OpenView, Tally, Withdrawals
from campaign.assignment.receipts import Receipt
from campaign.models import ServedCount
from campaign.outcomes import WITHDRAWAL
from campaign.serving.page_paths import page_path
from campaign.serving.routing import OutcomeEvent
from tests import world

pytestmark = pytest.mark.django_db(databases=["default", "audience"], transaction=True)

LEFT_OVER = {"arm": 0, "placement": 0, "locale": "", "text": 0, "bits": WITHDRAWAL.mask, "rating": None, "dwell": None}


def site() -> world.AudienceSite:
    world.launched()
    return world.AudienceSite()


def what_is_left() -> dict[str, object]:
    return dict(OpenView.objects.values(*LEFT_OVER).get())


def test_of_the_view_only_its_random_number_and_the_campaign_are_left() -> None:
    at = site()
    receipt = at.new_receipt()
    for outcome, more in (("left", {}), ("rating", {"value": 4}), ("upset", {})):
        at.report_event(receipt, outcome, **more)
    assert what_is_left() != LEFT_OVER
    assert at.report_event(receipt, "withdraw").json == {"accepted": 1}
    assert what_is_left() == LEFT_OVER
    view, campaign = OpenView.objects.get(), at.read_receipt(receipt).campaign
    assert (view.campaign, view.hour) == (campaign, view.closes - 1)


@pytest.mark.parametrize("order", [("withdraw", "left"), ("left", "withdraw", "left"), ("withdraw", "withdraw")])
def test_no_event_before_or_after_brings_it_back(order: tuple[str, ...]) -> None:
    at = site()
    receipt = at.new_receipt()
    for outcome in order:
        assert at.report_event(receipt, outcome).status == 200
    assert what_is_left() == LEFT_OVER


def test_within_one_list_of_events_as_well() -> None:
    at = site()
    receipt = at.new_receipt()
    events = [{"receipt": receipt, "outcome": outcome} for outcome in ("left", "withdraw", "annoyed")]
    assert at.post("/api/v1/events", events).json == {"accepted": 3}
    assert what_is_left() == LEFT_OVER


def test_folded_it_is_one_in_the_total_of_the_campaign_and_in_no_tally() -> None:
    at = site()
    receipts = [at.new_receipt() for _ in range(3)]
    for receipt in receipts:
        at.report_event(receipt, "left")
    for receipt in receipts[:2]:
        at.report_event(receipt, "withdraw")
    for _ in range(2):
        fold(hour=world.HOUR + 4)
    assert Withdrawals.objects.get().count == 2
    assert sum(Tally.objects.filter(outcome="exposed").values_list("count", flat=True)) == 1
    assert not OpenView.objects.exists()
    assert at.report_event(receipts[0], "left").status == 410
    at.served.flush()
    assert sum(ServedCount.objects.values_list("count", flat=True)) == 3  # that it was sent stays


def test_it_passes_through_the_spool_in_any_order(tmp_path: Path) -> None:
    campaign = world.launched()
    arm, place = campaign.arms.all()[0].pk, campaign.placements.get().pk
    receipt = Receipt(campaign.pk, arm, place, world.HOUR, world.HOUR + 3, "en", bytes(range(16)))
    left, withdrawn = OutcomeEvent(receipt, "left", None), OutcomeEvent(receipt, "withdraw", None)
    spool = Spool(tmp_path)
    writer.commit_events([left], hour=world.HOUR)
    writer.spool_events([withdrawn], hour=world.HOUR, spool=spool)
    writer.spool_events([left], hour=world.HOUR, spool=spool)
    held: list[OpenViewRow] = []
    spool.drain(held.extend)
    assert [(row.arm, row.bits) for row in held] == [(0, WITHDRAWAL.mask)]
    writer.spool_events([withdrawn], hour=world.HOUR, spool=spool)
    writer.move_spool_to_database(spool)
    assert what_is_left() == LEFT_OVER


def test_of_a_network_that_had_its_share_it_is_not_counted() -> None:
    campaign = world.launched()
    arm, place = campaign.arms.all()[0].pk, campaign.placements.get().pk
    receipt = Receipt(campaign.pk, arm, place, world.HOUR, world.HOUR + 3, "en", bytes(16), left_out=True)
    writer.commit_events([OutcomeEvent(receipt, "withdraw", None)], hour=world.HOUR)
    fold(hour=world.HOUR + 4)
    assert not Withdrawals.objects.exists()


@pytest.mark.parametrize("signal", [{}, {"HTTP_SEC_GPC": "1"}])
def test_a_browser_that_asks_not_to_be_counted_may_withdraw_what_it_was_shown_before(signal: dict[str, str]) -> None:
    at = site()
    receipt = at.new_receipt()
    at.report_event(receipt, "left")
    events = [{"receipt": receipt, "outcome": outcome} for outcome in ("withdraw", "annoyed")]
    at.post("/api/v1/events", events, **signal)
    assert what_is_left() == LEFT_OVER


def test_without_script_one_press_does_it_and_the_next_page_says_so() -> None:
    at = site()
    receipt = at.new_receipt()
    pressed = at.press("/m/quiet-page/", outcome="withdraw        ", receipt=receipt)
    assert pressed.headers["Location"] == page_path("quiet-page", "withdrawn", "en")
    assert what_is_left() == LEFT_OVER
    assert "You are not counted." in at.get("/m/quiet-page/withdrawn").body.decode()


def test_who_comes_too_late_is_told_so() -> None:
    at = site()
    receipt = at.new_receipt()
    at.now += 5 * 3600
    pressed = at.press("/m/quiet-page/", outcome="withdraw        ", receipt=receipt)
    assert pressed.headers["Location"] == page_path("quiet-page", "too-late", "en")
    assert "already part of a total" in at.get("/m/quiet-page/too-late").body.decode()
