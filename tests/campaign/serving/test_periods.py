"""A placement that shows one arm at a time: the text that caches hold, and the receipts that they do not."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from analytics.fold.fold import fold
from analytics.models import Tally
from campaign.api.audience_refusals import RECEIPT_REFUSALS, TEXT_REFUSALS
from campaign.assignment.periods import Periods, schedule, schedule_digest
from campaign.lifecycle.arm_pauses import pause_arm
from campaign.models import Campaign, LeftOutCount, ServedCount
from campaign.serving.network_share import FLOOR
from campaign.serving.period_endpoint import MAX_CACHE_SECONDS
from campaign.serving.snapshot_file import SnapshotFile
from tests import world
from tests.campaign.api.test_schema import hold, promised

pytestmark = pytest.mark.django_db(databases=["default", "audience"])

TEXT = "/api/v1/text?placement=quiet-page"
HOURS = 3600
# Launched at noon of 1 March: the first full day, and thus the first period, is 2 March.
FIRST_HOUR = int(world.NOON.replace(hour=0, minute=0).timestamp()) // HOURS


def launched(**more: Any) -> Campaign:
    plan = {"period": "day", "clusters": "period", "washout_minutes": 120, "period_weeks": 4, "correction": "none"}
    return world.launched(arms={"neutral": 1, "victim": 1}, unit="period", plan={**plan, **more})


def site_at(hour: float) -> world.AudienceSite:
    """The audience surface so many hours after the first period began."""
    site = world.AudienceSite()
    site.now = (FIRST_HOUR + hour) * HOURS
    return site


def ask_receipt(site: world.AudienceSite, shown: dict[str, Any], **more: str) -> dict[str, Any]:
    body = {"placement": "quiet-page", "period": shown["period"], "locale": shown["message"]["locale"]}
    found: dict[str, Any] = site.post("/api/v1/receipt", body, **more).json
    return found


def cache_seconds(reply: world.SurfaceReply) -> int:
    kind, _, age = reply.headers["Cache-Control"].partition(", max-age=")
    assert kind == "public"
    return int(age)


def test_everybody_is_shown_the_arm_of_the_day_and_each_day_that_of_the_schedule() -> None:
    campaign = launched()
    periods = campaign.plan.periods_from(campaign.starts_at)
    assert periods == Periods(FIRST_HOUR, 24, 120, 28)
    order = schedule(periods, salt=campaign.salt, placement="quiet-page", arms=2)
    headlines = [f"A {arm.key} headline" for arm in campaign.arms.all()]
    for day in range(28):
        site = site_at(24 * day + 5)
        shown = {site.get(TEXT).json["message"]["headline"] for _ in range(3)}
        shown |= {site.decide().json["message"]["headline"] for _ in range(3)}
        assert shown == {headlines[order[day]]}


def test_the_cached_text_has_no_receipt_and_is_the_same_for_everybody() -> None:
    launched()
    site = site_at(5)
    replies = [site.get(TEXT, REMOTE_ADDR=f"127.0.0.{n}", HTTP_ORIGIN=world.PARTNER_ORIGIN) for n in range(1, 4)]
    assert len({reply.body for reply in replies}) == 1
    assert set(replies[0].json) == {"message", "period"}
    assert replies[0].headers["Access-Control-Allow-Origin"] == "*"
    assert "Vary" not in replies[0].headers


@pytest.mark.parametrize(("hour", "seconds"), [(5, MAX_CACHE_SECONDS), (24 - 1 / 60, 60), (23.9, 300), (24, 300)])
def test_a_text_may_be_held_for_five_minutes_and_not_beyond_its_period(hour: float, seconds: int) -> None:
    launched()
    assert cache_seconds(site_at(hour).get(TEXT)) == pytest.approx(seconds, abs=1)


def test_each_page_gets_its_own_receipt_which_no_cache_holds() -> None:
    campaign = launched()
    site = site_at(5)
    shown = site.get(TEXT).json
    body = {"placement": "quiet-page", "period": shown["period"], "locale": "en"}
    replies = [site.post("/api/v1/receipt", body, HTTP_ORIGIN=world.PARTNER_ORIGIN) for _ in range(5)]
    receipts = {reply.json["receipt"] for reply in replies}
    assert {reply.headers["Cache-Control"] for reply in replies} == {"no-store"}
    assert len({site.read_receipt(each).nonce for each in receipts}) == 5
    assert {site.read_receipt(each).left_out for each in receipts} == {False}
    assert sum(world.served_counts(campaign, site).values()) == 5


def test_a_page_that_outlives_its_period_is_left_out() -> None:
    campaign = launched()
    for day in range(7):
        shown = site_at(24 * day + 23.9).get(TEXT).json
        later = site_at(24 * day + 24.1)
        assert ask_receipt(later, shown) == {"receipt": None, "reason": "period_over"}
        assert world.served_counts(campaign, later) == {}


def test_a_made_up_period_gets_no_receipt() -> None:
    launched()
    site = site_at(5)
    shown = site.get(TEXT).json
    number, _, words = shown["period"].partition("-")
    for name in (f"{int(number) + 1}-{words}", f"{number}-{'0' * 16}", number, "é"):
        assert ask_receipt(site, {**shown, "period": name}) == {"receipt": None, "reason": "period_over"}


def test_what_is_shown_in_a_washout_gets_no_receipt_and_counts_as_left_out() -> None:
    campaign = launched()
    site = site_at(24)
    replies = []
    for hour in (24, 25.99, 26):
        site.now = (FIRST_HOUR + hour) * HOURS
        replies.append(ask_receipt(site, site.get(TEXT).json))
    assert replies[:2] == [{"receipt": None, "reason": "washout"}] * 2
    assert site.report_event(replies[2]["receipt"]).status == 200
    assert sum(world.served_counts(campaign, site).values()) == 1
    assert list(LeftOutCount.objects.values_list("reason", "count")) == [("washout", 2)]
    fold(hour=site.hour + 30)
    assert sum(Tally.objects.filter(outcome="exposed").values_list("count", flat=True)) == 1


def test_a_request_that_is_sent_again_in_a_washout_is_left_out_once() -> None:
    launched()
    site = site_at(24)
    for _ in range(3):
        assert site.decide(key=f"{site.hour}-{'0' * 32}").json["reason"] == "washout"
    site.served.flush()
    assert list(LeftOutCount.objects.values_list("reason", "count")) == [("washout", 1)]


def test_what_is_shown_in_a_washout_adds_nothing_to_the_share_of_a_network_afterwards() -> None:
    """Else 1,500 views that are not counted would let one network be counted for 15 of the first 15 that are."""
    campaign = launched()
    site = site_at(24)
    for visitor in range(1_500):
        ask_receipt(site, site.get(TEXT).json, REMOTE_ADDR=f"10.{visitor >> 8}.{visitor & 255}.1")
    site.now = (FIRST_HOUR + 26) * HOURS
    for _ in range(20):
        ask_receipt(site, site.get(TEXT).json, REMOTE_ADDR="192.0.2.1")
    assert sum(world.served_counts(campaign, site).values()) == FLOOR


@pytest.mark.parametrize("hour", [-3, 28 * 24 + 5])
def test_nothing_counts_before_the_first_period_and_after_the_last(hour: int) -> None:
    launched()
    site = site_at(hour)
    assert ask_receipt(site, site.get(TEXT).json) == {"receipt": None, "reason": "washout"}


def test_a_paused_arm_shows_the_control_uncounted_and_a_cached_text_of_it_gets_no_receipt() -> None:
    campaign = launched()
    site = site_at(5)
    while "victim" not in (shown := site.get(TEXT).json)["message"]["headline"]:
        site.now += 24 * HOURS
    pause_arm(campaign.arms.get(key="victim"), by=world.person("mara"), reason="It may frighten.", now=world.NOON)
    site.refresh()
    assert ask_receipt(site, shown)["receipt"] is None
    instead = site.get(TEXT).json
    assert instead["message"]["headline"] == "A neutral headline"
    assert ask_receipt(site, instead) == {"receipt": None, "reason": "paused"}


def test_a_visitor_who_asks_not_to_be_counted_is_not() -> None:
    launched()
    site = site_at(5)
    shown = site.get(TEXT).json
    assert ask_receipt(site, shown, HTTP_SEC_GPC="1") == {"receipt": None, "reason": "declined"}


def test_receipts_and_their_refusals_have_one_length() -> None:
    launched()
    site = site_at(5)
    shown = site.get(TEXT).json
    body = {"placement": "quiet-page", "period": shown["period"], "locale": "en"}
    bodies = [
        site.post("/api/v1/receipt", body).body,
        site.post("/api/v1/receipt", body | {"period": "0-0"}).body,
        site.post("/api/v1/receipt", body, HTTP_DNT="1").body,
    ]
    assert len(set(map(len, bodies))) == 1


def test_texts_of_all_days_have_one_length() -> None:
    launched()
    assert len({len(site_at(24 * day + 5).get(TEXT).body) for day in range(14)}) == 1


def test_a_campaign_that_draws_for_each_visitor_gives_no_text_to_caches() -> None:
    world.launched()
    site = world.AudienceSite()
    for reply in (site.get(TEXT), site.post("/api/v1/receipt", {"placement": "quiet-page", "period": "0-0"})):
        assert (reply.status, reply.json["error"]["code"]) == (409, "no_periods")
        assert reply.headers["Cache-Control"] == "no-store"


def test_the_stored_snapshot_holds_the_periods() -> None:
    launched()
    site = site_at(5)
    file = SnapshotFile(settings.DATA_DIRECTORY / "snapshot.jsonl", key_directory=settings.KEY_DIRECTORY)
    file.write(site.snapshot)
    stored = file.read()
    assert stored is not None
    before = site.get(TEXT).body
    site.snapshot = stored
    assert site.get(TEXT).body == before


def test_the_frozen_plan_commits_to_the_schedule_of_each_placement() -> None:
    campaign = launched()
    frozen = json.loads(campaign.plan.canonical)
    periods = Periods(FIRST_HOUR, 24, 120, 28)
    order = schedule(periods, salt=campaign.salt, placement="quiet-page", arms=2)
    assert frozen["periods"] == {
        "length": "day",
        "washout_hours": 2,
        "weeks": 4,
        "first_hour": FIRST_HOUR,
        "schedules_sha256": {"quiet-page": schedule_digest(order, salt=campaign.salt, placement="quiet-page")},
    }


def test_weeks_begin_on_the_first_full_day() -> None:
    campaign = launched(period="week", period_weeks=12)
    assert campaign.plan.periods_from(campaign.starts_at) == Periods(FIRST_HOUR, 168, 120, 12)
    assert campaign.plan.periods_from(world.NOON - timedelta(hours=13)) == Periods(FIRST_HOUR, 168, 120, 12)


def test_text_and_receipt_answer_and_refuse_as_described() -> None:
    launched()
    world.placement("empty")
    site = site_at(5)
    shown = site.get(TEXT).json
    hold(shown, promised("get", "/api/v1/text", 200))
    body = {"placement": "quiet-page", "period": shown["period"], "locale": "en"}
    hold(site.post("/api/v1/receipt", body).json, promised("post", "/api/v1/receipt", 200))
    hold(site.post("/api/v1/receipt", body | {"period": "0"}).json, promised("post", "/api/v1/receipt", 200))
    refused = {
        "text": [
            site.get("/api/v1/text"),
            site.get(f"{TEXT}&unit=x"),
            site.get("/api/v1/text?placement=nowhere"),
            site.get("/api/v1/text?placement=empty"),
            site.post(TEXT, b"{}"),
        ],
        "receipt": [
            site.post("/api/v1/receipt", b"{"),
            site.post("/api/v1/receipt", {"placement": "quiet-page"}),
            site.post("/api/v1/receipt", body | {"placement": "nowhere"}),
            site.post("/api/v1/receipt", body | {"placement": "empty"}),
            site.post("/api/v1/receipt", body, HTTP_ORIGIN="https://no.example"),
            site.post("/api/v1/receipt", b" " * 5000),
            site.get("/api/v1/receipt"),
        ],
    }
    for path, table in (("text", TEXT_REFUSALS), ("receipt", RECEIPT_REFUSALS)):
        for reply in refused[path]:
            assert reply.json["error"]["code"] in table[reply.status], reply.json
            assert reply.headers["Cache-Control"] == "no-store"


def launched_by_hours(**more: Any) -> Campaign:
    return launched(period="2h", washout_minutes=10, period_weeks=2, **more)


def test_everybody_is_shown_the_arm_of_the_two_hours_and_the_next_two_those_of_the_schedule() -> None:
    campaign = launched_by_hours()
    periods = campaign.plan.periods_from(campaign.starts_at)
    assert periods == Periods(FIRST_HOUR, 2, 10, 168)
    order = schedule(periods, salt=campaign.salt, placement="quiet-page", arms=2)
    headlines = [f"A {arm.key} headline" for arm in campaign.arms.all()]
    for period in range(24):
        site = site_at(2 * period + 1.5)
        shown = {site.get(TEXT).json["message"]["headline"], site.decide().json["message"]["headline"]}
        assert shown == {headlines[order[period]]}


def test_a_text_of_two_hours_is_not_held_beyond_them_and_a_page_that_outlives_them_is_left_out() -> None:
    launched_by_hours()
    site = site_at(2 - 1 / 60)
    reply = site.get(TEXT)
    assert cache_seconds(reply) == pytest.approx(60, abs=1)
    assert ask_receipt(site_at(2.01), reply.json) == {"receipt": None, "reason": "period_over"}


def test_the_first_ten_minutes_of_two_hours_are_not_counted() -> None:
    campaign = launched_by_hours()
    site, counted = site_at(0), []
    for minute in (0, 9.9, 10.1, 119):
        site.now = (FIRST_HOUR + 2 + minute / 60) * HOURS
        counted.append(ask_receipt(site, site.get(TEXT).json)["receipt"] is not None)
    assert counted == [False, False, True, True]
    assert sum(world.served_counts(campaign, site).values()) == 2


@pytest.mark.parametrize(("period", "washout"), [("1h", 30), ("2h", 60), ("3h", 10), ("12h", 100)])
def test_no_open_view_says_a_time_finer_than_an_hour(period: str, washout: int) -> None:
    """What may be known of a view: its arm, its hour, the order, and that it came after the wash-out."""
    launched(period=period, washout_minutes=washout, period_weeks=2)
    site, minutes = site_at(0), Counter[tuple[int, int, int]]()
    for minute in range(0, 24 * 60, 5):
        site.now = (FIRST_HOUR + minute / 60) * HOURS
        receipt = site.decide().json["receipt"]
        if receipt is not None:
            read = site.read_receipt(receipt)
            assert read.closes - 2 > site.hour  # it lives two hours and more
            minutes[read.arm, read.hour, read.closes] += 5
    assert min(minutes.values()) >= 60


def test_a_request_sent_again_in_the_next_hour_is_one_of_the_hour_of_its_key() -> None:
    """Its minute is not known any more, and it may be shown in what is a wash-out by then."""
    launched_by_hours()
    site = site_at(1.5)
    key = f"{site.hour}-{'0' * 32}"
    first = site.decide(key=key)
    assert first.status == 200, first.json
    fresh = site_at(2.05)
    again = fresh.decide(key=key)
    assert again.json["message"] == first.json["message"]
    receipts = [each.read_receipt(reply.json["receipt"]) for each, reply in ((site, first), (fresh, again))]
    assert receipts[0] == receipts[1]


def test_what_is_counted_of_a_block_of_hours_stands_on_its_last_day_and_says_no_hour() -> None:
    """Each arm was shown in every hour of the day, so an arm and a day leave 24 hours, one of each."""
    campaign = launched_by_hours()
    site = site_at(0)
    for hour in range(48):
        site.now = (FIRST_HOUR + hour + 0.5) * HOURS
        assert site.report_event(ask_receipt(site, site.get(TEXT).json)["receipt"]).status == 200
    site.served.flush()
    fold(hour=site.hour + 30)
    last_day = (world.NOON + timedelta(days=1)).date()  # the second of the first two whole days
    for model in (Tally, ServedCount):
        rows = model.objects.filter(**({"outcome": "exposed"} if model is Tally else {}))
        assert set(rows.values_list("day", "arm__key", "count")) == {
            (last_day, arm.key, 24) for arm in campaign.arms.all()
        }


def test_the_frozen_plan_says_hours_and_minutes() -> None:
    campaign = launched_by_hours()
    frozen = json.loads(campaign.plan.canonical)["periods"]
    assert (frozen["length"], frozen["washout_minutes"]) == ("2h", 10)
    assert "washout_hours" not in frozen
