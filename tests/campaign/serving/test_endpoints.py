"""Serving: POST /api/v1/decide and the hosted page."""

import io
import json
from collections import Counter
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from campaign.lifecycle import arm_pauses, transitions
from campaign.models import Campaign
from campaign.outcomes import offered_outcomes
from campaign.serving.page_paths import page_path
from campaign.serving.preview_links import preview_url
from campaign.serving.snapshot import compile_snapshot
from messages.text.rendering import body_html
from tests import world

pytestmark = pytest.mark.django_db(databases=["default", "audience"])


def test_decide_answers_a_message_and_a_receipt() -> None:
    world.launched()
    answer = world.AudienceSite().decide(locale="en")
    assert answer.status == 200
    assert set(answer.json) == {"message", "receipt"}
    assert answer.json["message"]["body_html"] == "<p>First.</p><p>Second.</p>"
    offered = [outcome.key for outcome, _ in offered_outcomes()]
    assert [action["outcome"] for action in answer.json["message"]["actions"]] == offered
    assert offered[:2] == ["left", "continued"]


def test_every_arm_has_the_same_shape() -> None:
    world.launched()
    site = world.AudienceSite()
    shapes = {json.dumps([m["actions"], sorted(m)]) for m in (site.decide().json["message"] for _ in range(40))}
    assert len(shapes) == 1


def test_nothing_assigned_may_be_cached_and_nothing_is_set_on_the_device() -> None:
    world.launched()
    site = world.AudienceSite()
    for answer in (site.decide(), site.get("/m/quiet-page/")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert not {"Set-Cookie", "ETag", "Last-Modified"} & set(answer.headers)


def test_the_receipt_names_the_arm_that_was_shown() -> None:
    campaign = world.launched()
    site = world.AudienceSite()
    frames = {arm.pk: f"A {arm.frame} headline" for arm in campaign.arms.all()}
    for _ in range(20):
        answer = site.decide().json
        assert frames[site.read_receipt(answer["receipt"]).arm] == answer["message"]["headline"]


def test_a_unit_always_gets_the_same_arm_and_a_new_nonce() -> None:
    world.launched()
    site = world.AudienceSite()
    receipts = [site.read_receipt(site.new_receipt(unit="opaque-17")) for _ in range(10)]
    assert len({receipt.arm for receipt in receipts}) == 1
    assert len({receipt.nonce for receipt in receipts}) == 10


def test_without_a_unit_the_split_follows_the_weights() -> None:
    campaign = world.launched(arms={"neutral": 3, "victim": 1})
    site = world.AudienceSite()
    counts = Counter(site.read_receipt(site.new_receipt()).arm for _ in range(800))
    # 600 of 800 expected for the control; five standard deviations are 61.
    assert abs(counts[campaign.arms.get(key="neutral").pk] - 600) < 61


def test_deciding_asks_no_database(django_assert_num_queries: object) -> None:
    world.launched()
    site = world.AudienceSite()
    with django_assert_num_queries(0), django_assert_num_queries(0, using="audience"):  # type: ignore[operator]
        assert site.decide().status == 200
        assert site.get("/m/quiet-page/").status == 200


def test_serving_is_counted_per_arm() -> None:
    campaign = world.launched()
    site = world.AudienceSite()
    for _ in range(30):
        site.decide()
    site.get("/m/quiet-page/")
    assert sum(world.served_counts(campaign, site).values()) == 31


def test_an_unknown_placement_is_a_clear_error() -> None:
    answer = world.AudienceSite().decide("nowhere")
    assert (answer.status, answer.code) == (404, "placement_unknown")


def test_a_paused_campaign_serves_nothing() -> None:
    campaign = world.launched()
    transitions.pause(campaign, by=world.person("mara"))
    answer = world.AudienceSite().decide()
    assert (answer.status, answer.code) == (409, "campaign_paused")


def one_paused(**options: Any) -> tuple[Campaign, world.AudienceSite]:
    """Two arms, of which everybody falls to the paused one."""
    campaign = world.launched(arms={"neutral": 0, "victim": 1}, **options)
    arm_pauses.pause_arm(campaign.arms.get(key="victim"), reason="a test", now=world.NOON)
    return campaign, world.AudienceSite()


def test_who_falls_to_a_paused_arm_gets_the_controls_words_and_is_not_counted() -> None:
    campaign, site = one_paused()
    answer = site.decide()
    assert (answer.status, answer.json["message"]["headline"]) == (200, "A neutral headline")
    assert answer.json["receipt"] is None
    page = site.get("/m/quiet-page/").body
    assert b"A neutral headline" in page
    assert b'name="receipt" value=""' in page
    assert world.served_counts(campaign, site) == {}


def test_a_tab_whose_arm_is_paused_stays_in_it_and_goes_on_when_it_is_resumed() -> None:
    campaign = world.launched(unit="session")
    site, both = world.AudienceSite(), campaign.arms.get(key="both")
    receipt = next(
        kept for kept in iter(lambda: site.new_receipt(session="new"), "") if site.read_receipt(kept).arm == both.pk
    )
    arm_pauses.pause_arm(both, reason="a test", now=world.NOON)
    site.refresh()
    answer = site.decide(session=receipt).json
    assert (answer["message"]["headline"], answer["receipt"]) == ("A neutral headline", None)
    assert "unit" not in answer, "so the tab keeps the receipt that it has"
    arm_pauses.resume_arm(both, by=world.person("mara"), reason="A mistake.", now=world.NOON)
    site.refresh()
    answer = site.decide(session=receipt).json
    assert (answer["message"]["headline"], answer["receipt"]) == ("A both headline", receipt)


def test_a_subject_keeps_its_arm_while_another_is_paused() -> None:
    campaign = world.launched(unit="subject")
    site = world.AudienceSite()
    before = {unit: site.read_receipt(site.new_receipt(unit=unit)).arm for unit in (f"opaque-{n}" for n in range(60))}
    paused = campaign.arms.get(key="both")
    arm_pauses.pause_arm(paused, reason="a test", now=world.NOON)
    site.refresh()
    for unit, arm in before.items():
        receipt = site.decide(unit=unit).json["receipt"]
        assert receipt is None if arm == paused.pk else site.read_receipt(receipt).arm == arm


def test_an_ended_campaign_serves_nothing() -> None:
    campaign = world.launched()
    transitions.close(campaign, by=world.person("mara"), now=world.NOON)
    answer = world.AudienceSite().decide()
    assert (answer.status, answer.code) == (409, "campaign_ended")


def test_a_campaign_past_its_end_serves_nothing_even_before_anyone_closes_it() -> None:
    campaign = world.launched()
    campaign.ends_at = world.NOON + timedelta(hours=1)
    campaign.save()
    site = world.AudienceSite()
    assert site.decide().status == 200
    site.now += 3600
    assert site.decide().code == "campaign_ended"


def test_a_campaign_before_its_start_serves_nothing() -> None:
    campaign = world.launched()
    campaign.starts_at = world.NOON + timedelta(hours=1)
    campaign.save()
    site = world.AudienceSite()
    assert site.decide().code == "campaign_not_started"
    site.now += 3600
    assert site.decide().status == 200


def test_a_draft_serves_nothing() -> None:
    world.draft()
    assert world.AudienceSite().decide().code == "campaign_not_started"


def test_a_placement_with_fallback_words_shows_them_uncounted() -> None:
    world.placement(fallback=world.approved_revision("neutral", headline="One moment"))
    answer = world.AudienceSite().decide()
    assert answer.status == 200
    assert (answer.json["message"]["headline"], answer.json["receipt"]) == ("One moment", None)


@pytest.mark.parametrize("header", ["HTTP_SEC_GPC", "HTTP_DNT"])
def test_someone_who_asks_not_to_be_counted_sees_the_message_and_gets_no_receipt(header: str) -> None:
    campaign = world.launched()
    site = world.AudienceSite()
    answer = site.post("/api/v1/decide", {"placement": "quiet-page"}, **{header: "1"})
    assert (answer.status, answer.json["receipt"]) == (200, None)
    page = site.get("/m/quiet-page/", **{header: "1"})
    assert b'name="receipt" value=""' in page.body
    assert world.served_counts(campaign, site) == {}


def test_a_site_on_the_list_may_read_the_answer() -> None:
    world.launched()
    answer = world.AudienceSite().post("/api/v1/decide", {"placement": "quiet-page"}, HTTP_ORIGIN=world.PARTNER_ORIGIN)
    assert answer.headers["Access-Control-Allow-Origin"] == world.PARTNER_ORIGIN


def test_a_site_that_is_not_on_the_list_is_refused() -> None:
    world.launched()
    answer = world.AudienceSite().post(
        "/api/v1/decide", {"placement": "quiet-page"}, HTTP_ORIGIN="https://other.example"
    )
    assert (answer.status, answer.code) == (403, "origin_not_allowed")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "malformed_json"),
        (b"{", 400, "malformed_json"),
        (b'{"placement": NaN}', 400, "malformed_json"),
        (b"[" * 2000, 400, "malformed_json"),
        (b'"\xff"', 400, "malformed_json"),
        (b"[]", 400, "invalid_field"),
        (b"{}", 400, "invalid_field"),
        (b'{"placement": 7}', 400, "invalid_field"),
        (b'{"placement": null}', 400, "invalid_field"),
        (b'{"placement": ""}', 400, "invalid_field"),
        (b'{"placement": "quiet-page", "locale": 1}', 400, "invalid_field"),
        (b'{"placement": "quiet-page", "unit": "\\u0000"}', 400, "invalid_field"),
        (b'{"placement": "quiet-page", "unit": "\\ud800"}', 400, "invalid_field"),
        (b'{"placement": "quiet-page", "unit": "' + b"x" * 300 + b'"}', 400, "invalid_field"),
        (b'{"placement": "quiet-page", "email": "a@b.example"}', 400, "unknown_field"),
        (b'{"placement": "quiet-page", "preview": "made-up"}', 404, "preview_unknown"),
        (b'{"placement": "' + b"x" * 5000 + b'"}', 413, "body_too_large"),
    ],
)
def test_bad_input_has_one_shape_and_its_status(body: bytes, status: int, code: str) -> None:
    world.launched()
    answer = world.AudienceSite().post("/api/v1/decide", body)
    assert (answer.status, answer.code) == (status, code)


def test_a_refusal_repeats_nothing_that_was_sent() -> None:
    world.launched()
    answer = world.AudienceSite().post("/api/v1/decide", {"placement": "quiet-page", "canary-field": "canary-value"})
    assert b"canary" not in answer.body


def test_decide_answers_post_alone() -> None:
    answer = world.AudienceSite().get("/api/v1/decide")
    assert (answer.status, answer.code, answer.headers["Allow"]) == (405, "method_not_allowed", "POST, OPTIONS")


def test_another_language_is_served_if_every_arm_speaks_it() -> None:
    arms = {"neutral": 1, "victim": 1}
    campaign = world.draft(arms=arms)
    for arm in campaign.arms.all():
        revision = world.approved_revision(arm.key, headline=f"{arm.key} es", locales=("en", "es"))
        arm.texts.update(revision=revision)
    transitions.submit(campaign, by=world.person("mara"))
    world.approve(campaign)
    transitions.launch(campaign, by=world.person("mara"), now=world.NOON - timedelta(days=1))
    site = world.AudienceSite()
    assert site.decide(locale="es-MX").json["message"]["locale"] == "es"
    assert site.decide(locale="fr").json["message"]["locale"] == "en"


def test_a_preview_shows_one_arm_and_counts_nothing() -> None:
    campaign = world.launched()
    site = world.AudienceSite()
    url = preview_url(campaign.placements.get(), campaign.arms.get(key="user"), by=world.person("mara"), now=world.NOON)
    page = site.get(url)
    assert (page.status, b"A user headline" in page.body) == (200, True)
    token = url.partition("preview=")[2]
    answer = site.decide(preview=unquote(token)).json
    assert (answer["receipt"], answer["arm"]) == (None, "user")
    assert world.served_counts(campaign, site) == {}


def test_the_hosted_page_carries_the_receipt_of_its_arm() -> None:
    world.launched()
    site = world.AudienceSite()
    page = site.get("/m/quiet-page/")
    receipt = page.body.split(b'name="receipt" value="')[1].split(b'"')[0].decode()
    assert site.read_receipt(receipt).placement == campaign_placement_id(site)
    assert page.body.count(receipt.encode()) == 2  # in the form, and in the image for those without JavaScript


def campaign_placement_id(site: world.AudienceSite) -> int:
    return site.snapshot.placements["quiet-page"].id


@pytest.mark.parametrize(
    ("outcome", "location"),
    [
        (o.key, page_path("quiet-page", action.page or "thanks", "en"))
        for o, action in offered_outcomes()
        if not o.values
    ],
)
def test_a_press_is_recorded_and_leads_on_to_a_page(outcome: str, location: str) -> None:
    world.launched()
    site = world.AudienceSite()
    answer = site.press("/m/quiet-page/", receipt=site.new_receipt(), outcome=outcome)
    assert (answer.status, answer.headers["Location"]) == (303, location)
    assert world.open_views() == 1
    assert site.get(location).status == 200


def test_the_placements_own_addresses_come_first() -> None:
    world.launched(at=world.placement(leave_url="https://calm.example/", continue_url="https://partner.example/go"))
    site = world.AudienceSite()
    assert site.press("/m/quiet-page/", outcome="left").headers["Location"] == "https://calm.example/"
    assert site.press("/m/quiet-page/", outcome="continued").headers["Location"] == "https://partner.example/go"


@pytest.mark.parametrize(
    "fields", [{}, {"outcome": "left"}, {"outcome": "left", "receipt": "forged"}, {"outcome": "x"}]
)
def test_a_person_is_led_on_even_if_nothing_can_be_counted(fields: dict[str, str]) -> None:
    world.launched()
    assert world.AudienceSite().press("/m/quiet-page/", **fields).status == 303
    assert world.open_views() == 0


def test_a_receipt_of_another_placement_does_not_count_on_this_page() -> None:
    world.launched()
    world.launched("second", at=world.placement("other-page"))
    site = world.AudienceSite()
    site.press("/m/other-page/", receipt=site.new_receipt("quiet-page"), outcome="left")
    assert world.open_views() == 0


def test_the_image_for_pages_without_javascript_counts_as_seen() -> None:
    world.launched()
    site = world.AudienceSite()
    answer = site.get(f"/m/quiet-page/seen.gif?receipt={site.new_receipt()}")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/gif")
    assert world.open_views() == 1


def test_a_page_that_does_not_exist_is_a_page() -> None:
    world.launched()
    site = world.AudienceSite()
    assert site.get("/m/nowhere/").status == 404
    assert site.get("/m/quiet-page/nothing").status == 404


@pytest.mark.parametrize("path", ["/m/quiet-page/", "/m/quiet-page/seen.gif"])
def test_any_number_of_query_parameters_still_gets_a_page(path: str) -> None:
    world.launched()
    query = "&".join(f"p{number}=1" for number in range(50))
    assert world.AudienceSite().get(f"{path}?{query}").status == 200


def test_an_empty_preview_is_not_a_view() -> None:
    campaign = world.launched()
    site = world.AudienceSite()
    assert site.get("/m/quiet-page/?preview=").status == 404
    assert world.served_counts(campaign, site) == {}


@pytest.mark.parametrize("length", ["²", "-1", "x", "0" * 5000 + "2"])
def test_a_strange_content_length_is_not_a_fault(length: str) -> None:
    answer = world.AudienceSite().request("POST", "/api/v1/decide", b"{}", CONTENT_LENGTH=length)
    assert answer.status == 400


class NeverEnding(io.RawIOBase):
    """A body that is announced and does not come: whoever reads it waits."""

    def read(self, size: int = -1) -> bytes:
        raise AssertionError("it was waited for")


@pytest.mark.parametrize("length", ["4097", "9" * 10, "9" * 5000])
def test_a_body_announced_as_too_long_is_not_waited_for(length: str) -> None:
    environ: Any = {"CONTENT_LENGTH": length, "wsgi.input": NeverEnding()}
    answer = world.AudienceSite().request("POST", "/api/v1/decide", b"{}", **environ)
    assert (answer.status, answer.code) == (413, "body_too_large")


def test_a_partner_may_read_why_it_was_refused() -> None:
    world.launched()
    answer = world.AudienceSite().post(
        "/api/v1/decide", {"placement": "quiet-page"}, HTTP_ORIGIN="https://other.example"
    )
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_browser_that_asks_for_an_icon_meets_no_error() -> None:
    assert world.AudienceSite().get("/favicon.ico").status == 204


def test_what_the_surface_does_not_know_goes_on_to_django() -> None:
    assert world.AudienceSite().get("/campaigns/").headers == {"X-Behind": "django"}


def test_a_fault_is_answered_in_the_one_shape_and_the_log_holds_nothing_of_the_request(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.launched()
    site = world.AudienceSite()

    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("canary-value")

    monkeypatch.setattr("campaign.serving.decision.assign", broken)
    answer = site.decide(unit="canary-unit")
    assert (answer.status, answer.code) == (500, "internal_error")
    assert "canary" not in caplog.text
    assert "RuntimeError" in caplog.text


def test_markup_in_the_words_is_shown_and_not_obeyed() -> None:
    assert body_html("<script>alert(1)</script>\n\nTwo") == "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p><p>Two</p>"


def test_a_snapshot_cannot_be_changed() -> None:
    world.launched()
    snapshot = compile_snapshot()
    with pytest.raises(AttributeError):
        snapshot.placements = {}  # type: ignore[misc]
    with pytest.raises(TypeError):
        snapshot.placements["x"] = None  # type: ignore[index]
