"""Counting: POST /api/v1/events."""

from typing import Any

import pytest

from analytics.models import OpenView
from campaign.assignment.receipts import ReceiptSigner
from campaign.outcomes import RECORDED_OUTCOMES
from campaign.serving.snapshot_entries import EMPTY_SNAPSHOT
from tests import world

pytestmark = pytest.mark.django_db(databases=["default", "audience"])


def site() -> world.AudienceSite:
    world.launched()
    return world.AudienceSite()


def test_an_event_is_on_disk_when_it_is_answered() -> None:
    at = site()
    answer = at.report_event(at.new_receipt(), "left")
    assert (answer.status, answer.json) == (200, {"accepted": 1})
    assert OpenView.objects.get().bits == 0b11  # acting on a message implies having seen it


@pytest.mark.parametrize(
    ("outcome", "value"),
    [(key, value) for key, outcome in RECORDED_OUTCOMES.items() for value in outcome.values or (None,)],
)
def test_every_outcome_of_the_catalogue_is_taken(outcome: str, value: int | None) -> None:
    at = site()
    assert at.report_event(at.new_receipt(), outcome, **({} if value is None else {"value": value})).status == 200


def test_a_replay_is_answered_alike_and_changes_nothing() -> None:
    at = site()
    receipt = at.new_receipt()
    first, again = at.report_event(receipt, "left"), at.report_event(receipt, "left")
    assert (again.status, again.body) == (first.status, first.body)
    assert OpenView.objects.values_list("bits", flat=True).get() == 0b11


def test_the_first_rating_stands() -> None:
    at = site()
    receipt = at.new_receipt()
    for value in (4, 1):
        assert at.report_event(receipt, "rating", value=value).status == 200
    assert OpenView.objects.get().rating == 4


def test_a_stored_view_holds_the_declared_fields_and_whole_hours() -> None:
    at = site()
    at.report_event(at.new_receipt())
    view = OpenView.objects.values().get()
    assert set(view) == {
        *("nonce", "campaign", "arm", "text", "placement", "locale", "hour", "closes"),
        *("bits", "rating", "dwell", "left_out"),
    }
    assert (view["hour"], view["closes"]) == (world.HOUR, world.HOUR + 3)


def test_a_list_counts_its_good_events_and_names_its_bad_ones() -> None:
    at = site()
    good, other = at.new_receipt(), at.new_receipt()
    answer = at.post(
        "/api/v1/events",
        [
            {"receipt": good, "outcome": "exposed"},
            {"receipt": "forged", "outcome": "exposed"},
            {"receipt": other, "outcome": "rating", "value": 5},
            {"receipt": other, "outcome": "rating", "value": 6},
            7,
        ],
    )
    assert (answer.status, answer.json["accepted"]) == (207, 2)
    assert [(r["index"], r["error"]["code"]) for r in answer.json["rejected"]] == [
        (1, "receipt_invalid"),
        (3, "invalid_value"),
        (4, "invalid_field"),
    ]
    assert OpenView.objects.count() == 2


def test_500_events_fit_and_501_do_not() -> None:
    at = site()
    event = {"receipt": at.new_receipt(), "outcome": "exposed"}
    assert at.post("/api/v1/events", [event] * 500).json == {"accepted": 500}
    refused = at.post("/api/v1/events", [event] * 501)
    assert (refused.status, refused.code) == (413, "wrong_number_of_events")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "malformed_json"),
        (b"{]", 400, "malformed_json"),
        (b"null", 400, "invalid_field"),
        (b"7", 400, "invalid_field"),
        (b"[]", 400, "wrong_number_of_events"),
        (b"{}", 400, "invalid_field"),
        (b'{"receipt": 1, "outcome": "left"}', 400, "invalid_field"),
        (b'{"receipt": "x", "outcome": ["left"]}', 400, "invalid_field"),
        (b'{"receipt": "x", "outcome": "purchase"}', 400, "unknown_outcome"),
        (b'{"receipt": "x", "outcome": "turned_back"}', 400, "unknown_outcome"),
        (b'{"receipt": "x", "outcome": "left", "comment": "free text"}', 400, "unknown_field"),
        (b'{"receipt": "x", "outcome": "left", "value": 1}', 400, "invalid_value"),
        (b'{"receipt": "x", "outcome": "rating"}', 400, "invalid_value"),
        (b'{"receipt": "x", "outcome": "rating", "value": true}', 400, "invalid_value"),
        (b'{"receipt": "x", "outcome": "rating", "value": 1e99}', 400, "invalid_value"),
        (b'{"receipt": "x", "outcome": "rating", "value": 4.5}', 400, "invalid_value"),
        (b'{"receipt": "x", "outcome": "left"}', 403, "receipt_invalid"),
        (b'{"receipt": "\\u00e9", "outcome": "left"}', 403, "receipt_invalid"),
        (b'{"receipt": "' + b"x" * 5000 + b'", "outcome": "left"}', 413, "body_too_large"),
        (b"[" + b" " * 200_000 + b"]", 413, "body_too_large"),
    ],
)
def test_bad_input_has_one_shape_and_stores_nothing(body: bytes, status: int, code: str) -> None:
    at = site()
    answer = at.post("/api/v1/events", body)
    assert (answer.status, answer.code) == (status, code)
    assert world.open_views() == 0


def test_a_receipt_signed_elsewhere_is_refused() -> None:
    at = site()
    forged = ReceiptSigner({1: b"another key, 32 bytes long......"}).issue(at.read_receipt(at.new_receipt()))
    answer = at.report_event(forged)
    assert (answer.status, answer.code) == (403, "receipt_invalid")


def test_an_expired_receipt_is_gone() -> None:
    at = site()
    receipt = at.new_receipt()
    at.now += 3 * 3600
    answer = at.report_event(receipt)
    assert (answer.status, answer.code, world.open_views()) == (410, "receipt_expired", 0)


def test_a_receipt_does_not_count_from_a_site_that_may_not_show_its_placement() -> None:
    at = site()
    body: Any = {"receipt": at.new_receipt(), "outcome": "left"}
    answer = at.post("/api/v1/events", body, HTTP_ORIGIN="https://other.example")
    assert (answer.status, answer.code, world.open_views()) == (403, "receipt_foreign", 0)


def test_a_receipt_of_a_placement_that_is_gone_is_foreign() -> None:
    at = site()
    note = at.read_receipt(at.new_receipt())._replace(placement=999)
    assert at.report_event(at.receipt_signer.issue(note)).code == "receipt_foreign"


def test_the_partners_site_may_read_the_answer() -> None:
    at = site()
    body: Any = {"receipt": at.new_receipt(), "outcome": "left"}
    answer = at.post("/api/v1/events", body, HTTP_ORIGIN=world.PARTNER_ORIGIN)
    assert answer.headers["Access-Control-Allow-Origin"] == world.PARTNER_ORIGIN


def test_events_are_still_taken_after_the_campaign_was_paused() -> None:
    from campaign.lifecycle import transitions
    from campaign.models import Campaign

    at = site()
    receipt = at.new_receipt()
    transitions.pause(Campaign.objects.get(), by=world.person("mara"))
    at.refresh()
    assert at.report_event(receipt, "left").status == 200


def test_a_browser_may_ask_before_it_sends_json() -> None:
    answer = world.AudienceSite().request("OPTIONS", "/api/v1/events", HTTP_ORIGIN=world.PARTNER_ORIGIN)
    assert (answer.status, answer.headers["Access-Control-Allow-Headers"]) == (204, "Content-Type")


@pytest.mark.django_db(databases=["default", "audience"])
def test_a_process_that_has_read_no_campaign_yet_asks_for_the_event_again() -> None:
    """It cannot know whether the receipt's placement is one of ours: to refuse it for good would lose the event."""
    world.launched()
    site = world.AudienceSite()
    receipt = site.new_receipt()
    site.snapshot = EMPTY_SNAPSHOT
    answer = site.report_event(receipt)
    assert (answer.status, answer.code) == (503, "not_recorded")


@pytest.mark.parametrize("header", ["HTTP_SEC_GPC", "HTTP_DNT"])
def test_events_of_someone_who_asks_not_to_be_counted_are_answered_and_not_kept(header: str) -> None:
    """Asked for between the message and what was done with it, say."""
    world.launched()
    site = world.AudienceSite()
    receipt, choice = site.new_receipt(), {header: "1"}
    event = {"receipt": receipt, "outcome": "exposed"}
    answers = [site.post("/api/v1/events", value, **choice) for value in (event, [event, event])]
    assert [(answer.status, answer.json) for answer in answers] == [(200, {"accepted": 0})] * 2
    wrong = site.post("/api/v1/events", [event, event | {"outcome": "flew"}], **choice)
    assert (wrong.status, wrong.json["accepted"], len(wrong.json["rejected"])) == (207, 0, 1)
    form = f"outcome=left&receipt={receipt}".encode()
    assert site.request("POST", "/m/quiet-page/", form, **choice).status == 303
    assert site.get(f"/m/quiet-page/seen.gif?receipt={receipt}", **choice).status == 200
    assert world.open_views() == 0
